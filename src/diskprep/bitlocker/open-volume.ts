/** Opening an existing BitLocker volume, whoever made it. */
import type { AbortOptions } from "../../shared/abort.js";
import { type BlockDevice, isDeviceError } from "../device/index.js";
import { metadataRegionLengthInBytes } from "./areas.js";
import { BitLockerError } from "./bitlocker-error.js";
import type { StretchOptions } from "./key-stretching.js";
import type { BitLockerUnlock } from "./open-protector.js";
import { type BitLockerVolumeInfo, unlockCopies } from "./unlock-metadata.js";
import { volumeDeviceOf } from "./volume-device.js";
import { decodeVolumeHeader, volumeHeaderLengthInBytes } from "./volume-header.js";

/** Options of {@link openBitLockerVolume}. */
export interface OpenBitLockerOptions extends StretchOptions {
  /** Whether the plain view can be written. Default: false. The device must have been opened for writing then. */
  readonly canWrite?: boolean;
}

/** The plain view of an opened volume and the facts about it. */
export interface OpenedBitLockerVolume {
  /** Metadata regions and boot area read as zeros. Closing it zeroes the keys; the device below stays open. */
  readonly device: BlockDevice;
  readonly info: BitLockerVolumeInfo;
  /**
   * A copy of the volume key (FVEK), for threads that decrypt by themselves; the caller zeroes it after use.
   *
   * @throws BitLockerError `invalid-argument` after the device was closed
   */
  copyEncryptionKey(): Uint8Array;
}

/**
 * Unlocks a volume of Windows 7 or later, or one made by this library. Tries every protector of the kind the key is
 * for, in every metadata copy; a copy is used only when its CRC-32 is right and its SHA-256, sealed under the master
 * key, proves it genuine. Takes about a second with a recovery password or password. Changes nothing.
 *
 * @throws BitLockerError `not-bitlocker`, `wrong-key`, `protector-not-found`, `metadata-damaged`,
 * `metadata-tampered`, `unsupported-version`, `unsupported-method`, `conversion-running`, `not-encrypted`,
 * `invalid-recovery-password`, `invalid-argument`; DeviceError; AbortError.
 */
export async function openBitLockerVolume(
  device: BlockDevice,
  unlock: BitLockerUnlock,
  options: OpenBitLockerOptions = {},
): Promise<OpenedBitLockerVolume> {
  const header = decodeVolumeHeader(await readStart(device, options), device.name);
  const regions: (Uint8Array | undefined)[] = [];
  for (const offsetInBytes of header.metadataRegionOffsetsInBytes) {
    regions.push(await readRegion(device, offsetInBytes, header.sectorSizeInBytes, options));
  }
  using unlocked = await unlockCopies(header, regions, unlock, { ...options, volumeName: device.name });
  const { areas } = unlocked.info;
  if (areas.volumeSizeInBytes > device.sizeInBytes) {
    throw new BitLockerError(
      "metadata-damaged",
      `The BitLocker volume has ${areas.volumeSizeInBytes} bytes, but '${device.name}' only ${device.sizeInBytes}: it is cut off.`,
      { details: { volumeName: device.name, volumeSizeInBytes: areas.volumeSizeInBytes } },
    );
  }
  const canWrite = (options.canWrite ?? false) && device.canWrite;
  const plain = volumeDeviceOf(device, areas, unlocked.createSectorCipher(), canWrite);
  let encryptionKey: Uint8Array | undefined = unlocked.copyEncryptionKey();
  const close = async (): Promise<void> => {
    encryptionKey?.fill(0);
    encryptionKey = undefined;
    await plain.close();
  };
  return Object.freeze({
    device: Object.freeze({ ...plain, close, [Symbol.asyncDispose]: close }),
    info: unlocked.info,
    copyEncryptionKey() {
      if (encryptionKey) return Uint8Array.from(encryptionKey);
      throw new BitLockerError("invalid-argument", `${plain.name} was already closed; its key is gone.`);
    },
  });
}

async function readStart(device: BlockDevice, options: AbortOptions): Promise<Uint8Array> {
  const start = new Uint8Array(volumeHeaderLengthInBytes);
  await device.read(0, start.subarray(0, Math.min(start.length, device.sizeInBytes)), options);
  return start;
}

/** A region, or undefined when its place is not on the device or cannot be read: two further copies exist. */
async function readRegion(
  device: BlockDevice,
  offsetInBytes: number,
  sectorSizeInBytes: number,
  options: AbortOptions,
): Promise<Uint8Array | undefined> {
  const isPlausible =
    offsetInBytes > 0 &&
    offsetInBytes % sectorSizeInBytes === 0 &&
    offsetInBytes + metadataRegionLengthInBytes <= device.sizeInBytes;
  if (!isPlausible) return undefined;
  const region = new Uint8Array(metadataRegionLengthInBytes);
  try {
    await device.read(offsetInBytes, region, options);
    return region;
  } catch (error) {
    if (isDeviceError(error) && (error.code === "io-failed" || error.code === "short-transfer"))
      return undefined;
    throw error;
  }
}
