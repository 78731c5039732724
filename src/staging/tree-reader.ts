/** Reads the files of a batch into a slot of shared memory, compresses and hashes them. Runs in a thread. */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { createMd5Hasher, type Md5Hasher, md5ScratchInBytes, openArena } from "../diskprep/kernels/index.js";
import { defaultRangeSizeInBytes } from "./blob-limits.js";
import { blobNameFromPath, blobNameProblem } from "./blob-name.js";
import { type BundleIndexEntry, formatBundleIndex } from "./bundle.js";
import { catalogLineHead, catalogLineTail } from "./catalog-entry.js";
import { contentEncodingOf, isWorthwhile, rawLengthMetadataName } from "./compression-choice.js";
import { rangeHashSizeInBytes } from "./content-hasher.js";
import { fullPathOf } from "./directory-walk.js";
import { attributesOf, escapedNameMetadataName } from "./file-attributes.js";
import { directUnitInBytes } from "./seed-layout.js";
import { tarEndSizeInBytes, tarHeaderSize, tarPadded, writeTarHeader } from "./tar-header.js";
import type { ThreadCompressor } from "./thread-compression.js";
import {
  type BlobsReply,
  type BundleReply,
  type EncodedPiece,
  entryTypes,
  type ReadTreeTask,
  type TreeReadingData,
} from "./tree-task.js";

/** Bytes at the beginning of the shared memory that are no slot. */
export const scratchSizeInBytes = 65_536;

const bytesForEachScratch = Math.ceil(md5ScratchInBytes / 64) * 64;
const kinds = ["file", "folder", "symlink"] as const;

/** Threads that one scratch area has room for. */
export const maximumReaders: number = Math.floor(scratchSizeInBytes / bytesForEachScratch);

/** Reads batches. */
export interface TreeReader {
  /** Each entry becomes a blob. */
  readBlobs(task: ReadTreeTask): BlobsReply;
  /** All entries become one archive. */
  readBundle(task: ReadTreeTask, bundle: string): BundleReply;
}

