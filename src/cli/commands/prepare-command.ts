/** `offline-seed prepare`: makes the drives of the seed, real disks and images. Goes on where it was stopped. */
import { mkdir } from "node:fs/promises";
import { formatBytes, type SeedPlan } from "../../diskprep/index.js";
import { openStagingLocation, type SeedCatalog } from "../../staging/index.js";
import { CliError } from "../cli-error.js";
import type { CommandDefinition, CommandResult } from "../command-frame.js";
import { type ChosenDrive, chooseDisk, chooseImage } from "../drives/chosen-drive.js";
import { confirmFormat } from "../drives/confirm-format.js";
import { openCatalog } from "../drives/open-catalog.js";
import { isDriveFinished, refuseExistingImage } from "../drives/open-drives.js";
import { planChosenDrives } from "../drives/plan-chosen-drives.js";
import {
  discardPreparation,
  journalPathOf,
  loadPreparation,
  type Preparation,
  savePreparation,
} from "../drives/preparation-file.js";
import { type PreparedChosenDrives, prepareChosenDrives } from "../drives/prepare-chosen-drives.js";
import { exitCode } from "../exit-codes.js";
import { parseDriveSize } from "../parse/byte-size.js";
import type { Session } from "../session.js";
import type { SeedSettings } from "../settings/seed-settings.js";
import { counted } from "../words.js";

interface PrepareOptions {
  readonly image?: readonly string[];
  readonly size?: number;
  readonly disk?: readonly string[];
  readonly confirmSerial?: readonly string[];
  readonly overwrite?: boolean;
}

export const prepareCommand: CommandDefinition<PrepareOptions> = {
  name: "prepare",
  summary: "make the drives: partition, BitLocker, NTFS, data, manifest",
  description:
    "EVERYTHING on a disk that is named is lost; its serial number has to be typed, or given with --confirm-serial. Interrupted, the same command goes on where it stopped. Recovery passwords are in the drives folder.",
  usesSettings: true,
  options: [
    {
      flags: "--image <file>",
      explanation: "make a drive image; its name is its serial number (may be repeated)",
      isRepeatable: true,
    },
    { flags: "--size <size>", explanation: "size of the images, for example 512MiB", read: parseDriveSize },
    {
      flags: "--disk <serial>",
      explanation: "make a real disk, named by its serial number (may be repeated)",
      isRepeatable: true,
    },
    {
      flags: "--confirm-serial <serial>",
      explanation: "everything on this disk may be lost (may be repeated)",
      isRepeatable: true,
    },
    { flags: "--overwrite", explanation: "forget drives that were begun, replace existing images" },
  ],
  examples: [
    "offline-seed prepare --image drives/SEED0001.img --size 512MiB",
    "offline-seed prepare --disk WX12345678 --confirm-serial WX12345678",
  ],
  async run(session, options) {
    const settings = await session.settings();
    const catalog = await openCatalog(settings, session.abortSignal);
    try {
      const { drivesFolder } = settings;
      await mkdir(drivesFolder, { recursive: true, mode: 0o700 });
      const preparation = await choosePreparation(session, settings, catalog, options);
      const overwrite = options.overwrite === true;
      for (const drive of preparation.drives) {
        const isFinished = await isDriveFinished(journalPathOf(drivesFolder, drive.driveId));
        if (isFinished && !overwrite) continue;
        if (!overwrite) await refuseExistingImage(drive, journalPathOf(drivesFolder, drive.driveId));
        const confirmedSerials = options.confirmSerial ?? [];
        await confirmFormat(drive, { prompter: session.io.prompter, confirmedSerials });
      }
      // Only now: the journals hold the passwords of the drives that were made before.
      if (overwrite)
        await discardPreparation(
          drivesFolder,
          preparation.plan.drives.map(({ driveId }) => driveId),
        );
      await savePreparation(drivesFolder, preparation);
      const outcome = await prepareChosenDrives(session, { preparation, catalog, drivesFolder, overwrite });
      if (outcome.failures.length === 0) await noteState(settings);
      return resultOf(outcome);
    } finally {
      await catalog.close();
    }
  },
};

