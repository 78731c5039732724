/**
 * Tells which drive of a package is which drive of the job. A drive reports its serial number; an image does not, so it
 * is known by the recovery key that opens it.
 */
import type { BlockDevice } from "../../diskprep/index.js";
import type { DriveVolume } from "./drive-volume.js";
import type { DriveStatus } from "./import-outcome.js";
import type { ExpectedDrive } from "./shipped-job.js";

/** A drive in a package. */
export interface ShippedDrive {
  /** Path of the drive's image, or the drive itself. A device stays the caller's and is not closed. */
  readonly image: string | BlockDevice;
  /**
   * Serial number that the drive reports. Default: unknown, as with an image; then the drive is known by the recovery
   * key of the job that opens it.
   */
  readonly serialNumber?: string;
}

/** Unlocks a drive with a recovery password, or tells in the words of the log why that cannot be. Never throws. */
export type DriveOpener = (
  drive: ShippedDrive,
  recoveryPassword: string,
) => Promise<DriveVolume | DriveStatus>;

/** Unlocks the drive in hand. */
export type DriveUnlocker = (recoveryPassword: string) => Promise<DriveVolume | DriveStatus>;

/**
 * Assigns the drives of a package to the drives of a job.
 *
 * @returns how to unlock each drive that arrived, by drive id. Drives the job does not know are left out; a drive
 * without a serial number that no key opens is taken for the first one still missing.
 */
export async function matchDrives(
  expected: readonly ExpectedDrive[],
  shipped: readonly ShippedDrive[],
  open: DriveOpener,
): Promise<ReadonlyMap<string, DriveUnlocker>> {
  const matched = new Map<string, DriveUnlocker>();
  const unlabelled: ShippedDrive[] = [];
  for (const drive of shipped) {
    const serialNumber = drive.serialNumber?.replaceAll(/\s/g, "");
    if (serialNumber === undefined) unlabelled.push(drive);
    else if (expected.some(({ driveId }) => driveId === serialNumber)) {
      matched.set(serialNumber, (recoveryPassword) => open(drive, recoveryPassword));
    }
  }
  const missing = (): readonly ExpectedDrive[] => expected.filter(({ driveId }) => !matched.has(driveId));
  const unopened: ShippedDrive[] = [];
  for (const drive of unlabelled) {
    if (!(await matchByKey(missing(), drive, open, matched))) unopened.push(drive);
  }
  for (const drive of unopened) {
    const driveId = missing()[0]?.driveId;
    if (driveId !== undefined) matched.set(driveId, (recoveryPassword) => open(drive, recoveryPassword));
  }
  return matched;
}

async function matchByKey(
  candidates: readonly ExpectedDrive[],
  drive: ShippedDrive,
  open: DriveOpener,
  matched: Map<string, DriveUnlocker>,
): Promise<boolean> {
  for (const { driveId, bitLockerKey } of candidates) {
    const volume = await open(drive, bitLockerKey);
    if (typeof volume === "string") continue;
    // Unlocking takes a second of key stretching; the volume is kept for the copy.
    let opened: DriveVolume | undefined = volume;
    matched.set(driveId, async (recoveryPassword) => {
      const known = opened;
      opened = undefined;
      return known !== undefined && recoveryPassword === bitLockerKey ? known : open(drive, recoveryPassword);
    });
    return true;
  }
  return false;
}
