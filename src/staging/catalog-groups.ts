/**
 * The catalog file as a sequence of groups: blob lines followed by a commit line that counts them and carries their CRC-32
 * (docs/formats/seed-catalog.md). Lines without a commit line behind them may be torn or may lack their data.
 */
import { read as readCallback } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { StagingError } from "./errors.js";

const readFile = promisify(readCallback);

/** Name in the catalog's first line. */
export const catalogFormat = "offline-seed-catalog";
/** Version in the catalog's first line. */
export const catalogVersion = 1;

/** Most lines of one group. */
export const maximumGroupLines = 4096;
/** A writer ends a group when it has this many bytes. */
export const groupBytesToCommit: number = 1024 * 1024;
const maximumGroupBytes = 64 * 1024 * 1024;
const readSizeInBytes = 1024 * 1024;

/** Totals since the beginning of the catalog, as of a commit line. */
export interface CommitRecord {
  readonly blobs: number;
  readonly bytes: number;
  /** Length of the file of range hashes. */
  readonly hashes: number;
  /** CRC-32 of the group's blob lines, line ends included. */
  readonly crc32: string;
}

/** Blob lines that became durable together. */
export interface CatalogGroup {
  readonly offsetInBytes: number;
  readonly endInBytes: number;
  readonly firstIndex: number;
  /** The blob lines without their line ends. */
  readonly lines: readonly string[];
  /** All bytes of the group, commit line included. */
  readonly bytes: Uint8Array;
  /** Undefined for the lines after the last commit line. */
  readonly commit: CommitRecord | undefined;
}

/** The text of the first line. */
export function formatCatalogHeader(seedId: string): string {
  return `${JSON.stringify({ format: catalogFormat, version: catalogVersion, seedId })}\n`;
}

/** The text of a commit line. */
export function formatCommitLine(commit: CommitRecord): string {
  return `${JSON.stringify({ commit })}\n`;
}

/** CRC-32 continued over more bytes, and its text form. */
export function continueCrc(bytes: Uint8Array | string, value: number): number {
  return crc32(bytes, value);
}

/** Eight hexadecimal digits. */
export function crcText(value: number): string {
  return value.toString(16).padStart(8, "0");
}

/** Fills a buffer from a file; returns fewer bytes only at its end. */
export async function readFully(
  handle: FileHandle,
  target: Uint8Array,
  offsetInBytes: number,
): Promise<number> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await readFile(handle.fd, target, done, target.length - done, offsetInBytes + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/**
 * Checks the first line and returns where the groups begin.
 *
 * @throws StagingError `catalog-damaged`, `catalog-unsupported`
 */
export async function readCatalogHeader(handle: FileHandle, path: string, seedId: string): Promise<number> {
  const buffer = Buffer.alloc(4096);
  const length = await readFully(handle, buffer, 0);
  const end = buffer.subarray(0, length).indexOf(10);
  const header = end < 0 ? undefined : parseJson(buffer.toString("utf8", 0, end));
  if (header?.["format"] !== catalogFormat) {
    throw damaged(path, 0, "it does not begin like a seed catalog");
  }
  if (header["version"] !== catalogVersion) {
    throw new StagingError(
      "catalog-unsupported",
      `The catalog '${path}' has version ${String(header["version"])}; this program reads version ${catalogVersion}. Use the program that wrote it or a newer one.`,
    );
  }
  if (header["seedId"] !== seedId)
    throw damaged(path, 0, "it belongs to another seed than the descriptor beside it");
  return end + 1;
}

/** Options of {@link readCatalogGroups}. */
export interface ReadCatalogGroupsOptions {
  readonly path: string;
  /** Where a group begins. */
  readonly offsetInBytes: number;
  /** Index of that group's first blob. */
  readonly firstIndex: number;
  /** Whether lines after the last commit line are yielded (as a group without commit) or refused. */
  readonly uncommittedTail: "yield" | "refuse";
}

/**
 * Reads groups in order, one in memory at a time.
 *
 * @throws StagingError `catalog-damaged` when a group's CRC or count is wrong
 */
export async function* readCatalogGroups(
  handle: FileHandle,
  options: ReadCatalogGroupsOptions,
): AsyncGenerator<CatalogGroup> {
  const { path } = options;
  let buffer: Buffer = Buffer.alloc(2 * readSizeInBytes);
  let filled = 0;
  let groupOffset = options.offsetInBytes;
  let firstIndex = options.firstIndex;
  let scanned = 0;
  let ends: number[] = [];

  for (;;) {
    if (filled === buffer.length) {
      if (buffer.length >= maximumGroupBytes) throw damaged(path, groupOffset, "a group has no commit line");
      buffer = Buffer.concat([buffer], buffer.length * 2);
    }
    const target = buffer.subarray(filled, Math.min(buffer.length, filled + readSizeInBytes));
    const count = await readFully(handle, target, groupOffset + filled);
    filled += count;

    for (let start = scanned; ; ) {
      const end = buffer.subarray(start, filled).indexOf(10);
      if (end < 0) {
        scanned = start;
        break;
      }
      const lineEnd = start + end;
      if (buffer[start] === 0x7b && buffer.toString("latin1", start, start + 10) === '{"commit":') {
        const commit = parseCommit(buffer.toString("utf8", start, lineEnd));
        const group = makeGroup(lineEnd + 1, commit);
        if (commit === undefined || commit.blobs !== firstIndex + ends.length) {
          throw damaged(path, groupOffset, "a commit line is damaged or counts other blobs than are there");
        }
        if (crcText(crc32(group.bytes.subarray(0, start))) !== commit.crc32) {
          throw damaged(path, groupOffset, "the checksum of a group does not match its lines");
        }
        yield group;
        groupOffset = group.endInBytes;
        firstIndex = commit.blobs;
        buffer.copyWithin(0, lineEnd + 1, filled);
        filled -= lineEnd + 1;
        start = 0;
        ends = [];
      } else {
        ends.push(lineEnd);
        start = lineEnd + 1;
      }
    }
    if (count < target.length) break;
  }
  if (filled > 0) {
    if (options.uncommittedTail === "refuse")
      throw damaged(path, groupOffset, "it ends without a commit line");
    yield makeGroup(scanned, undefined);
  }

  function makeGroup(groupEnd: number, commit: CommitRecord | undefined): CatalogGroup {
    const lines = ends.map((end, index) =>
      buffer.toString("utf8", index === 0 ? 0 : ends[index - 1]! + 1, end),
    );
    return {
      offsetInBytes: groupOffset,
      endInBytes: groupOffset + groupEnd,
      firstIndex,
      lines,
      bytes: Uint8Array.prototype.slice.call(buffer, 0, groupEnd),
      commit,
    };
  }
}

function parseCommit(text: string): CommitRecord | undefined {
  const commit = parseJson(text)?.["commit"] as Partial<CommitRecord> | undefined;
  const valid =
    typeof commit === "object" &&
    commit !== null &&
    [commit.blobs, commit.bytes, commit.hashes].every(
      (value) => Number.isSafeInteger(value) && value! >= 0,
    ) &&
    typeof commit.crc32 === "string";
  return valid ? (commit as CommitRecord) : undefined;
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The error for a catalog that is not what its writer left. */
export function damaged(path: string, offsetInBytes: number, problem: string): StagingError {
  return new StagingError(
    "catalog-damaged",
    `The catalog '${path}' is damaged near byte ${offsetInBytes}: ${problem}. Restore it from a copy or stage the seed again.`,
    { details: { path, offsetInBytes } },
  );
}
