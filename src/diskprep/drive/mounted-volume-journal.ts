/** The journal of a mounted volume: which blobs are durable on it. It holds no secret, but lies at mode 0600 all the same. */
import { stat } from "node:fs/promises";
import { openAppendJournal, readJournal } from "../../shared/append-journal.js";
import { publishFile, secretFileMode } from "../../shared/durable-file.js";
import { systemErrorCode } from "../../shared/room-error.js";
import { DriveError, isDriveError } from "./drive-error.js";
import type { SeedStretch } from "./drive-layout.js";

const formatVersion = 1;

/** How far the volume has come. */
export interface MountedVolumeState {
  readonly isResumed: boolean;
  /** Blobs of the stretch below this index are durable. */
  readonly endBlobIndex: number;
  /** Hashes of ranges that have none in the catalog, as the range hash store records them. */
  readonly rangeHashes: Uint8Array;
  /** Present when the volume is finished. */
  readonly manifestHash: string | undefined;
}

/** A journal being written, and what it held when it was opened. */
export interface MountedVolumeJournal {
  readonly state: MountedVolumeState;
  checkpoint(endBlobIndex: number, newRangeHashes: Uint8Array): Promise<void>;
  finish(manifestHash: string): Promise<void>;
  /** May be repeated. */
  close(): Promise<void>;
}

/** What the journal belongs to; a resumed call must name the same. */
type JournalSubject = SeedStretch & { readonly seedId: string };

interface JournalRecord {
  readonly type?: unknown;
  readonly formatVersion?: unknown;
  readonly plan?: unknown;
  readonly endBlobIndex?: unknown;
  readonly rangeHashes?: unknown;
  readonly manifestHash?: unknown;
}

/** Begins a journal, or opens one to go on. @throws DriveError `journal-exists`, `journal-mismatch`, `journal-invalid` */
export async function openMountedVolumeJournal(
  path: string,
  subject: JournalSubject,
  resume: boolean,
): Promise<MountedVolumeJournal> {
  const isThere = await stat(path).then(
    () => true,
    (error) => {
      if (systemErrorCode(error) === "ENOENT") return false;
      throw error;
    },
  );
  if (isThere && !resume) {
    throw new DriveError(
      "journal-exists",
      `There is already a journal at ${path}. Resume that preparation, or remove the journal if the drive is to be filled anew.`,
      { details: { path } },
    );
  }
  const plan = JSON.stringify(subject);
  if (!isThere) {
    await publishFile(path, `${JSON.stringify({ type: "mounted-volume", formatVersion, plan: subject })}\n`, {
      mode: secretFileMode,
    });
  }
  const { state, validLengthInBytes } = await readRecords(path, plan, isThere);
  const journal = await openAppendJournal(path, validLengthInBytes);
  const write = async (record: object): Promise<void> => {
    await journal.append(record);
    await journal.sync();
  };
  return {
    state,
    checkpoint: (endBlobIndex, newRangeHashes) =>
      write({
        type: "checkpoint",
        endBlobIndex,
        rangeHashes: Buffer.from(newRangeHashes).toString("base64"),
      }),
    finish: (manifestHash) => write({ type: "finished", manifestHash }),
    close: () => journal.close(),
  };
}

async function readRecords(
  path: string,
  plan: string,
  isResumed: boolean,
): Promise<{ readonly state: MountedVolumeState; readonly validLengthInBytes: number }> {
  let endBlobIndex = -1;
  let manifestHash: string | undefined;
  let validLengthInBytes = 0;
  const rangeHashes: Buffer[] = [];
  try {
    for await (const { record, endOffsetInBytes } of readJournal(path)) {
      const entry = (record ?? {}) as JournalRecord;
      if (validLengthInBytes === 0) {
        if (entry.type !== "mounted-volume" || entry.formatVersion !== formatVersion)
          throw new SyntaxError("it does not begin with a mounted-volume record of a known version");
        if (JSON.stringify(entry.plan) !== plan) throw mismatch(path);
        endBlobIndex = 0;
      } else if (entry.type === "checkpoint" && Number.isSafeInteger(entry.endBlobIndex)) {
        endBlobIndex = Number(entry.endBlobIndex);
        rangeHashes.push(Buffer.from(String(entry.rangeHashes ?? ""), "base64"));
      } else if (entry.type === "finished" && typeof entry.manifestHash === "string") {
        manifestHash = entry.manifestHash;
      } else throw new SyntaxError("it holds a record of an unknown kind");
      validLengthInBytes = endOffsetInBytes;
    }
    if (endBlobIndex < 0) throw new SyntaxError("it is empty");
  } catch (error) {
    if (isDriveError(error)) throw error;
    throw new DriveError(
      "journal-invalid",
      `The drive journal ${path} cannot be used. Without it the drive has to be emptied and filled anew.`,
      { details: { path }, cause: error },
    );
  }
  const state = { isResumed, endBlobIndex, rangeHashes: Buffer.concat(rangeHashes), manifestHash };
  return { state, validLengthInBytes };
}

function mismatch(path: string): DriveError {
  return new DriveError(
    "journal-mismatch",
    `The journal ${path} belongs to another seed, drive or stretch of blobs. Use the journal of this drive.`,
    { details: { path } },
  );
}
