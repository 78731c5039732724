/** Chooses the size of two drive images so that the seed does not fit on one of them. */
import {
  type DriveTarget,
  isDriveError,
  type PlanDrivesOptions,
  planDrives,
  type SeedPlan,
} from "../src/diskprep/index.js";
import type { SeedCatalog } from "../src/staging/index.js";

const mebibyte = 1024 * 1024;
/** A BitLocker volume needs 64 MiB; some room beside it lets small seeds use the same code. */
const smallestDriveInBytes = 96 * mebibyte;

/** A plan for two drives; for one when the seed is a single blob. */
export async function planTwoDrives(
  catalog: SeedCatalog,
  driveIds: readonly [string, string],
): Promise<SeedPlan> {
  const options: PlanDrivesOptions = {
    createdAtInMs: Date.now(),
    volumeLabel: "AZIMPORT",
    // The images are new, so there is nothing old in their free space that must not travel.
    wipeFreeSpace: false,
  };
  const wholeInBytes = await bytesOnOneDrive(catalog, driveIds[0], options);
  const leastInBytes = Math.max(smallestDriveInBytes, roundUp(wholeInBytes * 0.55));
  // A large blob that does not fit behind the others leaves room on the first drive, so a little more may be needed.
  for (let sizeInBytes = leastInBytes; ; sizeInBytes = roundUp(sizeInBytes * 1.05)) {
    const drives: readonly DriveTarget[] = driveIds.map((driveId) => ({ driveId, sizeInBytes }));
    const plan = await planDrives(catalog, drives, options).catch(ignoreTooLargeBlob);
    if (!plan || plan.unplaced) continue;
    if (plan.drives.length === 2 || catalog.blobCount < 2) return plan;
    return await planWithLessRoom(catalog, drives, options);
  }
}

async function bytesOnOneDrive(
  catalog: SeedCatalog,
  driveId: string,
  options: PlanDrivesOptions,
): Promise<number> {
  for (
    let sizeInBytes = roundUp(catalog.totalBytes * 1.2 + 256 * mebibyte);
    ;
    sizeInBytes = roundUp(sizeInBytes * 1.5)
  ) {
    const { drives, unplaced } = await planDrives(catalog, [{ driveId, sizeInBytes }], options);
    if (drives[0] && !unplaced) return sizeInBytes - drives[0].freeBytes;
  }
}

/** Small seeds fit on the smallest drive: leaves room free on each until the seed takes both. */
async function planWithLessRoom(
  catalog: SeedCatalog,
  drives: readonly DriveTarget[],
  options: PlanDrivesOptions,
): Promise<SeedPlan> {
  let best: SeedPlan | undefined;
  let low = 0;
  let high = drives[0]!.sizeInBytes;
  while (high - low > 4096) {
    const minimumFreeBytes = Math.floor((low + high) / 2);
    const plan = await planDrives(catalog, drives, { ...options, minimumFreeBytes }).catch(
      ignoreTooLargeBlob,
    );
    const everythingHasAPlace = plan !== undefined && !plan.unplaced;
    if (everythingHasAPlace && plan.drives.length === 2) best = plan;
    // The least room that suffices shares the seed about evenly.
    if (everythingHasAPlace) low = minimumFreeBytes;
    else high = minimumFreeBytes;
  }
  if (best) return best;
  // One blob is so large beside the others that no division leaves something for the second drive.
  return await planDrives(catalog, drives, options);
}

function ignoreTooLargeBlob(error: unknown): undefined {
  if (isDriveError(error) && error.code === "blob-too-large") return undefined;
  throw error;
}

function roundUp(sizeInBytes: number): number {
  return Math.ceil(sizeInBytes / mebibyte) * mebibyte;
}
