/** From the plain-text metadata of a volume and a key to the cipher of its sectors. */
import type { SectorSizeInBytes } from "../device/index.js";
import { type BitLockerAreas, metadataRegionLengthInBytes } from "./areas.js";
import { BitLockerError } from "./bitlocker-error.js";
import { openSealedKey } from "./datum.js";
import { type DecodedRegion, decodeRegion, isRegionGenuine } from "./decode-region.js";
import { type BitLockerMethod, factsOfMethod, methodOfCode } from "./encryption-method.js";
import type { StretchOptions } from "./key-stretching.js";
import { protectorKind, stateDecrypted, stateEncrypted } from "./metadata-format.js";
import { type BitLockerUnlock, createProtectorOpener } from "./open-protector.js";
import { createSectorCipher, type SectorCipher } from "./sector-cipher.js";
import { decodeVolumeHeader, type VolumeHeader } from "./volume-header.js";

/** How a volume can be opened. */
export type BitLockerProtectorKind =
  | "clear-key"
  | "tpm"
  | "external-key"
  | "tpm-and-pin"
  | "recovery-password"
  | "public-key"
  | "password"
  | "unknown";

/**
 * What was found at one of the three places of the metadata.
 *
 * - `intact`: right checksum, and proved genuine with the master key.
 * - `damaged`: not readable, or wrong checksum.
 * - `tampered`: right checksum, but not written by who has the master key.
 */
export type BitLockerCopyState = "intact" | "damaged" | "tampered";

/** Facts about an unlocked volume; no secrets. */
export interface BitLockerVolumeInfo {
  readonly method: BitLockerMethod;
  readonly volumeGuid: string;
  readonly createdAtInMs: number;
  /** Text that Windows shows while the volume is locked. */
  readonly description: string | undefined;
  readonly protectors: readonly { readonly guid: string; readonly kind: BitLockerProtectorKind }[];
  readonly copies: readonly { readonly offsetInBytes: number; readonly state: BitLockerCopyState }[];
  readonly areas: BitLockerAreas;
}

/** An unlocked volume without its device. Holds keys until disposed. */
export interface UnlockedBitLocker extends Disposable {
  readonly info: BitLockerVolumeInfo;
  /** A cipher for the sectors of the volume; the caller disposes it. */
  createSectorCipher(): SectorCipher;
  /** A copy of the volume key (FVEK); the caller zeroes it after use. */
  copyEncryptionKey(): Uint8Array;
  /** Zeroes the keys. May be repeated. */
  dispose(): void;
}

/** Options of {@link unlockBitLockerMetadata}. */
export interface UnlockOptions extends StretchOptions {
  /** How messages call the volume. Default: `"BitLocker volume"`. */
  readonly volumeName?: string;
}

/**
 * Unlocks a volume by its plain-text metadata alone, as kept in a journal. Takes about a second with a recovery
 * password or password. Touches no disk; may be repeated.
 *
 * @param metadata The first 512 bytes of the volume and one 64 KiB metadata region.
 * @throws BitLockerError as {@link openBitLockerVolume}.
 */
export async function unlockBitLockerMetadata(
  metadata: { readonly volumeHeader: Uint8Array; readonly region: Uint8Array },
  unlock: BitLockerUnlock,
  options: UnlockOptions = {},
): Promise<UnlockedBitLocker> {
  const header = decodeVolumeHeader(metadata.volumeHeader, options.volumeName ?? "BitLocker volume");
  return await unlockCopies(header, [metadata.region], unlock, options);
}

/** Tries every copy with every matching protector. `regions` are undefined where nothing could be read. */
export async function unlockCopies(
  header: VolumeHeader,
  regions: readonly (Uint8Array | undefined)[],
  unlock: BitLockerUnlock,
  options: UnlockOptions,
): Promise<UnlockedBitLocker> {
  const volumeName = options.volumeName ?? "BitLocker volume";
  const fail = (code: BitLockerError["code"], reason: string): BitLockerError =>
    new BitLockerError(code, `'${volumeName}' cannot be opened: ${reason}`, { details: { volumeName } });

  const copies = regions.map((region) => region && decodeRegion(region));
  const readable = copies.filter((copy, index) => isInItsPlace(copy, header, index));
  const [first] = readable;
  if (!first) throw fail("metadata-damaged", "none of its metadata copies is intact.");
  checkSupported(first, fail);

  using opener = createProtectorOpener(unlock);
  let hasOpened = false;
  for (const copy of readable) {
    const masterKey = await opener.open(copy, options);
    if (!masterKey) continue;
    hasOpened = true;
    try {
      if (!isRegionGenuine(copy, masterKey)) continue;
      checkSupported(copy, fail);
      const states = copies.map((other, index): BitLockerCopyState => {
        if (!isInItsPlace(other, header, index)) return "damaged";
        return isRegionGenuine(other, masterKey) ? "intact" : "tampered";
      });
      return unlocked(copy, states, header.sectorSizeInBytes, masterKey, fail);
    } finally {
      masterKey.fill(0);
    }
  }
  if (hasOpened) {
    throw fail(
      "metadata-tampered",
      "its metadata was changed by someone without the key. Do not trust this volume.",
    );
  }
  if (!readable.some((copy) => opener.hasMatch(copy))) {
    const kinds = first.protectors.map((protector) => protectorKindName(protector.kind)).join(", ");
    throw fail("protector-not-found", `it has no protector for this kind of key, only: ${kinds || "none"}.`);
  }
  throw fail("wrong-key", "the key does not belong to this volume.");
}

