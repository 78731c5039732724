/** Numbers of the metadata region that its writer and its reader share. */

export const metadataSignature = "-FVE-FS-";
export const informationHeaderInBytes = 0x40;
export const datasetHeaderInBytes = 0x30;
/** Size, version and CRC-32 before the sealed hash. */
export const validationLengthInBytes = 8;

/** State of a volume whose encryption is complete. */
export const stateEncrypted = 4;
export const stateDecrypted = 1;

/** What opens a protector. */
export const protectorKind = {
  clearKey: 0x0000,
  tpm: 0x0100,
  externalKey: 0x0200,
  tpmAndPin: 0x0500,
  recoveryPassword: 0x0800,
  publicKey: 0x1000,
  password: 0x2000,
} as const;
