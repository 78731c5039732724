/** The plan of one drive: plain data from which everything on the drive follows by arithmetic. */

import type { BitLockerMethod } from "../bitlocker/index.js";
import type { SectorSizeInBytes } from "../device/index.js";
import type { ImportDisposition } from "./manifest-format.js";

/** What planning needs to know of a drive. */
export interface DriveTarget {
  /** Serial number of the drive; spaces are removed. */
  readonly driveId: string;
  readonly sizeInBytes: number;
  /** Default: 512. */
  readonly sectorSizeInBytes?: SectorSizeInBytes;
}

/** Plan of one drive. Survives JSON and `structuredClone`; the same plan and keys give the same bytes. */
export interface DrivePlan {
  readonly formatVersion: 1;
  /** Seed the plan was made for. */
  readonly seedId: string;
  readonly containerName: string;
  readonly driveId: string;
  readonly sizeInBytes: number;
  readonly sectorSizeInBytes: SectorSizeInBytes;
  readonly partitionOffsetInBytes: number;
  readonly partitionLengthInBytes: number;
  readonly clusterSizeInBytes: number;
  readonly encryptionMethod: BitLockerMethod;
  readonly volumeLabel: string;
  /** Time stamped on the volume, in milliseconds since 1970 UTC. */
  readonly createdAtInMs: number;
  readonly manifestVersion: string;
  readonly importDisposition: ImportDisposition;
  /** Whether free space is overwritten as well, so that nothing the drive held before travels. */
  readonly wipeFreeSpace: boolean;
  /** First blob of the catalog on this drive, and the one after the last. */
  readonly firstBlobIndex: number;
  readonly endBlobIndex: number;
  /** Sum of the lengths of these blobs. */
  readonly blobBytes: number;
  readonly manifestLengthInBytes: number;
  /** What the file system, encryption and manifest take beyond the blobs. */
  readonly overheadInBytes: number;
  /** Room left on the volume. */
  readonly freeBytes: number;
}

/** What is still to place when the drives do not suffice. */
export interface UnplacedBlobs {
  readonly firstBlobIndex: number;
  readonly blobCount: number;
  readonly blobBytes: number;
  /** How many more drives of `driveSizeInBytes` hold the rest. */
  readonly additionalDriveCount: number;
  /** Size the count was computed for: that of the largest drive given. */
  readonly driveSizeInBytes: number;
}

/** Plans of all drives of a seed. */
export interface SeedPlan {
  readonly seedId: string;
  readonly drives: readonly DrivePlan[];
  /** Undefined when everything has a place. */
  readonly unplaced: UnplacedBlobs | undefined;
}

/** The plan as text for people: a line a drive, and what is missing. */
export function formatSeedPlan(plan: SeedPlan): string {
  const lines = plan.drives.map(
    (drive) =>
      `${drive.driveId}: blobs ${drive.firstBlobIndex} to ${drive.endBlobIndex - 1}, ` +
      `${formatBytes(drive.blobBytes)} of data, ${formatBytes(drive.overheadInBytes)} overhead, ` +
      `${formatBytes(drive.freeBytes)} free of ${formatBytes(drive.sizeInBytes)}`,
  );
  if (plan.unplaced) {
    const { additionalDriveCount: count, driveSizeInBytes, blobCount, blobBytes } = plan.unplaced;
    lines.push(
      `Not placed: ${blobCount} blobs, ${formatBytes(blobBytes)}. ` +
        `Add ${count} ${count === 1 ? "drive" : "drives"} of ${formatBytes(driveSizeInBytes)}.`,
    );
  }
  return lines.join("\n");
}

/** Bytes in decimal units, as drive makers count: `1.50 GB`. */
export function formatBytes(sizeInBytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = sizeInBytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(sizeInBytes) / 3));
  return `${(sizeInBytes / 1000 ** power).toFixed(power === 0 ? 0 : 2)} ${units[power]}`;
}
