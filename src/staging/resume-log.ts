/**
 * What an interrupted writer left: everything up to the last commit line is taken as it is, the lines after it only where
 * their bytes still have the recorded hashes; the rest is cut off.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open, readdir, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { type AbortOptions, syncFolder, systemErrorCode, throwIfAborted } from "../shared/index.js";
import { createBlobNameTable } from "./blob-name-table.js";
import { type CatalogEntry, parseCatalogLine } from "./catalog-entry.js";
import {
  continueCrc,
  crcText,
  damaged,
  formatCommitLine,
  readCatalogGroups,
  readCatalogHeader,
  readFully,
} from "./catalog-groups.js";
import { createContentHasher, rangeHashSizeInBytes } from "./content-hasher.js";
import { writeFully } from "./file-output.js";
import { countSeedBlobRanges } from "./seed-catalog.js";
import type { SeedDescriptor } from "./seed-descriptor.js";
import { blobFileNumber, blobFilePath, packNumber, packPath, type SeedLayout } from "./seed-layout.js";
import type { SeedLogStart } from "./seed-log.js";

/** Where a resumed writer goes on. */
export interface ResumedLog {
  readonly start: SeedLogStart;
  readonly nextFile: number;
}

const readSizeInBytes = 1024 * 1024;

/**
 * Repairs the files of an unsealed seed and finds their ends. May be repeated; needs the writer lock.
 *
 * @throws StagingError `catalog-damaged` when a committed part is not what was written
 */
export async function resumeLog(
  layout: SeedLayout,
  descriptor: SeedDescriptor,
  options: AbortOptions = {},
): Promise<ResumedLog> {
  const names = createBlobNameTable();
  const index: [number, number][] = [];
  const catalogSha256 = createHash("sha256");
  const packEnds = new Map<number, number>();
  const files = createNumberSet();
  let totals = { blobs: 0, bytes: 0, hashes: 0 };

  const take = (entry: CatalogEntry): void => {
    names.add(entry.blob.name, entry.blob.index);
    const { place } = entry;
    if (place.type === "file") files.add(place.file);
    if (place.type === "pack") {
      const end = place.offsetInBytes + entry.blob.lengthInBytes;
      packEnds.set(place.pack, Math.max(packEnds.get(place.pack) ?? 0, end));
    }
  };

  const handle = await open(layout.catalog, "r+");
  let catalogLength: number;
  try {
    catalogLength = await readCatalogHeader(handle, layout.catalog, descriptor.seedId);
    const header = Buffer.alloc(catalogLength);
    await readFully(handle, header, 0);
    catalogSha256.update(header);
    const groups = readCatalogGroups(handle, {
      path: layout.catalog,
      offsetInBytes: catalogLength,
      firstIndex: 0,
      uncommittedTail: "yield",
    });
    for await (const group of groups) {
      throwIfAborted(options.abortSignal);
      if (group.commit !== undefined) {
        group.lines.forEach((line, at) => {
          take(parseCatalogLine(line, group.firstIndex + at));
        });
        if (group.lines.length > 0) index.push([group.firstIndex, group.offsetInBytes]);
        const { blobs, bytes, hashes } = group.commit;
        totals = { blobs, bytes, hashes };
        catalogSha256.update(group.bytes);
        catalogLength = group.endInBytes;
        continue;
      }
      const kept = await checkTail(layout, group.lines, group.firstIndex, totals.hashes, options);
      if (kept.entries.length === 0) break;
      const bytes = Buffer.from(kept.lines.map((line) => `${line}\n`).join(""), "utf8");
      kept.entries.forEach(take);
      totals = {
        blobs: totals.blobs + kept.entries.length,
        bytes: kept.entries.reduce((sum, entry) => sum + entry.blob.lengthInBytes, totals.bytes),
        hashes: kept.rangeHashesLengthInBytes,
      };
      await syncTail(layout, kept.entries);
      const commit = formatCommitLine({ ...totals, crc32: crcText(continueCrc(bytes, 0)) });
      await writeFully(handle, Buffer.from(commit), catalogLength + bytes.length);
      index.push([group.firstIndex, catalogLength]);
      catalogSha256.update(bytes).update(commit);
      catalogLength += bytes.length + Buffer.byteLength(commit);
    }
    await handle.truncate(catalogLength);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await cutFile(layout.rangeHashes, totals.hashes);
  const nextPack = await cleanPacks(layout, packEnds);
  const nextFile = await cleanFiles(layout, files);
  return {
    start: {
      catalogLengthInBytes: catalogLength,
      rangeHashesLengthInBytes: totals.hashes,
      blobCount: totals.blobs,
      totalBytes: totals.bytes,
      nextPack,
      catalogSha256,
      names,
      index,
    },
    nextFile,
  };
}

interface CheckedTail {
  readonly lines: readonly string[];
  readonly entries: readonly CatalogEntry[];
  readonly rangeHashesLengthInBytes: number;
}

/** The leading lines of the uncommitted tail whose content is really there. */
async function checkTail(
  layout: SeedLayout,
  lines: readonly string[],
  firstIndex: number,
  rangeHashesLengthInBytes: number,
  options: AbortOptions,
): Promise<CheckedTail> {
  const entries: CatalogEntry[] = [];
  let hashesEnd = rangeHashesLengthInBytes;
  for (const line of lines) {
    throwIfAborted(options.abortSignal);
    let entry: CatalogEntry;
    try {
      entry = parseCatalogLine(line, firstIndex + entries.length);
    } catch {
      break;
    }
    if (!(await contentMatches(layout, entry))) break;
    if (entry.hashesOffsetInBytes !== undefined) {
      hashesEnd = entry.hashesOffsetInBytes + countSeedBlobRanges(entry.blob) * rangeHashSizeInBytes;
    }
    entries.push(entry);
  }
  return { lines: lines.slice(0, entries.length), entries, rangeHashesLengthInBytes: hashesEnd };
}

async function contentMatches(layout: SeedLayout, entry: CatalogEntry): Promise<boolean> {
  const { blob, place } = entry;
  if (place.type === "empty" || place.type === "adopted" || blob.md5 === undefined) return true;
  const path = place.type === "pack" ? packPath(layout, place.pack) : blobFilePath(layout, place.file);
  const start = place.type === "pack" ? place.offsetInBytes : 0;
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    if (place.type === "file" && (await handle.stat()).size !== blob.lengthInBytes) return false;
    const hasher = createContentHasher(blob.rangeSizeInBytes);
    const buffer = Buffer.alloc(Math.min(readSizeInBytes, blob.lengthInBytes));
    const pass = async (from: number, to: number, isHole: boolean): Promise<boolean> => {
      for (let offset = from; offset < to; offset += buffer.length) {
        const target = buffer.subarray(0, Math.min(buffer.length, to - offset));
        if ((await readFully(handle!, target, start + offset)) !== target.length) return false;
        if (isHole) hasher.skip(target);
        else hasher.append(target);
      }
      return true;
    };
    let position = 0;
    for (const stretch of blob.dataStretches ?? [{ offsetInBytes: 0, lengthInBytes: blob.lengthInBytes }]) {
      const end = stretch.offsetInBytes + stretch.lengthInBytes;
      if (!(await pass(position, stretch.offsetInBytes, true))) return false;
      if (!(await pass(stretch.offsetInBytes, end, false))) return false;
      position = end;
    }
    if (!(await pass(position, blob.lengthInBytes, true))) return false;
    const hashes = hasher.finish();
    if (hashes.md5 !== blob.md5) return false;
    return (
      entry.hashesOffsetInBytes === undefined || (await storedHashesMatch(layout, entry, hashes.rangeHashes))
    );
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw error;
  } finally {
    await handle?.close();
  }
}

