/**
 * The journal of one drive: what an interrupted preparation needs to go on and end with the same bytes.
 *
 * Append-only, one JSON record a line, mode 0600: it holds the recovery password. It must not lie on the drive itself.
 */
import { access } from "node:fs/promises";
import { type AppendJournal, openAppendJournal, readJournal } from "../../shared/append-journal.js";
import { publishFile, secretFileMode } from "../../shared/durable-file.js";
import { systemErrorCode } from "../../shared/room-error.js";
import { DriveError } from "./drive-error.js";
import type { DriveKeyMaterial } from "./drive-keys.js";
import type { DrivePlan } from "./drive-plan.js";
import type { PreparedDrive } from "./prepared-drive.js";

/** Version of the journal format. */
const formatVersion = 2;

/** How far the drive has come, as the journal tells. */
export interface DriveJournalState {
  readonly plan: DrivePlan;
  readonly keyMaterial: DriveKeyMaterial;
  /** Everything of the volume below this offset is durable on the drive. */
  readonly durableOffsetInBytes: number;
  /** MD5 hashes of the ranges written so far, only where the catalog has none; 16 bytes each. */
  readonly rangeHashes: Uint8Array;
  /** Present when the drive is finished. */
  readonly preparedDrive: PreparedDrive | undefined;
}

/** A journal being written. */
export interface DriveJournal {
  /** Notes that everything below an offset is durable. Call after the device was flushed. */
  checkpoint(durableOffsetInBytes: number, newRangeHashes: Uint8Array | undefined): Promise<void>;
  finish(preparedDrive: PreparedDrive): Promise<void>;
  /** May be repeated. */
  close(): Promise<void>;
}

type JournalRecord =
  | {
      readonly type: "drive";
      readonly formatVersion: number;
      readonly plan: DrivePlan;
      readonly keyMaterial: DriveKeyMaterial;
    }
  | { readonly type: "checkpoint"; readonly durableOffsetInBytes: number; readonly rangeHashes?: string }
  | { readonly type: "finished"; readonly preparedDrive: PreparedDrive };

/** @throws DriveError `journal-exists` */
export async function refuseExistingJournal(path: string): Promise<void> {
  if (!(await fileExists(path))) return;
  throw new DriveError(
    "journal-exists",
    `There is already a journal at ${path}. Resume that preparation, or remove the journal if the drive is to be made anew.`,
    { details: { path } },
  );
}

/** Begins the journal of a drive; resolves when it is durable. @throws DriveError `journal-exists` */
export async function createDriveJournal(
  path: string,
  plan: DrivePlan,
  keyMaterial: DriveKeyMaterial,
): Promise<DriveJournal> {
  await refuseExistingJournal(path);
  const head = `${JSON.stringify({ type: "drive", formatVersion, plan, keyMaterial } satisfies JournalRecord)}\n`;
  // Published as a whole: a crash leaves no journal without the keys, which could not be resumed.
  await publishFile(path, head, { mode: secretFileMode });
  return driveJournalOver(await openAppendJournal(path, Buffer.byteLength(head)));
}

/** A journal that is there already. */
export interface FoundDriveJournal {
  readonly state: DriveJournalState;
  /** Opens it to go on writing, cutting off a torn last line. */
  open(): Promise<DriveJournal>;
}

/** Reads a journal that is to be continued; undefined when there is none. @throws DriveError `journal-invalid` */
export async function findDriveJournal(path: string): Promise<FoundDriveJournal | undefined> {
  if (!(await fileExists(path))) return undefined;
  const { state, validLengthInBytes } = await readRecords(path);
  return { state, open: async () => driveJournalOver(await openAppendJournal(path, validLengthInBytes)) };
}

/** Reads a journal without changing it. @throws DriveError `journal-invalid` */
export async function readDriveJournal(path: string): Promise<DriveJournalState> {
  return (await readRecords(path)).state;
}

async function readRecords(
  path: string,
): Promise<{ readonly state: DriveJournalState; readonly validLengthInBytes: number }> {
  let head: Extract<JournalRecord, { type: "drive" }> | undefined;
  let durableOffsetInBytes = 0;
  let preparedDrive: PreparedDrive | undefined;
  let validLengthInBytes = 0;
  const rangeHashes: Buffer[] = [];
  try {
    for await (const { record, endOffsetInBytes } of readJournal(path)) {
      const entry = record as JournalRecord;
      if (entry.type === "drive") head = entry;
      if (entry.type === "checkpoint") {
        if (!Number.isSafeInteger(entry.durableOffsetInBytes) || entry.durableOffsetInBytes < 0)
          throw new SyntaxError("a checkpoint has no offset");
        durableOffsetInBytes = entry.durableOffsetInBytes;
        if (entry.rangeHashes) rangeHashes.push(Buffer.from(entry.rangeHashes, "base64"));
      }
      if (entry.type === "finished") preparedDrive = entry.preparedDrive;
      validLengthInBytes = endOffsetInBytes;
    }
  } catch (error) {
    throw invalidJournal(path, "it cannot be read", error);
  }
  if (!head) throw invalidJournal(path, "it does not begin with a drive record");
  if (head.formatVersion !== formatVersion)
    throw invalidJournal(path, `its format version ${head.formatVersion} is not known`);
  if (!isObject(head.plan) || !isObject(head.keyMaterial))
    throw invalidJournal(path, "its first record lacks the plan or the keys");
  const state = {
    plan: head.plan,
    keyMaterial: head.keyMaterial,
    durableOffsetInBytes,
    rangeHashes: Buffer.concat(rangeHashes),
    preparedDrive,
  };
  return { state, validLengthInBytes };
}

function driveJournalOver(journal: AppendJournal): DriveJournal {
  const write = async (record: JournalRecord): Promise<void> => {
    await journal.append(record);
    await journal.sync();
  };
  return {
    checkpoint: (durableOffsetInBytes, newRangeHashes) =>
      write({
        type: "checkpoint",
        durableOffsetInBytes,
        ...(newRangeHashes?.length ? { rangeHashes: Buffer.from(newRangeHashes).toString("base64") } : {}),
      }),
    finish: (preparedDrive) => write({ type: "finished", preparedDrive }),
    close: () => journal.close(),
  };
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

async function fileExists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** Why a journal is of no use. */
export function invalidJournal(path: string, reason: string, cause?: unknown): DriveError {
  return new DriveError(
    "journal-invalid",
    `The drive journal ${path} cannot be used: ${reason}. Without it the drive has to be prepared anew.`,
    { details: { path, reason }, cause },
  );
}
