export { type BitLockerAreas, type BitLockerPiece, mapBitLockerRange } from "./areas.js";
export { BitLockerError, type BitLockerErrorCode, isBitLockerError } from "./bitlocker-error.js";
export {
  type BitLockerMetadata,
  type BuildMetadataOptions,
  buildBitLockerMetadata,
} from "./build-metadata.js";
export {
  type BitLockerKeys,
  createBitLockerVolume,
  type NewBitLockerVolume,
  writeBitLockerMetadata,
} from "./create-volume.js";
export { type BitLockerMethod, bitLockerMethods } from "./encryption-method.js";
export {
  initialHashOfPassword,
  initialHashOfRecoveryKey,
  type StretchOptions,
  stretchKey,
} from "./key-stretching.js";
export {
  type BitLockerLayout,
  type BitLockerReservedExtent,
  type BitLockerVolumeFacts,
  bitLockerReservedExtents,
  planBitLockerLayout,
} from "./layout.js";
export type { BitLockerUnlock } from "./open-protector.js";
export { type OpenBitLockerOptions, type OpenedBitLockerVolume, openBitLockerVolume } from "./open-volume.js";
export {
  generateRecoveryPassword,
  parseRecoveryPassword,
  type RecoveryPassword,
  recoveryPasswordFromBytes,
} from "./recovery-password.js";
export { type BitLockerSecrets, createBitLockerSecrets } from "./secrets.js";
export { createSectorCipher, type SectorCipher } from "./sector-cipher.js";
export {
  type BitLockerCopyState,
  type BitLockerProtectorKind,
  type BitLockerVolumeInfo,
  type UnlockedBitLocker,
  type UnlockOptions,
  unlockBitLockerMetadata,
} from "./unlock-metadata.js";
