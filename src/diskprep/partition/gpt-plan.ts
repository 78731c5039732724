/** Where a GPT disk with one partition keeps what (UEFI Specification §5.3), by arithmetic alone. */
import type { SectorSizeInBytes } from "../device/index.js";
import { PartitionError } from "./partition-error.js";

/** Entries of the table and bytes of one entry: the values every system writes. */
export const gptEntryCount = 128;
export const gptEntrySizeInBytes = 128;
export const gptEntryArraySizeInBytes: number = gptEntryCount * gptEntrySizeInBytes;

const mebibyte = 1024 * 1024;
/** Room for the table, a partition of 1 MiB and the backup table. */
const smallestDiskInBytes = 3 * mebibyte;

/** Facts about a disk that {@link planGptDisk} needs. */
export interface GptDiskFacts {
  /** A multiple of the sector size. */
  readonly diskSizeInBytes: number;
  readonly sectorSizeInBytes: SectorSizeInBytes;
}

/** Layout of a disk with a GUID partition table and one partition. */
export interface GptDiskPlan extends GptDiskFacts {
  /** First byte of the partition: 1 MiB. */
  readonly partitionOffsetInBytes: number;
  /** A multiple of 1 MiB. */
  readonly partitionLengthInBytes: number;
  /** First and last sector a partition may use. */
  readonly firstUsableSector: number;
  readonly lastUsableSector: number;
  /** Sectors of the two headers: 1, and the last sector of the disk. */
  readonly primaryHeaderSector: number;
  readonly backupHeaderSector: number;
  /** First sectors of the two entry arrays. */
  readonly primaryEntriesSector: number;
  readonly backupEntriesSector: number;
}

/**
 * Lays out a disk for one partition: from 1 MiB to the last 1 MiB boundary before the backup table. Pure arithmetic,
 * touches nothing.
 *
 * @throws PartitionError `invalid-argument` when the size is not a whole number of sectors; `too-small` below 3 MiB.
 */
export function planGptDisk(facts: GptDiskFacts): GptDiskPlan {
  const { diskSizeInBytes, sectorSizeInBytes } = facts;
  const details = { diskSizeInBytes, sectorSizeInBytes };
  if (
    (sectorSizeInBytes !== 512 && sectorSizeInBytes !== 4096) ||
    !Number.isSafeInteger(diskSizeInBytes) ||
    diskSizeInBytes < 0 ||
    diskSizeInBytes % sectorSizeInBytes !== 0
  ) {
    throw new PartitionError(
      "invalid-argument",
      `A disk of ${diskSizeInBytes} bytes is not a whole number of sectors of ${sectorSizeInBytes} bytes (512 or 4096).`,
      { details },
    );
  }
  const sectorCount = diskSizeInBytes / sectorSizeInBytes;
  const entrySectors = gptEntryArraySizeInBytes / sectorSizeInBytes;
  const lastUsableSector = sectorCount - 2 - entrySectors;
  const endInBytes = Math.floor(((lastUsableSector + 1) * sectorSizeInBytes) / mebibyte) * mebibyte;
  if (diskSizeInBytes < smallestDiskInBytes) {
    throw new PartitionError(
      "too-small",
      `A disk of ${diskSizeInBytes} bytes has no room for a partition table and a partition; it needs at least 3 MiB.`,
      { details },
    );
  }
  return Object.freeze({
    diskSizeInBytes,
    sectorSizeInBytes,
    partitionOffsetInBytes: mebibyte,
    partitionLengthInBytes: endInBytes - mebibyte,
    firstUsableSector: 2 + entrySectors,
    lastUsableSector,
    primaryHeaderSector: 1,
    backupHeaderSector: sectorCount - 1,
    primaryEntriesSector: 2,
    backupEntriesSector: sectorCount - 1 - entrySectors,
  });
}
