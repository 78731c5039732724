/** The journal and the keys of a drive: new ones, or those of the run that is resumed. */
import { systemRandomSource } from "../../shared/random-source.js";
import { DriveError } from "./drive-error.js";
import {
  createDriveJournal,
  type DriveJournal,
  type DriveJournalState,
  invalidJournal,
  resumeDriveJournal,
} from "./drive-journal.js";
import { createDriveKeys, type DriveKeys, openDriveKeys } from "./drive-keys.js";
import type { DrivePlan } from "./drive-plan.js";
import type { PrepareDriveOptions } from "./prepare-drive-options.js";

/** Opens the journal, or begins one. The caller closes it and disposes the keys. @throws DriveError */
export async function beginDrive(
  plan: DrivePlan,
  options: PrepareDriveOptions,
): Promise<{
  readonly journal: DriveJournal;
  readonly keys: DriveKeys;
  readonly state: DriveJournalState | undefined;
}> {
  if (options.resume) {
    const resumed = await resumeDriveJournal(options.journalPath);
    if (resumed) {
      const { journal, state } = resumed;
      try {
        if (JSON.stringify(state.plan) !== JSON.stringify(plan)) {
          throw new DriveError(
            "journal-mismatch",
            `The journal ${options.journalPath} belongs to another plan (drive ${state.plan.driveId}). Use the journal of drive ${plan.driveId}, or plan and prepare anew.`,
            {
              details: {
                path: options.journalPath,
                driveId: plan.driveId,
                journalDriveId: state.plan.driveId,
              },
            },
          );
        }
        const keys = openDriveKeys(plan, state.keyMaterial);
        if (!keys)
          throw invalidJournal(options.journalPath, "its keys are not those of a drive of this plan");
        return { journal, state, keys };
      } catch (error) {
        await journal.close();
        throw error;
      }
    }
  }
  const keys = createDriveKeys(plan, options.random ?? systemRandomSource);
  try {
    const journal = await createDriveJournal(options.journalPath, plan, keys.material);
    return { journal, keys, state: undefined };
  } catch (error) {
    keys.dispose();
    throw error;
  }
}
