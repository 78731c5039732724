/** The keys of a drive, and its journal: new ones, or those of the run that is resumed. */
import { systemRandomSource } from "../../shared/random-source.js";
import { DriveError } from "./drive-error.js";
import {
  createDriveJournal,
  type DriveJournal,
  type DriveJournalState,
  findDriveJournal,
  invalidJournal,
  refuseExistingJournal,
} from "./drive-journal.js";
import { createDriveKeys, type DriveKeys, openDriveKeys } from "./drive-keys.js";
import type { DrivePlan } from "./drive-plan.js";
import type { PrepareDriveOptions } from "./prepare-drive-options.js";

/** Where a preparation begins. */
export interface BegunDrive {
  /** The caller disposes them. */
  readonly keys: DriveKeys;
  /** What an earlier run has noted. */
  readonly state: DriveJournalState | undefined;
  /** Resolves when the journal is durable; to be called once, and before the drive is touched. The caller closes it. */
  openJournal(): Promise<DriveJournal>;
}

/** Makes keys, or finds those of the run that is resumed. @throws DriveError */
export async function beginDrive(plan: DrivePlan, options: PrepareDriveOptions): Promise<BegunDrive> {
  const { journalPath } = options;
  const found = options.resume ? await findDriveJournal(journalPath) : undefined;
  if (!found) {
    await refuseExistingJournal(journalPath);
    const keys = createDriveKeys(plan, options.random ?? systemRandomSource);
    return {
      keys,
      state: undefined,
      openJournal: () => createDriveJournal(journalPath, plan, keys.material),
    };
  }
  const { state } = found;
  if (JSON.stringify(state.plan) !== JSON.stringify(plan)) {
    throw new DriveError(
      "journal-mismatch",
      `The journal ${journalPath} belongs to another plan (drive ${state.plan.driveId}). Use the journal of drive ${plan.driveId}, or plan and prepare anew.`,
      { details: { path: journalPath, driveId: plan.driveId, journalDriveId: state.plan.driveId } },
    );
  }
  const keys = openDriveKeys(plan, state.keyMaterial);
  if (!keys) throw invalidJournal(journalPath, "its keys are not those of a drive of this plan");
  return { keys, state, openJournal: () => found.open() };
}
