/** Opens a prepared drive for reading: partition table, BitLocker, NTFS. */
import type { AbortOptions } from "../../shared/abort.js";
import { errorMessageOf } from "../../shared/error-message.js";
import { hasErrorName } from "../../shared/room-error.js";
import { type BitLockerVolumeInfo, openBitLockerVolume, type StretchOptions } from "../bitlocker/index.js";
import { type BlockDevice, cacheReads, isDeviceError, sliceDevice } from "../device/index.js";
import { type NtfsVolume, openNtfsVolume } from "../ntfs/index.js";
import { type PartitionTable, readPartitionTable } from "../partition/index.js";
import { DriveError, isDriveError } from "./drive-error.js";

/** A drive opened for reading. */
export interface OpenDrive {
  readonly volume: NtfsVolume;
  readonly partitionOffsetInBytes: number;
  readonly partitionLengthInBytes: number;
  /** The partition table, with the state of its two copies. */
  readonly partitionTable: PartitionTable;
  /** Facts about the encryption, with the state of the three metadata copies. */
  readonly bitLocker: BitLockerVolumeInfo;
  /** The unlocked volume, for reading. */
  readonly volumeDevice: BlockDevice;
  /** The partition as it is stored, encrypted. */
  readonly lockedDevice: BlockDevice;
  /** A copy of the volume key; the caller zeroes it after use. */
  copyEncryptionKey(): Uint8Array;
  /** Zeroes keys; the device underneath stays open. May be repeated. */
  close(): Promise<void>;
}

/** Options of {@link openDrive}. */
export interface OpenDriveOptions extends AbortOptions {
  /**
   * Called with the partition as it is stored before its key is stretched, for callers that have threads for that, or
   * something to do meanwhile. Default: `stretchKey` on the calling thread.
   */
  readonly stretcherOf?: ((lockedDevice: BlockDevice) => StretchOptions["stretch"]) | undefined;
}

/**
 * Unlocks the first data volume of a drive with its recovery password and opens the file system. Reads only.
 *
 * @param recoveryPassword as text, the way the import service gets it
 * @throws DriveError `drive-unreadable`, `device-failed` (details: `deviceCode`, `offsetInBytes`); the reason is in the
 * message and the `cause`. AbortError
 */
export async function openDrive(
  device: BlockDevice,
  recoveryPassword: string,
  options: OpenDriveOptions = {},
): Promise<OpenDrive> {
  try {
    const table = await readPartitionTable(device, options);
    const partition = table.partitions[0];
    if (!partition) throw new RangeError("it has no partition.");
    const { offsetInBytes, lengthInBytes } = partition;
    const locked = sliceDevice(device, offsetInBytes, lengthInBytes);
    const { abortSignal, stretcherOf } = options;
    const unlocking = { abortSignal, stretch: stretcherOf?.(locked) };
    const unlocked = await openBitLockerVolume(locked, { recoveryPassword }, unlocking);
    try {
      const volumeDevice = cacheReads(unlocked.device);
      return {
        volume: await openNtfsVolume(volumeDevice, options),
        partitionOffsetInBytes: offsetInBytes,
        partitionLengthInBytes: lengthInBytes,
        partitionTable: table,
        bitLocker: unlocked.info,
        volumeDevice,
        lockedDevice: locked,
        copyEncryptionKey: () => unlocked.copyEncryptionKey(),
        close: () => unlocked.device.close(),
      };
    } catch (error) {
      await unlocked.device.close();
      throw error;
    }
  } catch (error) {
    if (hasErrorName(error, "AbortError") || isDriveError(error)) throw error;
    throw openFailure(device.name, error);
  }
}

/** A failing medium is told apart from a drive that holds something else. */
function openFailure(deviceName: string, error: unknown): DriveError {
  const isDeviceFailure = isDeviceError(error);
  const reason = errorMessageOf(error);
  return new DriveError(
    isDeviceFailure ? "device-failed" : "drive-unreadable",
    isDeviceFailure
      ? `${deviceName} failed while its structures were read: ${reason} Check cable, power and enclosure and try again.`
      : `${deviceName} cannot be read as a seed drive: ${reason} If it was interrupted while being prepared, resume it from its journal.`,
    {
      details: {
        ...(isDeviceFailure ? { ...error.details, deviceCode: error.code } : {}),
        device: deviceName,
      },
      cause: error,
    },
  );
}
