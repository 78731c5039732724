/** What the parts of staging a tree share, and how small files reach the seed in batches. */
import type { AbortSignalLike } from "../shared/index.js";
import { throwIfAborted } from "../shared/index.js";
import { defaultRangeSizeInBytes } from "./blob-limits.js";
import { blobNameFromPath } from "./blob-name.js";
import {
  type BundleIndexEntry,
  type BundleItem,
  bundleIndexMetadataName,
  bundleIndexName,
  bundleMetadataName,
  bundleName,
  formatBundleIndex,
  type PlannedBundle,
} from "./bundle.js";
import {
  compressBytes,
  contentEncodingOf,
  isWorthwhile,
  type ResolvedCompression,
  rawLengthMetadataName,
} from "./compression.js";
import { rangeHashSizeInBytes } from "./content-hasher.js";
import type { PreparedBlob, SeedWriterInternals } from "./seed-writer.js";
import { tarEndSizeInBytes, tarHeaderSize, tarPadded, writeTarHeader } from "./tar-header.js";
import type { TreeWorkers } from "./tree-workers.js";
import { zstdIsBuiltIn } from "./zstd.js";

/** A file whose facts are known. */
export interface KnownFile {
  /** Relative to the source folder. */
  readonly path: string;
  readonly fullPath: string;
  readonly name: string;
  readonly sizeInBytes: number;
  readonly modifiedAtInMs: number;
  readonly mode: number;
}

/** Shared by the parts of staging a tree. */
export interface TreeStager {
  readonly internals: SeedWriterInternals;
  readonly workers: TreeWorkers;
  readonly namePrefix: string;
  readonly compression: ResolvedCompression | undefined;
  readonly abortSignal: AbortSignalLike | undefined;
  readonly buffers: BufferPool;
  readonly metadataOf: (file: KnownFile) => Readonly<Record<string, string>>;
  /** A file could not be read as it was known to be: it is staged by itself, which also finds out what is wrong. */
  readonly stageSingly: (path: string, fullPath: string) => Promise<void>;
  readonly onStaged: (path: string, files: number, sourceBytes: number) => void;
  readonly onFailed: (path: string, error: unknown) => void;
}

/** Buffers that are used again, because fresh ones cost a page fault every 4 KiB. */
export interface BufferPool {
  take(lengthInBytes: number): ArrayBuffer;
  give(buffer: ArrayBuffer): void;
}

/** Creates a pool that keeps a few buffers of one length. */
export function createBufferPool(kept: number): BufferPool {
  const free: ArrayBuffer[] = [];
  return {
    take(lengthInBytes) {
      const at = free.findIndex((buffer) => buffer.byteLength === lengthInBytes);
      return at >= 0 ? free.splice(at, 1)[0]! : new ArrayBuffer(lengthInBytes);
    },
    give(buffer) {
      if (buffer.byteLength > 0 && free.length < kept) free.push(buffer);
    },
  };
}

/** Bytes of small files that are read with one message. */
export const batchSizeInBytes: number = 4 * 1024 * 1024;
/** Small files that are read with one message. */
export const batchFiles = 256;