/** A copy names its own place; one that was moved or copied from another volume is not believed. */
function isInItsPlace(
  copy: DecodedRegion | undefined,
  header: VolumeHeader,
  index: number,
): copy is DecodedRegion {
  return copy?.metadataRegionOffsetsInBytes[index] === header.metadataRegionOffsetsInBytes[index];
}

function checkSupported(
  copy: DecodedRegion,
  fail: (code: BitLockerError["code"], reason: string) => BitLockerError,
): void {
  if (copy.version !== 2)
    throw fail("unsupported-version", `its metadata has version ${copy.version}, not 2.`);
  if (copy.state === stateDecrypted && copy.nextState === stateDecrypted) {
    throw fail("not-encrypted", "Windows has decrypted it; read its file system directly.");
  }
  if (copy.state !== stateEncrypted || copy.nextState !== stateEncrypted) {
    throw fail("conversion-running", "Windows is still encrypting or decrypting it. Let that finish first.");
  }
  if (!methodOfCode(copy.methodCode)) {
    const code = copy.methodCode.toString(16);
    const isDiffuser = copy.methodCode === 0x8000 || copy.methodCode === 0x8001;
    throw fail(
      "unsupported-method",
      isDiffuser
        ? "it uses AES-CBC with the Elephant diffuser of Windows Vista and 7. Decrypt and encrypt it again on a newer Windows."
        : `it uses the unknown encryption method 0x${code}.`,
    );
  }
}

function unlocked(
  copy: DecodedRegion,
  states: readonly BitLockerCopyState[],
  sectorSizeInBytes: SectorSizeInBytes,
  masterKey: Uint8Array,
  fail: (code: BitLockerError["code"], reason: string) => BitLockerError,
): UnlockedBitLocker {
  const method = methodOfCode(copy.methodCode)!;
  const areas = areasOf(copy, sectorSizeInBytes);
  if (!areas) throw fail("metadata-damaged", "its metadata names places that are not on the volume.");
  const sealed = copy.sealedVolumeKey && openSealedKey(copy.sealedVolumeKey, masterKey);
  const encryptionKey = sealed && Uint8Array.from(sealed.key);
  sealed?.key.fill(0);
  const { code, keyLengthInBytes } = factsOfMethod(method);
  if (!encryptionKey || sealed.keyType !== code || encryptionKey.length !== keyLengthInBytes) {
    throw fail("metadata-damaged", "its volume key does not belong to its encryption method.");
  }
  let isDisposed = false;
  const dispose = (): void => {
    encryptionKey.fill(0);
    isDisposed = true;
  };
  const key = (): Uint8Array => {
    if (isDisposed) throw new BitLockerError("invalid-argument", "The unlocked volume was already disposed.");
    return encryptionKey;
  };
  return Object.freeze({
    info: Object.freeze({
      method,
      volumeGuid: copy.volumeGuid,
      createdAtInMs: copy.createdAtInMs,
      description: copy.description,
      protectors: Object.freeze(
        copy.protectors.map(({ guid, kind }) => Object.freeze({ guid, kind: protectorKindName(kind) })),
      ),
      copies: Object.freeze(
        states.map((state, index) =>
          Object.freeze({ offsetInBytes: copy.metadataRegionOffsetsInBytes[index]!, state }),
        ),
      ),
      areas,
    }),
    createSectorCipher: () => createSectorCipher(method, key(), sectorSizeInBytes),
    copyEncryptionKey: () => Uint8Array.from(key()),
    dispose,
    [Symbol.dispose]: dispose,
  });
}

/** The places the copy names, or undefined when they are not whole sectors inside the volume. */
function areasOf(copy: DecodedRegion, sectorSizeInBytes: SectorSizeInBytes): BitLockerAreas | undefined {
  const bootAreaLengthInBytes = copy.bootSectorCount * sectorSizeInBytes;
  const ends = [
    copy.bootAreaOffsetInBytes + bootAreaLengthInBytes,
    ...copy.metadataRegionOffsetsInBytes.map((offset) => offset + metadataRegionLengthInBytes),
  ];
  const numbers = [copy.volumeSizeInBytes, copy.bootAreaOffsetInBytes, ...copy.metadataRegionOffsetsInBytes];
  const isSound =
    numbers.every((value) => Number.isSafeInteger(value) && value > 0 && value % sectorSizeInBytes === 0) &&
    ends.every((end) => end <= copy.volumeSizeInBytes) &&
    bootAreaLengthInBytes > 0 &&
    bootAreaLengthInBytes <= copy.bootAreaOffsetInBytes;
  if (!isSound) return undefined;
  return Object.freeze({
    volumeSizeInBytes: copy.volumeSizeInBytes,
    sectorSizeInBytes,
    metadataRegionOffsetsInBytes: copy.metadataRegionOffsetsInBytes,
    metadataRegionLengthInBytes,
    bootAreaOffsetInBytes: copy.bootAreaOffsetInBytes,
    bootAreaLengthInBytes,
  });
}

function protectorKindName(kind: number): BitLockerProtectorKind {
  switch (kind) {
    case protectorKind.clearKey:
      return "clear-key";
    case protectorKind.tpm:
      return "tpm";
    case protectorKind.externalKey:
      return "external-key";
    case protectorKind.tpmAndPin:
      return "tpm-and-pin";
    case protectorKind.recoveryPassword:
      return "recovery-password";
    case protectorKind.publicKey:
      return "public-key";
    case protectorKind.password:
      return "password";
    default:
      return "unknown";
  }
}