/** The preparation that was begun, or a new one of the drives that were named. */
async function choosePreparation(
  session: Session,
  settings: SeedSettings,
  catalog: SeedCatalog,
  options: PrepareOptions,
): Promise<Preparation> {
  const chosen = await chosenDrives(session, options);
  const begun = options.overwrite ? undefined : await loadPreparation(settings.drivesFolder);
  if (begun) {
    refuseOtherDrives(begun, chosen, catalog);
    return begun;
  }
  if (chosen.length === 0) {
    throw new CliError(
      "input-needed",
      "No drive is named. Give --disk SERIAL ('offline-seed disks' lists them), or --image FILE with --size.",
    );
  }
  const plan = await planChosenDrives(catalog, chosen, session.abortSignal);
  refuseTooFew(plan);
  const used = new Set(plan.drives.map(({ driveId }) => driveId));
  for (const { driveId } of chosen) {
    if (!used.has(driveId)) session.note(`Drive ${driveId} is not needed and stays as it is.`);
  }
  return { drives: chosen.filter(({ driveId }) => used.has(driveId)), plan };
}

async function chosenDrives(session: Session, options: PrepareOptions): Promise<readonly ChosenDrive[]> {
  const images = options.image ?? [];
  if (images.length > 0 && options.size === undefined) {
    throw new CliError("input-needed", "Images need a size; give --size, for example --size 500GB.");
  }
  const names = options.disk ?? [];
  const disks = names.length > 0 ? await session.computer.listDisks() : [];
  return [
    ...images.map((path) => chooseImage(path, options.size!)),
    ...names.map((name) => chooseDisk(disks, name)),
  ];
}

function refuseTooFew({ unplaced }: SeedPlan): void {
  if (!unplaced) return;
  const { additionalDriveCount: count, driveSizeInBytes } = unplaced;
  throw new CliError(
    "usage",
    `These drives are too few: ${counted(unplaced.blobCount, "blob")} (${formatBytes(unplaced.blobBytes)}) have no place. Name ${counted(count, "more drive")} of ${formatBytes(driveSizeInBytes)}. Nothing was written.`,
    { details: { additionalDriveCount: count, driveSizeInBytes } },
  );
}

function refuseOtherDrives(begun: Preparation, chosen: readonly ChosenDrive[], catalog: SeedCatalog): void {
  const known = new Set(begun.drives.map(({ driveId }) => driveId));
  const isOtherSeed = begun.plan.seedId !== catalog.seedId;
  const isOtherSet = chosen.some(({ driveId }) => !known.has(driveId));
  if (!isOtherSeed && !isOtherSet) return;
  throw new CliError(
    "usage",
    `A preparation ${isOtherSeed ? "of another seed" : `of the drives ${[...known].join(", ")}`} was begun in this drives folder. Repeat without naming drives to go on with it, or give --overwrite to make the drives anew.`,
    { details: { begunDrives: [...known].join(",") } },
  );
}

async function noteState({ stagingFolder, jobName }: SeedSettings): Promise<void> {
  await (await openStagingLocation(stagingFolder)).setSeedState(jobName, "prepared");
}

/** Without the recovery passwords: those are in the list only. */
function resultOf({ drives, failures }: PreparedChosenDrives): CommandResult {
  return {
    json: {
      drives: drives.map(({ bitLockerKey, ...shown }) => shown),
      failures: failures.map(({ driveId, error }) => ({ driveId, code: error.code, message: error.message })),
    },
    text: [
      ...drives.map(
        ({ driveId, blobCount, blobBytes }) =>
          `${driveId}: ${counted(blobCount, "blob")}, ${formatBytes(blobBytes)}, ready`,
      ),
      ...failures.map(({ driveId, error }) => `${driveId}: NOT READY. ${error.message}`),
      failures.length === 0
        ? "Next: 'offline-seed verify' reads the drives back."
        : "Mend the cause and repeat the command; finished drives are not written again.",
    ],
    exitCode: failures.length === 0 ? exitCode.success : exitCode.failed,
  };
}
