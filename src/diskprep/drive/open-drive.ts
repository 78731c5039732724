/** Opens a prepared drive for reading: partition table, BitLocker, NTFS. */
import type { AbortOptions } from "../../shared/abort.js";
import { errorMessageOf } from "../../shared/error-message.js";
import { hasErrorName } from "../../shared/room-error.js";
import { openBitLockerVolume } from "../bitlocker/index.js";
import { type BlockDevice, cacheReads, sliceDevice } from "../device/index.js";
import { type NtfsVolume, openNtfsVolume } from "../ntfs/index.js";
import { readPartitionTable } from "../partition/index.js";
import { DriveError } from "./drive-error.js";

/** A drive opened for reading. */
export interface OpenDrive {
  readonly volume: NtfsVolume;
  readonly partitionOffsetInBytes: number;
  readonly partitionLengthInBytes: number;
  /** Zeroes keys; the device underneath stays open. May be repeated. */
  close(): Promise<void>;
}

/**
 * Unlocks the first data volume of a drive with its recovery password and opens the file system. Reads only.
 *
 * @param recoveryPassword as text, the way the import service gets it
 * @throws DriveError `drive-unreadable`; the reason is in the message and the `cause`
 */
export async function openDrive(
  device: BlockDevice,
  recoveryPassword: string,
  options: AbortOptions = {},
): Promise<OpenDrive> {
  try {
    const table = await readPartitionTable(device, options);
    const partition = table.partitions[0];
    if (!partition) throw new RangeError("it has no partition");
    const { offsetInBytes, lengthInBytes } = partition;
    const locked = sliceDevice(device, offsetInBytes, lengthInBytes);
    const unlocked = await openBitLockerVolume(locked, { recoveryPassword }, options);
    try {
      return {
        volume: await openNtfsVolume(cacheReads(unlocked.device), options),
        partitionOffsetInBytes: offsetInBytes,
        partitionLengthInBytes: lengthInBytes,
        close: () => unlocked.device.close(),
      };
    } catch (error) {
      await unlocked.device.close();
      throw error;
    }
  } catch (error) {
    if (hasErrorName(error, "AbortError")) throw error;
    throw new DriveError(
      "drive-unreadable",
      `${device.name} cannot be read as a seed drive: ${errorMessageOf(error)} If it was interrupted while being prepared, resume it from its journal.`,
      { details: { device: device.name }, cause: error },
    );
  }
}
