/** The permission to destroy what a drive holds: its serial number, typed by the person who answers for it. */
import { formatBytes } from "../../diskprep/index.js";
import { CliError } from "../cli-error.js";
import type { Prompter } from "../prompts/prompter.js";
import type { ChosenDrive } from "./chosen-drive.js";

/** Who can be asked, and what was said on the command line. */
export interface FormatPermission {
  readonly prompter: Prompter | undefined;
  /** Serial numbers given with `--confirm-serial`. */
  readonly confirmedSerials: readonly string[];
}

/**
 * Asks for the serial number of a real disk. An image needs none: it is a new file, or `--overwrite` was given.
 *
 * @throws CliError `input-needed` without a terminal, `declined` when another number is typed
 */
export async function confirmFormat(drive: ChosenDrive, permission: FormatPermission): Promise<void> {
  if (drive.kind === "image") return;
  const isSame = (typed: string): boolean =>
    typed.replaceAll(/\s+/g, "").toLowerCase() === drive.driveId.toLowerCase();
  if (permission.confirmedSerials.some(isSame)) return;
  if (!permission.prompter) {
    throw new CliError(
      "input-needed",
      `Everything on ${drive.path} would be lost, and nobody can be asked here. Give --confirm-serial with the serial number on its label.`,
      { details: { path: drive.path } },
    );
  }
  const what = `${drive.path}, ${drive.model || "unknown model"}, ${formatBytes(drive.sizeInBytes)}`;
  const typed = await permission.prompter.text({
    question: `EVERYTHING on ${what} will be lost. Type its serial number (${drive.driveId}) to go on`,
  });
  if (isSame(typed)) return;
  throw new CliError(
    "declined",
    `'${typed}' is not the serial number of ${drive.path}. Nothing was written.`,
  );
}