/** Creates the reader of one thread. The compressor is there when the data ask for compression. */
export function createTreeReader(
  root: string,
  data: TreeReadingData,
  threadNumber: number,
  compress: ThreadCompressor | undefined,
): TreeReader {
  const { namePrefix, compression } = data;
  const arena = openArena(data.memory);
  const memory = Buffer.from(arena.bytes.buffer as ArrayBuffer);
  const hasher: Md5Hasher = createMd5Hasher(arena, threadNumber * bytesForEachScratch);

  /** Reads an entry to a place of the memory; false when it is not as it was listed. */
  const readEntry = (task: ReadTreeTask, at: number, offset: number): boolean => {
    const size = task.sizes[at]!;
    const type = task.types[at]!;
    if (type === entryTypes.folder) return true;
    if (type === entryTypes.symlink) {
      memory.write(task.targets[at]!, offset, "utf8");
      return true;
    }
    let file: number | undefined;
    try {
      file = openSync(fullPathOf(root, task.paths[at]!), "r");
      let done = 0;
      while (done < size) {
        const count = readSync(file, memory, offset + done, size - done, null);
        if (count === 0) return false;
        done += count;
      }
      const stats = fstatSync(file);
      return stats.size === size && stats.mtimeMs === task.modifiedAtInMs[at];
    } catch {
      // The file is read again by itself, which also finds out what is wrong with it.
      return false;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  };

  const metadataOf = (task: ReadTreeTask, at: number, isEscaped: boolean): Record<string, string> => {
    const facts = { modifiedAtInMs: task.modifiedAtInMs[at]!, mode: task.modes[at]! };
    const attributes = attributesOf(facts, kinds[task.types[at]!]!, data.keepAttributes);
    return isEscaped ? { ...attributes, [escapedNameMetadataName]: "true" } : attributes;
  };

  const clearAfter = (end: number): void => {
    memory.fill(0, end, Math.ceil(end / directUnitInBytes) * directUnitInBytes);
  };

  const readBlobs = (task: ReadTreeTask): BlobsReply => {
    const { slotOffset, slotSize } = task;
    const count = task.paths.length;
    const valid = new Uint8Array(count);
    const offsets = new Float64Array(count);
    const lengths = new Float64Array(count);
    const encodings: (string | undefined)[] = [];
    const rawLengths: number[] = [];
    const names: string[] = [];
    let end = 0;
    for (let at = 0; at < count; at += 1) {
      const isLink = task.types[at] === entryTypes.symlink;
      const size = isLink ? Buffer.byteLength(task.targets[at]!) : task.sizes[at]!;
      const name = namePrefix + blobNameFromPath(task.paths[at]!);
      names.push(name);
      if (blobNameProblem(name) !== undefined) continue;
      // Contents to be compressed are read to the end of the slot, the compressed ones are put together at its beginning.
      const read = compression === undefined ? end : slotSize - size;
      if (read < end || !readEntry(task, at, slotOffset + read)) continue;
      let length = size;
      if (compression !== undefined) {
        const raw = memory.subarray(slotOffset + read, slotOffset + read + size);
        const packed = size === 0 ? undefined : compress!(raw);
        const chosen = packed !== undefined && isWorthwhile(compression, size, packed.length) ? packed : raw;
        if (end + chosen.length > slotSize) continue;
        memory.set(chosen, slotOffset + end);
        length = chosen.length;
        if (chosen === packed) {
          encodings[at] = contentEncodingOf(compression.method);
          rawLengths[at] = size;
        }
      }
      valid[at] = 1;
      offsets[at] = end;
      lengths[at] = length;
      end += length;
    }
    clearAfter(slotOffset + end);
    const digests = Buffer.from(
      hasher.digest(
        offsets.map((offset) => slotOffset + offset),
        lengths,
      ),
    );
    let heads = "";
    let tails = "";
    for (let at = 0; at < count; at += 1) {
      if (valid[at] !== 1) {
        heads += "\n";
        tails += "\n";
        continue;
      }
      const name = names[at]!;
      const metadata = metadataOf(task, at, name !== namePrefix + task.paths[at]!);
      const contentEncoding = encodings[at];
      if (contentEncoding !== undefined) metadata[rawLengthMetadataName] = String(rawLengths[at]);
      const md5 = digests.toString("hex", rangeHashSizeInBytes * at, rangeHashSizeInBytes * (at + 1));
      const modifiedAtInMs = Math.floor(task.modifiedAtInMs[at]!);
      const head = catalogLineHead(name, lengths[at]!, modifiedAtInMs, md5);
      heads += `${head}\n`;
      tails += catalogLineTail(contentEncoding === undefined ? noTexts : { contentEncoding }, metadata);
    }
    return { valid, offsets, lengths, heads, tails, lengthInBytes: end };
  };

  /** Compresses and hashes what lies at the beginning of a slot. */
  const encodeInSlot = (slotOffset: number, slotSize: number, rawLengthInBytes: number): EncodedPiece => {
    const raw = memory.subarray(slotOffset, slotOffset + rawLengthInBytes);
    const packed = compression === undefined ? undefined : compress!(raw);
    const isCompressed = packed !== undefined && isWorthwhile(compression!, rawLengthInBytes, packed.length);
    const lengthInBytes = isCompressed ? packed.length : rawLengthInBytes;
    if (lengthInBytes > slotSize) throw new RangeError("compressed bytes do not fit where the raw ones were");
    if (isCompressed) memory.set(packed, slotOffset);
    clearAfter(slotOffset + lengthInBytes);
    const ranges = Math.ceil(lengthInBytes / defaultRangeSizeInBytes);
    const offsets: number[] = [];
    const lengths: number[] = [];
    for (let range = 0; range < ranges; range += 1) {
      const start = range * defaultRangeSizeInBytes;
      offsets.push(slotOffset + start);
      lengths.push(Math.min(defaultRangeSizeInBytes, lengthInBytes - start));
    }
    if (ranges !== 1) {
      offsets.push(slotOffset);
      lengths.push(lengthInBytes);
    }
    const digests = Buffer.from(hasher.digest(offsets, lengths));
    return {
      lengthInBytes,
      rawLengthInBytes,
      isCompressed,
      md5: digests.toString("hex", digests.length - rangeHashSizeInBytes),
      rangeHashes: digests.subarray(0, ranges * rangeHashSizeInBytes),
      bytes: undefined,
    };
  };

  const readBundle = (task: ReadTreeTask, bundle: string): BundleReply => {
    const { slotOffset, slotSize } = task;
    const count = task.paths.length;
    const valid = new Uint8Array(count);
    const entries: BundleIndexEntry[] = [];
    let end = 0;
    for (let at = 0; at < count; at += 1) {
      const path = namePrefix + task.paths[at]!;
      const type = kinds[task.types[at]!]!;
      const target = type === "symlink" ? task.targets[at]! : undefined;
      const sizeInBytes = type === "file" ? task.sizes[at]! : 0;
      const offsetInBytes = end + tarHeaderSize(path, type, target);
      if (type === "file" && !readEntry(task, at, slotOffset + offsetInBytes)) continue;
      const mode = task.modes[at]!;
      const modifiedAtInMs = task.modifiedAtInMs[at]!;
      writeTarHeader(memory, slotOffset + end, { path, type, sizeInBytes, mode, modifiedAtInMs, target });
      end = offsetInBytes + tarPadded(sizeInBytes);
      memory.fill(0, slotOffset + offsetInBytes + sizeInBytes, slotOffset + end);
      valid[at] = 1;
      entries.push({
        path,
        type,
        offsetInBytes,
        lengthInBytes: sizeInBytes,
        modifiedAtInMs,
        mode: mode & 0o7777,
        target,
      });
    }
    if (entries.length === 0) return { valid, archive: undefined, index: undefined };
    memory.fill(0, slotOffset + end, slotOffset + end + tarEndSizeInBytes);
    const archive = encodeInSlot(slotOffset, slotSize, end + tarEndSizeInBytes);
    return { valid, archive, index: encodeApart(Buffer.from(formatBundleIndex(bundle, entries), "utf8")) };
  };

  /** Compresses and hashes bytes outside the slot. */
  const encodeApart = (raw: Buffer): EncodedPiece => {
    const packed = compression === undefined ? undefined : compress!(raw);
    const isCompressed = packed !== undefined && isWorthwhile(compression!, raw.length, packed.length);
    const bytes = isCompressed ? packed : raw;
    const rangeHashes: Buffer[] = [];
    for (let start = 0; start < bytes.length; start += defaultRangeSizeInBytes) {
      rangeHashes.push(md5Of(bytes.subarray(start, start + defaultRangeSizeInBytes)));
    }
    return {
      lengthInBytes: bytes.length,
      rawLengthInBytes: raw.length,
      isCompressed,
      md5: (rangeHashes.length === 1 ? rangeHashes[0]! : md5Of(bytes)).toString("hex"),
      rangeHashes: Buffer.concat(rangeHashes),
      bytes,
    };
  };

  return { readBlobs, readBundle };
}

const noTexts: Readonly<Record<string, string>> = Object.freeze({});

function md5Of(bytes: Uint8Array): Buffer {
  return createHash("md5").update(bytes).digest();
}