async function storedHashesMatch(
  layout: SeedLayout,
  entry: CatalogEntry,
  expected: Uint8Array,
): Promise<boolean> {
  const handle = await open(layout.rangeHashes, "r");
  try {
    const stored = new Uint8Array(expected.length);
    const length = await readFully(handle, stored, entry.hashesOffsetInBytes!);
    return length === stored.length && Buffer.compare(stored, expected) === 0;
  } finally {
    await handle.close();
  }
}

async function syncTail(layout: SeedLayout, entries: readonly CatalogEntry[]): Promise<void> {
  const paths = new Set([layout.rangeHashes]);
  for (const { place } of entries) {
    if (place.type === "pack") paths.add(packPath(layout, place.pack));
    if (place.type === "file") paths.add(blobFilePath(layout, place.file));
  }
  for (const path of paths) {
    const handle = await open(path, "r+");
    try {
      await handle.datasync();
    } finally {
      await handle.close();
    }
    if (path !== layout.rangeHashes) await syncFolder(join(path, ".."));
  }
  await syncFolder(layout.folder);
}

/** Cuts a file; refuses one that is shorter, because its recorded end is missing. */
async function cutFile(path: string, lengthInBytes: number): Promise<void> {
  const { size } = await stat(path);
  if (size < lengthInBytes) throw damaged(path, size, `it should have at least ${lengthInBytes} bytes`);
  if (size > lengthInBytes) await truncate(path, lengthInBytes);
}

/** Cuts packs after their last recorded byte and removes those without one; returns the number of the next pack. */
async function cleanPacks(layout: SeedLayout, ends: ReadonlyMap<number, number>): Promise<number> {
  let next = 0;
  for (const pack of ends.keys()) next = Math.max(next, pack + 1);
  for (const name of await namesIn(layout.packsFolder)) {
    const pack = packNumber(name);
    if (pack === undefined) continue;
    const end = ends.get(pack);
    if (end === undefined) await rm(packPath(layout, pack), { force: true });
    else await cutFile(packPath(layout, pack), end);
  }
  return next;
}

/** Removes files that no catalog line names, finished or not; returns the number of the next file. */
async function cleanFiles(layout: SeedLayout, recorded: NumberSet): Promise<number> {
  for (const folder of await namesIn(layout.blobsFolder)) {
    for (const name of await namesIn(join(layout.blobsFolder, folder))) {
      const file = blobFileNumber(name);
      if (file !== undefined && (name.endsWith(".part") || !recorded.has(file))) {
        await rm(join(layout.blobsFolder, folder, name), { force: true });
      }
    }
  }
  return recorded.end();
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemErrorCode(error) ?? "")) return [];
    throw error;
  }
}

interface NumberSet {
  add(value: number): void;
  has(value: number): boolean;
  /** One more than the largest member. */
  end(): number;
}

/** A set of small numbers, one bit each: a seed may have millions of large blobs. */
function createNumberSet(): NumberSet {
  let bits = new Uint8Array(1024);
  let end = 0;
  return {
    add(value) {
      if (value >> 3 >= bits.length) {
        const larger = new Uint8Array(Math.max(bits.length * 2, (value >> 3) + 1));
        larger.set(bits);
        bits = larger;
      }
      bits[value >> 3]! |= 1 << (value & 7);
      end = Math.max(end, value + 1);
    },
    has: (value) => value >> 3 < bits.length && (bits[value >> 3]! & (1 << (value & 7))) !== 0,
    end: () => end,
  };
}
