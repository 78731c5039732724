/** The catalog file of an open seed: lines are appended, then committed in groups (docs/formats/seed-catalog.md). */
import type { Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { BlobNameTable } from "./blob-name-table.js";
import { type CatalogEntry, parseCatalogLine } from "./catalog-entry.js";
import { continueCrc, crcText, formatCommitLine } from "./catalog-groups.js";
import { createCatalogLookup } from "./catalog-lookup.js";
import { writeFully } from "./file-output.js";

/** Where a catalog ends. */
export interface CatalogStart {
  readonly catalogLengthInBytes: number;
  readonly blobCount: number;
  readonly totalBytes: number;
  /** Continued over everything appended. */
  readonly catalogSha256: Hash;
  readonly names: BlobNameTable;
  readonly index: [firstIndex: number, offsetInBytes: number][];
}

/** Some blobs whose bytes are written already. */
export interface CatalogLines {
  readonly names: readonly string[];
  /** One line a name. */
  readonly lines: Buffer;
  /** Sum of the lengths of the blobs. */
  readonly totalBytes: number;
}

/** Appends lines; one call at a time. */
export interface CatalogAppender {
  readonly blobCount: number;
  readonly totalBytes: number;
  readonly lengthInBytes: number;
  /** Of the lines that have no commit line yet. */
  readonly groupLines: number;
  readonly groupLengthInBytes: number;
  /** Hands lines to the system. On failure the catalog stays as it was. */
  append(added: CatalogLines): Promise<void>;
  /** Writes the commit line and makes the catalog durable. */
  commit(rangeHashesLengthInBytes: number): Promise<void>;
  find(name: string): Promise<CatalogEntry | undefined>;
  /** Of the whole file. */
  sha256(): string;
}

/** Continues a catalog. */
export function createCatalogAppender(
  handle: FileHandle,
  path: string,
  start: CatalogStart,
): CatalogAppender {
  const { names, index, catalogSha256 } = start;
  let { blobCount, totalBytes, catalogLengthInBytes: length } = start;
  let groupOffset = length;
  let groupFirst = blobCount;
  let groupCrc = 0;
  let groupParts: { readonly firstIndex: number; readonly lines: Buffer }[] = [];
  const lookup = createCatalogLookup(handle, path, index);

  const uncommitted = (at: number): CatalogEntry | undefined => {
    const part = groupParts.findLast(({ firstIndex }) => firstIndex <= at);
    if (part === undefined) return undefined;
    const lines = part.lines.toString("utf8").split("\n");
    return parseCatalogLine(lines[at - part.firstIndex]!, at);
  };

  return {
    get blobCount() {
      return blobCount;
    },
    get totalBytes() {
      return totalBytes;
    },
    get lengthInBytes() {
      return length;
    },
    get groupLines() {
      return blobCount - groupFirst;
    },
    get groupLengthInBytes() {
      return length - groupOffset;
    },
    async append(added) {
      const { lines } = added;
      try {
        await writeFully(handle, lines, length);
      } catch (error) {
        // Whatever of the lines reached the file lies after the logical end; without this a later reader would see a torn line.
        await handle.truncate(length).catch(() => undefined);
        throw error;
      }
      groupParts.push({ firstIndex: blobCount, lines });
      added.names.forEach((name, at) => {
        names.add(name, blobCount + at);
      });
      catalogSha256.update(lines);
      groupCrc = continueCrc(lines, groupCrc);
      length += lines.length;
      blobCount += added.names.length;
      totalBytes += added.totalBytes;
    },
    async commit(rangeHashesLengthInBytes) {
      const line = formatCommitLine({
        blobs: blobCount,
        bytes: totalBytes,
        hashes: rangeHashesLengthInBytes,
        crc32: crcText(groupCrc),
      });
      await writeFully(handle, Buffer.from(line), length);
      await handle.datasync();
      catalogSha256.update(line);
      index.push([groupFirst, groupOffset]);
      length += line.length;
      groupOffset = length;
      groupFirst = blobCount;
      groupCrc = 0;
      groupParts = [];
    },
    async find(name) {
      for (const candidate of names.candidates(name)) {
        const entry = uncommitted(candidate) ?? (await lookup.entry(candidate));
        if (entry.blob.name === name) return entry;
      }
      return undefined;
    },
    sha256: () => catalogSha256.copy().digest("hex"),
  };
}
