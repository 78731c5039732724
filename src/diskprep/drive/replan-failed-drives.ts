/** Gives the blobs of failed drives to spare drives. */
import type { SeedCatalog } from "../../staging/index.js";
import type { DrivePlan, DriveTarget, SeedPlan, UnplacedBlobs } from "./drive-plan.js";
import { type PlanDrivesOptions, planDrives } from "./plan-drives.js";
import type { FailedDrive } from "./prepare-drives.js";

/** A stretch of the catalog that lost its drive. */
export type FailedStretch = Pick<FailedDrive, "firstBlobIndex" | "endBlobIndex">;

/** Plans of the spare drives. */
export interface ReplannedDrives {
  /** For `prepareDrives`; spares that get no blob are left out. */
  readonly plan: SeedPlan;
  /** Stretches the spares do not hold, each with the number of further drives it needs; empty when all is placed. */
  readonly unplaced: readonly UnplacedBlobs[];
}

/**
 * Plans the blobs of failed drives onto spare drives.
 *
 * Pure arithmetic over the catalog, like {@link planDrives}; no drive is touched. A drive holds one stretch of the
 * catalog, so failed drives that were neighbours in the catalog can share a spare and others cannot. The drives that
 * were finished stay as they are.
 *
 * @throws DriveError as {@link planDrives}
 */
export async function replanFailedDrives(
  catalog: SeedCatalog,
  failed: readonly FailedStretch[],
  spares: readonly DriveTarget[],
  options: Omit<PlanDrivesOptions, "firstBlobIndex" | "endBlobIndex"> = {},
): Promise<ReplannedDrives> {
  const createdAtInMs = options.createdAtInMs ?? Date.now();
  const drives: DrivePlan[] = [];
  const unplaced: UnplacedBlobs[] = [];
  let free = spares;
  for (const stretch of joinNeighbours(failed)) {
    const stretchOptions = { ...options, createdAtInMs, ...stretch };
    if (free.length === 0 && spares.length > 0) {
      unplaced.push(await countDrives(catalog, stretch, spares, stretchOptions));
      continue;
    }
    const planned = await planDrives(catalog, free, stretchOptions);
    drives.push(...planned.drives);
    if (planned.unplaced) unplaced.push(planned.unplaced);
    const used = new Set(planned.drives.map(({ driveId }) => driveId));
    free = free.filter(({ driveId }) => !used.has(driveId.replace(/\s+/g, "")));
  }
  return Object.freeze({
    plan: Object.freeze({ seedId: catalog.seedId, drives: Object.freeze(drives), unplaced: undefined }),
    unplaced: Object.freeze(unplaced),
  });
}

function joinNeighbours(failed: readonly FailedStretch[]): readonly FailedStretch[] {
  const joined: FailedStretch[] = [];
  for (const { firstBlobIndex, endBlobIndex } of [...failed].sort(
    (left, right) => left.firstBlobIndex - right.firstBlobIndex,
  )) {
    const last = joined.at(-1);
    if (last && firstBlobIndex <= last.endBlobIndex) {
      joined[joined.length - 1] = {
        firstBlobIndex: last.firstBlobIndex,
        endBlobIndex: Math.max(last.endBlobIndex, endBlobIndex),
      };
    } else joined.push({ firstBlobIndex, endBlobIndex });
  }
  return joined;
}

/** How many drives like the largest spare hold a stretch. */
async function countDrives(
  catalog: SeedCatalog,
  { firstBlobIndex, endBlobIndex }: FailedStretch,
  spares: readonly DriveTarget[],
  options: PlanDrivesOptions,
): Promise<UnplacedBlobs> {
  const model = spares.reduce((largest, spare) =>
    spare.sizeInBytes > largest.sizeInBytes ? spare : largest,
  );
  const { drives, unplaced } = await planDrives(catalog, [model], options);
  return Object.freeze({
    firstBlobIndex,
    blobCount: endBlobIndex - firstBlobIndex,
    blobBytes: drives.reduce((sum, drive) => sum + drive.blobBytes, unplaced?.blobBytes ?? 0),
    additionalDriveCount: drives.length + (unplaced?.additionalDriveCount ?? 0),
    driveSizeInBytes: model.sizeInBytes,
  });
}
