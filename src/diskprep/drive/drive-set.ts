/** Which device becomes which drive of a plan: every drive has one, and no two share device, serial number or journal. */
import type { BlockDevice } from "../device/index.js";
import type { DriveConfirmation } from "./drive-confirmation.js";
import { DriveError } from "./drive-error.js";
import type { DrivePlan, SeedPlan } from "./drive-plan.js";

/** A drive of the plan together with the device that is to become it. */
export interface DriveToPrepare {
  /** Names the drive of the plan; see {@link PrepareDriveOptions.confirm}. */
  readonly confirm: DriveConfirmation;
  /** The whole drive, open for writing; stays open. */
  readonly device: BlockDevice;
  /** A file of its own for each drive; see {@link PrepareDriveOptions.journalPath}. */
  readonly journalPath: string;
}

/** A plan and what is to become it. */
export interface PlannedDrive {
  readonly plan: DrivePlan;
  readonly target: DriveToPrepare;
}

/** Finds the target of each drive of the plan. @throws DriveError `drive-set-invalid` */
export function matchDriveSet(
  seedPlan: SeedPlan,
  targets: readonly DriveToPrepare[],
): readonly PlannedDrive[] {
  const drives = seedPlan.drives.map((plan) => {
    const target = targets.find(({ confirm }) => sameDrive(confirm.driveId, plan.driveId));
    if (target) return { plan, target };
    throw setInvalid(`drive ${plan.driveId} of the plan was not given`);
  });
  const extra = targets.find((target) => !drives.some((drive) => drive.target === target));
  if (extra) throw setInvalid(`drive ${extra.confirm.driveId} is not in the plan, or was given twice`);
  checkDriveSet(drives);
  return drives;
}

/** @throws DriveError `drive-set-invalid` when two drives share what each must have for itself */
export function checkDriveSet(drives: readonly PlannedDrive[]): void {
  const ids = drives.map(({ plan }) => plan.driveId.toLowerCase());
  const problem =
    new Set(ids).size < ids.length
      ? "the same serial number was given twice"
      : new Set(drives.map(({ target }) => target.device)).size < drives.length
        ? "the same device was given for two drives"
        : new Set(drives.map(({ target }) => target.journalPath)).size < drives.length
          ? "two drives have the same journal file"
          : undefined;
  if (problem) throw setInvalid(problem);
}

function setInvalid(problem: string): DriveError {
  return new DriveError(
    "drive-set-invalid",
    `The set of drives cannot be used: ${problem}. Nothing was written on that drive.`,
    { details: { problem } },
  );
}

function sameDrive(left: string, right: string): boolean {
  return left.replace(/\s+/g, "").toLowerCase() === right.toLowerCase();
}