/** Reads, compresses, hashes and records small files, each as its own blob. */
export async function stageSmallFiles(stager: TreeStager, files: readonly KnownFile[]): Promise<void> {
  throwIfAborted(stager.abortSignal);
  const { compression } = stager;
  const inThread = compression !== undefined && threadsCompress(compression);
  const offsets = new Float64Array(files.length);
  let length = 0;
  files.forEach((file, at) => {
    offsets[at] = length;
    length += file.sizeInBytes;
  });
  const reply = await stager.workers.read({
    paths: files.map((file) => file.fullPath),
    offsets,
    sizes: Float64Array.from(files, (file) => file.sizeInBytes),
    times: Float64Array.from(files, (file) => file.modifiedAtInMs),
    buffer: stager.buffers.take(batchSizeInBytes),
    hashes: compression === undefined || inThread,
    compression: inThread ? compression : undefined,
  });
  try {
    const contents = Buffer.from(reply.buffer);
    const digests = reply.digests === undefined ? undefined : Buffer.from(reply.digests);
    const valid = files.map((_file, at) => at).filter((at) => reply.valid[at] === 1);
    const blobs: PreparedBlob[] = [];
    for (const at of valid) {
      const file = files[at]!;
      const raw = contents.subarray(offsets[at]!, offsets[at]! + file.sizeInBytes);
      let encoded = reply.parts?.[at];
      if (compression !== undefined && !inThread && raw.length > 0) {
        const compressed = await compressBytes(raw, compression);
        if (isWorthwhile(compression, raw.length, compressed.length)) encoded = compressed;
      }
      const bytes = encoded ?? raw;
      blobs.push({
        name: file.name,
        headers: encoded === undefined ? noHeaders : encodedHeaders(compression!),
        metadata:
          encoded === undefined
            ? stager.metadataOf(file)
            : { ...stager.metadataOf(file), [rawLengthMetadataName]: String(raw.length) },
        modifiedAtInMs: file.modifiedAtInMs,
        md5: digests?.toString("hex", 16 * at, 16 * at + 16) ?? (await hashInThread(stager, bytes)).md5,
        rangeHashes: undefined,
        bytes,
      });
    }
    const results = await stager.internals.recordPrepared(blobs);
    results.forEach((result, position) => {
      const file = files[valid[position]!]!;
      if (result.status === "fulfilled") stager.onStaged(file.path, 1, file.sizeInBytes);
      else stager.onFailed(file.path, result.reason);
    });
  } finally {
    stager.buffers.give(reply.buffer);
  }
  for (let at = 0; at < files.length; at += 1) {
    if (reply.valid[at] !== 1) await stager.stageSingly(files[at]!.path, files[at]!.fullPath);
  }
}

/** Reads the files of a bundle, makes the archive around them, and records it with its index. */
export async function stageBundle(
  stager: TreeStager,
  plan: PlannedBundle,
  number: number,
  maxBytes: number,
): Promise<void> {
  throwIfAborted(stager.abortSignal);
  const { namePrefix } = stager;
  const contentOffset = (item: BundleItem, headerOffset: number): number =>
    headerOffset + tarHeaderSize(namePrefix + item.path, item.type, item.target);
  const positions = plan.items.flatMap((item, at) => (item.type === "file" ? [at] : []));
  const reply = await stager.workers.read({
    paths: positions.map((at) => plan.items[at]!.fullPath),
    offsets: Float64Array.from(positions, (at) => contentOffset(plan.items[at]!, plan.headerOffsets[at]!)),
    sizes: Float64Array.from(positions, (at) => plan.items[at]!.sizeInBytes),
    times: Float64Array.from(positions, (at) => plan.items[at]!.modifiedAtInMs),
    // A single file may need more room than bundles usually have.
    buffer: stager.buffers.take(Math.max(maxBytes, plan.lengthInBytes)),
    hashes: false,
    compression: undefined,
  });
  let { buffer } = reply;
  const unreadable = new Set(positions.filter((_at, position) => reply.valid[position] !== 1));
  const entries: BundleIndexEntry[] = [];
  let sourceBytes = 0;
  try {
    const archive = Buffer.from(buffer);
    let end = 0;
    plan.items.forEach((item, at) => {
      if (unreadable.has(at)) return;
      const path = namePrefix + item.path;
      const offsetInBytes = contentOffset(item, end);
      const readTo = contentOffset(item, plan.headerOffsets[at]!);
      // Only after a file that could not be read do the following ones move up.
      if (readTo !== offsetInBytes) archive.copyWithin(offsetInBytes, readTo, readTo + item.sizeInBytes);
      writeTarHeader(archive, end, { ...item, path });
      end = offsetInBytes + tarPadded(item.sizeInBytes);
      archive.fill(0, offsetInBytes + item.sizeInBytes, end);
      sourceBytes += item.sizeInBytes;
      entries.push({
        path,
        type: item.type,
        offsetInBytes,
        lengthInBytes: item.sizeInBytes,
        modifiedAtInMs: item.modifiedAtInMs,
        mode: item.mode & 0o7777,
        target: item.target,
      });
    });
    archive.fill(0, end, end + tarEndSizeInBytes);
    if (entries.length > 0) {
      const length = end + tarEndSizeInBytes;
      const name = bundleName(namePrefix, number);
      const archiveBlob = await encodeInThread(stager, name, buffer, length, "application/x-tar", {
        [bundleMetadataName]: "tar",
      });
      buffer = archiveBlob.buffer;
      const index = Buffer.from(formatBundleIndex(name, entries), "utf8");
      const indexBlob = await encodeInThread(
        stager,
        bundleIndexName(name),
        Uint8Array.from(index).buffer,
        index.length,
        "application/x-ndjson",
        { [bundleIndexMetadataName]: "1" },
      );
      const modifiedAtInMs = entries.reduce((latest, entry) => Math.max(latest, entry.modifiedAtInMs), 0);
      const results = await stager.internals.recordPrepared(
        [archiveBlob, indexBlob].map(({ blob }) => ({ ...blob, modifiedAtInMs })),
      );
      const failed = results.find((result) => result.status === "rejected");
      if (failed === undefined) stager.onStaged(name, entries.length, sourceBytes);
      else for (const entry of entries) stager.onFailed(entry.path.slice(namePrefix.length), failed.reason);
    }
  } finally {
    stager.buffers.give(buffer);
  }
  for (const at of unreadable) await stager.stageSingly(plan.items[at]!.path, plan.items[at]!.fullPath);
}

