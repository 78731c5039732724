/** Makes the drives of a preparation: opens them, prepares them at the same time, and lists the finished ones. */
import type { DriveToPrepare, FailedDrive, PreparedDrives } from "../../diskprep/index.js";
import { prepareDrives } from "../../diskprep/index.js";
import type { SeedCatalog } from "../../staging/index.js";
import type { Session } from "../session.js";
import { driveListPath, type ListedDrive, writeDriveList } from "./drive-list.js";
import { type OpenedDrive, openDriveForWriting } from "./open-drives.js";
import { journalPathOf, type Preparation } from "./preparation-file.js";

/** What is to be made, and where the secrets of it lie. */
export interface PrepareChosenDrives {
  readonly preparation: Preparation;
  readonly catalog: SeedCatalog;
  readonly drivesFolder: string;
  /** Empties existing images that have no journal. */
  readonly overwrite: boolean;
}

/** What became of the drives. */
export interface PreparedChosenDrives {
  readonly drives: readonly ListedDrive[];
  readonly failures: readonly FailedDrive[];
}

/**
 * DESTRUCTIVE for every drive of the preparation that is not finished; whoever calls has the permission. May be repeated
 * after an interruption.
 */
export async function prepareChosenDrives(
  session: Session,
  { preparation, catalog, drivesFolder, overwrite }: PrepareChosenDrives,
): Promise<PreparedChosenDrives> {
  const chosen = preparation.plan.drives.map(
    ({ driveId }) => preparation.drives.find((drive) => drive.driveId === driveId)!,
  );
  const opened: OpenedDrive[] = [];
  const targets: DriveToPrepare[] = [];
  let outcome: PreparedDrives;
  try {
    for (const drive of chosen) {
      const journalPath = journalPathOf(drivesFolder, drive.driveId);
      const openedDrive = await openDriveForWriting(drive, {
        computer: session.computer,
        journalPath,
        overwrite,
      });
      opened.push(openedDrive);
      const { driveId, sizeInBytes } = drive;
      targets.push({ confirm: { driveId, sizeInBytes }, device: openedDrive.device, journalPath });
    }
    outcome = await prepareDrives(preparation.plan, catalog, targets, {
      resume: true,
      abortSignal: session.abortSignal,
      onDriveProgress: (driveId, progress) => session.display.listener(driveId)(progress),
    });
  } finally {
    for (const drive of opened) await drive[Symbol.asyncDispose]();
  }
  const { drives, failures } = outcome;
  const listed = drives.map((prepared): ListedDrive => {
    const drive = chosen.find(({ driveId }) => driveId === prepared.driveId)!;
    return { ...prepared, ...(drive.kind === "image" ? { image: drive.path } : { disk: drive.driveId }) };
  });
  await writeDriveList(driveListPath(drivesFolder), listed);
  return { drives: listed, failures };
}
