/**
 * Append-only files of one JSON record a line. A crash can tear only the last line; reading stops before it and
 * opening for append cuts it off.
 */
import { createReadStream } from "node:fs";
import { type FileHandle, open, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { closeToOthers } from "./close-to-others.js";
import { secretFileMode, syncFolder } from "./durable-file.js";

/** Longest line that is read back; a longer one is damage, not data. */
const maximumLineLengthInBytes = 16 * 1024 * 1024;

/** A journal open for appending. */
export interface AppendJournal {
  /** Adds a record. It is in the file when the promise resolves, but durable only after {@link AppendJournal.sync}. */
  append(record: object): Promise<void>;
  /** Makes all records appended so far durable. */
  sync(): Promise<void>;
  /** May be repeated. */
  close(): Promise<void>;
}

/** One record and where the line after it begins. */
export interface JournalRecord {
  readonly record: unknown;
  readonly endOffsetInBytes: number;
}

/**
 * Opens a journal for appending, creating it for its owner only when absent.
 *
 * @param validLengthInBytes where the last complete record ends, as {@link readJournal} told; what follows is cut off.
 */
export async function openAppendJournal(path: string, validLengthInBytes?: number): Promise<AppendJournal> {
  if (validLengthInBytes !== undefined) await truncate(path, validLengthInBytes);
  const file: FileHandle = await open(path, "a", secretFileMode);
  if (validLengthInBytes === undefined) {
    await closeToOthers(path);
    await syncFolder(dirname(path));
  }
  let closed = false;
  return {
    append: async (record) => {
      await file.appendFile(`${JSON.stringify(record)}\n`);
    },
    sync: () => file.datasync(),
    close: async () => {
      if (closed) return;
      closed = true;
      await file.close();
    },
  };
}

/**
 * Reads the complete records of a journal. A torn or damaged line ends the reading silently when it is the last one.
 *
 * @throws SyntaxError when a damaged line is followed by others: that is no torn write
 */
export async function* readJournal(path: string): AsyncGenerator<JournalRecord> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let damagedAt: number | undefined;
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let start = 0;
    for (let end = rest.indexOf(10, start); end !== -1; end = rest.indexOf(10, start)) {
      if (damagedAt !== undefined) throw damaged(path, damagedAt);
      const lineOffset = offset + start;
      const line = rest.toString("utf8", start, end);
      start = end + 1;
      try {
        yield { record: JSON.parse(line), endOffsetInBytes: offset + start };
      } catch (error) {
        if (!isSyntaxError(error)) throw error;
        damagedAt = lineOffset;
      }
    }
    offset += start;
    rest = rest.subarray(start);
    if (rest.length > maximumLineLengthInBytes) throw damaged(path, offset);
  }
}

function isSyntaxError(error: unknown): boolean {
  return typeof error === "object" && error !== null && "name" in error && error.name === "SyntaxError";
}

function damaged(path: string, offset: number): SyntaxError {
  return new SyntaxError(`The journal ${path} is damaged at byte ${offset}.`);
}