/** The name of a file's own blob. */
export function blobNameOf(namePrefix: string, path: string): string {
  return namePrefix + blobNameFromPath(path);
}

interface EncodedBlob {
  readonly blob: PreparedBlob;
  /** To be given back once the blob is recorded. */
  readonly buffer: ArrayBuffer;
}

/** Compresses and hashes a blob outside this thread. */
async function encodeInThread(
  stager: TreeStager,
  name: string,
  buffer: ArrayBuffer,
  lengthInBytes: number,
  contentType: string,
  metadata: Readonly<Record<string, string>>,
): Promise<EncodedBlob> {
  const { compression } = stager;
  let encoded: Uint8Array | undefined;
  let hashes: Hashes;
  let returned = buffer;
  if (compression === undefined || threadsCompress(compression)) {
    const reply = await stager.workers.encode({
      buffer,
      length: lengthInBytes,
      compression,
      rangeSize: defaultRangeSizeInBytes,
    });
    encoded = reply.encoded;
    returned = reply.buffer;
    hashes = { md5: Buffer.from(reply.whole).toString("hex"), rangeHashes: reply.rangeHashes };
  } else {
    const raw = new Uint8Array(buffer, 0, lengthInBytes);
    const compressed = await compressBytes(raw, compression);
    if (isWorthwhile(compression, lengthInBytes, compressed.length)) encoded = compressed;
    hashes = await hashInThread(stager, encoded ?? raw);
  }
  const bytes = encoded ?? new Uint8Array(returned, 0, lengthInBytes);
  return {
    buffer: returned,
    blob: {
      name,
      headers: { contentType, ...(encoded === undefined ? {} : encodedHeaders(compression!)) },
      metadata:
        encoded === undefined ? metadata : { ...metadata, [rawLengthMetadataName]: String(lengthInBytes) },
      modifiedAtInMs: 0,
      md5: hashes.md5,
      rangeHashes: hashes.rangeHashes.length > rangeHashSizeInBytes ? hashes.rangeHashes : undefined,
      bytes,
    },
  };
}

interface Hashes {
  readonly md5: string;
  readonly rangeHashes: Uint8Array;
}

async function hashInThread(stager: TreeStager, bytes: Uint8Array): Promise<Hashes> {
  const { whole, rangeHashes } = await stager.workers.encode({
    buffer: Uint8Array.from(bytes).buffer,
    length: bytes.length,
    compression: undefined,
    rangeSize: defaultRangeSizeInBytes,
  });
  return { md5: Buffer.from(whole).toString("hex"), rangeHashes };
}

/** The threads know only what Node itself can do. */
function threadsCompress(compression: ResolvedCompression): boolean {
  return compression.method !== "zstd" || zstdIsBuiltIn;
}

const noHeaders = Object.freeze({});

function encodedHeaders(compression: ResolvedCompression): { readonly contentEncoding: string } {
  return { contentEncoding: contentEncodingOf(compression.method) };
}
