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
import { entryTypes, type PackedColumns, pathsOf } from "./tree-columns.js";
import type {
  BlobsReply,
  BundleReply,
  EncodedPiece,
  PlannedBundle,
  TreeReadingData,
  TreeSlot,
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
  readBlobs(entries: PackedColumns, slot: TreeSlot): BlobsReply;
  /** The entries of each bundle become one archive. */
  readBundles(bundles: readonly PlannedBundle[], slot: TreeSlot): readonly BundleReply[];
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
  const readEntry = (entries: PackedColumns, at: number, path: string, offset: number): boolean => {
    const size = entries.sizes[at]!;
    const type = entries.types[at]!;
    if (type === entryTypes.folder) return true;
    if (type === entryTypes.symlink) {
      memory.write(entries.details.get(at)!, offset, "utf8");
      return true;
    }
    let file: number | undefined;
    try {
      file = openSync(fullPathOf(root, path), "r");
      let done = 0;
      while (done < size) {
        const count = readSync(file, memory, offset + done, size - done, null);
        if (count === 0) return false;
        done += count;
      }
      const stats = fstatSync(file);
      return stats.size === size && stats.mtimeMs === entries.modifiedAtInMs[at];
    } catch {
      // The file is read again by itself, which also finds out what is wrong with it.
      return false;
    } finally {
      if (file !== undefined) closeSync(file);
    }
  };

  const metadataOf = (entries: PackedColumns, at: number, isEscaped: boolean): Record<string, string> => {
    const facts = { modifiedAtInMs: entries.modifiedAtInMs[at]!, mode: entries.modes[at]! };
    const attributes = attributesOf(facts, kinds[entries.types[at]!]!, data.keepAttributes);
    return isEscaped ? { ...attributes, [escapedNameMetadataName]: "true" } : attributes;
  };

  const clearAfter = (end: number): void => {
    memory.fill(0, end, Math.ceil(end / directUnitInBytes) * directUnitInBytes);
  };

  const readBlobs = (entries: PackedColumns, { slotOffset, slotSize }: TreeSlot): BlobsReply => {
    const { count } = entries;
    const paths = pathsOf(entries);
    const valid = new Uint8Array(count);
    const offsets = new Float64Array(count);
    const lengths = new Float64Array(count);
    const encodings: (string | undefined)[] = [];
    const rawLengths: number[] = [];
    const names: string[] = [];
    let end = 0;
    for (let at = 0; at < count; at += 1) {
      const isLink = entries.types[at] === entryTypes.symlink;
      const size = isLink ? Buffer.byteLength(entries.details.get(at)!) : entries.sizes[at]!;
      const name = namePrefix + blobNameFromPath(paths[at]!);
      names.push(name);
      if (blobNameProblem(name) !== undefined) continue;
      // Contents to be compressed are read to the end of the slot, the compressed ones are put together at its beginning.
      const read = compression === undefined ? end : slotSize - size;
      if (read < end || !readEntry(entries, at, paths[at]!, slotOffset + read)) continue;
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
      const metadata = metadataOf(entries, at, name !== namePrefix + paths[at]!);
      const contentEncoding = encodings[at];
      if (contentEncoding !== undefined) metadata[rawLengthMetadataName] = String(rawLengths[at]);
      const md5 = digests.toString("hex", rangeHashSizeInBytes * at, rangeHashSizeInBytes * (at + 1));
      const modifiedAtInMs = Math.floor(entries.modifiedAtInMs[at]!);
      const head = catalogLineHead(name, lengths[at]!, modifiedAtInMs, md5);
      heads += `${head}\n`;
      tails += catalogLineTail(contentEncoding === undefined ? noTexts : { contentEncoding }, metadata);
    }
    return { valid, offsets, lengths, heads, tails, lengthInBytes: end };
  };

  /** Puts an archive of the entries to a place of the slot. */
  const readArchive = (
    { name, entries }: PlannedBundle,
    start: number,
  ): { readonly valid: Uint8Array; readonly lengthInBytes: number; readonly index: string } => {
    const paths = pathsOf(entries);
    const valid = new Uint8Array(entries.count);
    const found: BundleIndexEntry[] = [];
    let end = 0;
    for (let at = 0; at < entries.count; at += 1) {
      const path = namePrefix + paths[at]!;
      const type = kinds[entries.types[at]!]!;
      const target = type === "symlink" ? entries.details.get(at)! : undefined;
      const sizeInBytes = type === "file" ? entries.sizes[at]! : 0;
      const offsetInBytes = end + tarHeaderSize(path, type, target);
      if (type === "file" && !readEntry(entries, at, paths[at]!, start + offsetInBytes)) continue;
      const mode = entries.modes[at]!;
      const modifiedAtInMs = entries.modifiedAtInMs[at]!;
      writeTarHeader(memory, start + end, { path, type, sizeInBytes, mode, modifiedAtInMs, target });
      end = offsetInBytes + tarPadded(sizeInBytes);
      memory.fill(0, start + offsetInBytes + sizeInBytes, start + end);
      valid[at] = 1;
      found.push({
        path,
        type,
        offsetInBytes,
        lengthInBytes: sizeInBytes,
        modifiedAtInMs,
        mode: mode & 0o7777,
        target,
      });
    }
    if (found.length === 0) return { valid, lengthInBytes: 0, index: "" };
    memory.fill(0, start + end, start + end + tarEndSizeInBytes);
    return { valid, lengthInBytes: end + tarEndSizeInBytes, index: formatBundleIndex(name, found) };
  };

  const readBundles = (
    bundles: readonly PlannedBundle[],
    { slotOffset, slotSize }: TreeSlot,
  ): readonly BundleReply[] => {
    let end = 0;
    const read = bundles.map((bundle) => {
      const archive = readArchive(bundle, slotOffset + end);
      const rawLengthInBytes = archive.lengthInBytes;
      const raw = memory.subarray(slotOffset + end, slotOffset + end + rawLengthInBytes);
      const packed = compress === undefined || rawLengthInBytes === 0 ? undefined : compress(raw);
      const isCompressed =
        packed !== undefined && isWorthwhile(compression!, rawLengthInBytes, packed.length);
      const lengthInBytes = isCompressed ? packed.length : rawLengthInBytes;
      if (end + lengthInBytes > slotSize) throw new RangeError("compressed bytes do not fit into the slot");
      if (isCompressed) memory.set(packed, slotOffset + end);
      clearAfter(slotOffset + end + lengthInBytes);
      const place = end;
      end = Math.ceil((end + lengthInBytes) / directUnitInBytes) * directUnitInBytes;
      return { ...archive, lengthInBytes, rawLengthInBytes, isCompressed, place };
    });

    // Archives of several bundles are hashed side by side. One longer than a range is hashed as a whole and by ranges.
    const offsets: number[] = [];
    const lengths: number[] = [];
    for (const { place, lengthInBytes } of read) {
      offsets.push(slotOffset + place);
      lengths.push(lengthInBytes);
      if (lengthInBytes <= defaultRangeSizeInBytes) continue;
      for (let start = 0; start < lengthInBytes; start += defaultRangeSizeInBytes) {
        offsets.push(slotOffset + place + start);
        lengths.push(Math.min(defaultRangeSizeInBytes, lengthInBytes - start));
      }
    }
    const digests = Buffer.from(hasher.digest(offsets, lengths));
    let digest = 0;
    const nextDigests = (count: number): Buffer => {
      digest += count * rangeHashSizeInBytes;
      return digests.subarray(digest - count * rangeHashSizeInBytes, digest);
    };
    return read.map(({ valid, index, lengthInBytes, rawLengthInBytes, isCompressed, place }) => {
      const whole = nextDigests(1);
      const ranges = Math.ceil(lengthInBytes / defaultRangeSizeInBytes);
      const rangeHashes = Uint8Array.from(ranges > 1 ? nextDigests(ranges) : whole);
      if (lengthInBytes === 0) return { valid, archive: undefined, index: undefined };
      const md5 = whole.toString("hex");
      const archive = { lengthInBytes, rawLengthInBytes, isCompressed, md5, rangeHashes, place };
      return { valid, archive, index: encodeApart(Buffer.from(index, "utf8")) };
    });
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
      place: bytes,
    };
  };

  return { readBlobs, readBundles };
}

const noTexts: Readonly<Record<string, string>> = Object.freeze({});

function md5Of(bytes: Uint8Array): Buffer {
  return createHash("md5").update(bytes).digest();
}
