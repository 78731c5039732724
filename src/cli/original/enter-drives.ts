/** Second part of the original conversation: enter the drive, confirm the format, attach more when one is not enough. */
import { extname } from "node:path";
import { formatBytes, type SeedPlan } from "../../diskprep/index.js";
import type { SeedCatalog } from "../../staging/index.js";
import { CliError, isCliError } from "../cli-error.js";
import { type ChosenDrive, chooseDisk, chooseImage, describeDisk } from "../drives/chosen-drive.js";
import { confirmFormat } from "../drives/confirm-format.js";
import { refuseExistingImage } from "../drives/open-drives.js";
import { planChosenDrives } from "../drives/plan-chosen-drives.js";
import { journalPathOf, loadPreparation, type Preparation } from "../drives/preparation-file.js";
import { parseDriveSize } from "../parse/byte-size.js";
import { counted } from "../words.js";
import type { Conversation } from "./conversation.js";

/**
 * Asks for drives until everything has a place. A preparation that was begun is gone on with instead.
 *
 * @throws CliError `declined`; AbortError. Nothing is written here.
 */
export async function enterDrives(
  conversation: Conversation,
  catalog: SeedCatalog,
  drivesFolder: string,
): Promise<Preparation> {
  const { prompter, session } = conversation;
  const begun = await loadPreparation(drivesFolder);
  if (begun?.plan.seedId === catalog.seedId) {
    prompter.note(`Going on with the drives ${begun.drives.map(({ driveId }) => driveId).join(", ")}.`);
    return begun;
  }
  const drives: ChosenDrive[] = [];
  for (;;) {
    const drive = await enterDrive(conversation, drives, drivesFolder);
    await confirm(conversation, drive);
    drives.push(drive);
    const plan = await planChosenDrives(catalog, drives, session.abortSignal);
    if (!plan.unplaced) return { drives: usedDrives(drives, plan), plan };
    const { additionalDriveCount: count, driveSizeInBytes } = plan.unplaced;
    prompter.note(
      `The seed needs ${counted(count, "more drive")} of ${formatBytes(driveSizeInBytes)}. Attach ${count === 1 ? "it" : "the next one"}.`,
    );
  }
}

async function enterDrive(
  { prompter, session }: Conversation,
  entered: readonly ChosenDrive[],
  drivesFolder: string,
): Promise<ChosenDrive> {
  const { computer } = session;
  for (;;) {
    const disks = await computer.listDisks().catch(() => []);
    const usable = disks.filter(({ reasonsNotUsable }) => reasonsNotUsable.length === 0);
    prompter.note(
      usable.length === 0
        ? "No disk of this computer can be used; an image file can stand for one."
        : `Disks that can be used:\n${usable.map((disk) => `  ${describeDisk(disk)}, ${formatBytes(disk.sizeInBytes)}`).join("\n")}`,
    );
    const name = await prompter.text({
      question: "Enter the drive (serial number, or path of an image file)",
      problemOf: (typed) => (typed === "" ? "Type a serial number or a path." : undefined),
    });
    try {
      const drive = isImage(name) ? chooseImage(name, await enterSize(prompter)) : chooseDisk(disks, name);
      await refuseExistingImage(drive, journalPathOf(drivesFolder, drive.driveId));
      if (!entered.some(({ driveId }) => driveId === drive.driveId)) return drive;
      prompter.note(`The drive ${drive.driveId} was entered already.`);
    } catch (error) {
      if (!isCliError(error) || error.code !== "usage") throw error;
      prompter.note(error.message);
    }
  }
}

function isImage(name: string): boolean {
  return [".img", ".vhd", ".raw"].includes(extname(name).toLowerCase());
}

async function enterSize(prompter: Conversation["prompter"]): Promise<number> {
  const problemOf = (typed: string): string | undefined => {
    try {
      parseDriveSize(typed);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };
  return parseDriveSize(await prompter.text({ question: "Size of the image, for example 500GB", problemOf }));
}

async function confirm({ prompter }: Conversation, drive: ChosenDrive): Promise<void> {
  if (drive.kind === "disk") {
    await confirmFormat(drive, { prompter, confirmedSerials: [] });
    return;
  }
  prompter.note(`The image ${drive.path} of ${formatBytes(drive.sizeInBytes)} will be made and formatted.`);
  if (await prompter.confirm("Format it?")) return;
  throw new CliError("declined", "Nothing was formatted.");
}

function usedDrives(drives: readonly ChosenDrive[], plan: SeedPlan): readonly ChosenDrive[] {
  const used = new Set(plan.drives.map(({ driveId }) => driveId));
  return drives.filter(({ driveId }) => used.has(driveId));
}
