/**
 * The classic preparation journal (`.jrn`) and per-drive XML file, as far as their format is public, so that a job can
 * also be created by hand in the portal.
 *
 * Source: the samples in the WAImportExport articles (preparing hard drives, quick reference): a `NewJournalFile` record
 * with the vocabulary version, then one `ActivityRecord` a drive whose `DriveState` holds the drive's XML. Other record
 * kinds are not public and are not written; the tool's own resume does not work with this file.
 */

import type { PreparedDrive } from "../../diskprep/index.js";
import { publishFile, secretFileMode, writeXml, xmlElement } from "../../shared/index.js";
import { ImportJobError } from "../import-job-error.js";

/** Largest journal the portal takes; use the per-drive XML files beyond it. */
export const maximumPortalJournalInBytes = 2 * 1024 * 1024;

/** Options of {@link formatClassicJournal}. */
export interface ClassicJournalOptions {
  /** Time of the records. Written as local clock text without a zone, as the samples have it; here in UTC. */
  readonly createdAt: Date;
  /** Folder named as `LogDirectory`. Default: the record is left out. */
  readonly logDirectory?: string;
}

/**
 * The journal as text. SECRET: it holds the BitLocker keys; see {@link writeClassicJournal}. Pure.
 *
 * @throws ImportJobError `invalid-order` when a value could not be read back from the journal
 */
export function formatClassicJournal(
  drives: readonly PreparedDrive[],
  options: ClassicJournalOptions,
): string {
  if (Number.isNaN(options.createdAt.getTime())) {
    throw new ImportJobError("invalid-order", "The journal cannot be written: its time is not a date.");
  }
  const time = options.createdAt.toISOString().slice(0, 23).replaceAll("-", "/").replace("T", " ");
  const record = (type: string, lines: readonly string[]): string[] => [
    `[BeginUpdateRecord][${time}][Type:${type}]`,
    ...lines,
    "[EndUpdateRecord]",
    "",
  ];
  const { logDirectory } = options;
  if (logDirectory !== undefined) assertSingleLine("log directory", logDirectory);
  const lines = [
    ...record("NewJournalFile", ["VocabularyVersion: 2013-02-01"]),
    ...(logDirectory === undefined
      ? []
      : record("ActivityRecord", [
          "ActivityId: PrepImportDriveCommandContext",
          `LogDirectory: ${logDirectory}`,
        ])),
    ...drives.flatMap((drive) =>
      record("ActivityRecord", [
        "ActivityId: DriveInfo",
        "DriveState: [BeginValue]",
        ...driveElement(drive),
        "[EndValue]",
      ]),
    ),
    ...record("ActivityRecord", [
      "ActivityId: PrepImportDriveCommandContext",
      "SaveCommandOutput: Completed",
    ]),
  ];
  return `${lines.join("\r\n")}\r\n`;
}

/**
 * The per-drive XML file, named `<DriveId>.xml` or `<journal>_DriveInfo_<DriveId>.xml` by the tools. SECRET. Pure.
 *
 * @throws XmlError when a value holds characters XML forbids
 */
export function formatDriveInfo(drive: PreparedDrive): string {
  const { driveId, bitLockerKey, manifestFile, manifestHash } = drive;
  const text = writeXml(
    xmlElement("Drive", {}, [
      xmlElement("DriveId", {}, driveId),
      xmlElement("BitLockerKey", {}, bitLockerKey),
      xmlElement("ManifestFile", {}, manifestFile),
      xmlElement("ManifestHash", {}, manifestHash.toUpperCase()),
    ]),
  );
  return text.replaceAll("\n", "\r\n");
}

/**
 * Writes the journal readable by its owner only; replaces a file of that name as a whole.
 *
 * @throws ImportJobError `invalid-order` as {@link formatClassicJournal}, and for a journal the portal would refuse
 */
export async function writeClassicJournal(
  path: string,
  drives: readonly PreparedDrive[],
  options: ClassicJournalOptions,
): Promise<void> {
  const text = formatClassicJournal(drives, options);
  if (Buffer.byteLength(text) > maximumPortalJournalInBytes) {
    throw new ImportJobError(
      "invalid-order",
      "The journal would be larger than the 2 MB the portal takes; write one drive info file a drive instead.",
    );
  }
  await publishFile(path, text, { mode: secretFileMode });
}

/** Writes the XML file of one drive, readable by its owner only. */
export async function writeDriveInfo(path: string, drive: PreparedDrive): Promise<void> {
  await publishFile(path, formatDriveInfo(drive), { mode: secretFileMode });
}

/** The lines of the drive's element, without the declaration. */
function driveElement(drive: PreparedDrive): readonly string[] {
  const lines = formatDriveInfo(drive).trimEnd().split("\r\n");
  return lines.filter((line) => !line.startsWith("<?xml"));
}

function assertSingleLine(what: string, value: string): void {
  if (!/[\u0000-\u001f\u007f]/.test(value) && !value.startsWith("[")) return;
  throw new ImportJobError(
    "invalid-order",
    `The ${what} cannot be written into a journal: it has control characters or begins with a bracket.`,
  );
}
