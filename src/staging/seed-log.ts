/**
 * The append-only part of a seed: small contents go into packs, range hashes into one file, and a line into the catalog.
 *
 * Order of the writes (docs/formats/seed-catalog.md, "Durability"):
 * 1. bytes of the blob, 2. its range hashes, 3. its catalog line: handed to the system before the caller is told "staged";
 *    after a killed process all three are there, and a reader of unfinished catalogs checks them again;
 * 4. every second or 64 MiB: fsync of packs, files, folders and hashes, then a commit line, then fsync of the catalog:
 *    after a power failure everything before the last commit line is there.
 */
import { createHash, type Hash } from "node:crypto";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "../shared/index.js";
import { type BlobNameTable, createBlobNameTable } from "./blob-name-table.js";
import { type CatalogEntry, formatCatalogLine, type StagedPlace } from "./catalog-entry.js";
import {
  continueCrc,
  crcText,
  formatCommitLine,
  groupBytesToCommit,
  maximumGroupLines,
} from "./catalog-groups.js";
import { createCatalogLookup } from "./catalog-lookup.js";
import { isStagingError, StagingError, stagingErrorFrom } from "./errors.js";
import { writeFully } from "./file-output.js";
import type { SeedBlob } from "./seed-catalog.js";
import { packPath, type SeedLayout } from "./seed-layout.js";

const packSizeInBytes = 256 * 1024 * 1024;
const batchSizeInBytes = 8 * 1024 * 1024;
const batchLines = 1024;
const commitAfterBytes = 64 * 1024 * 1024;
const commitAfterFiles = 32;
const commitAfterMs = 1000;

/** A blob that is hashed and only needs to be recorded. */
export interface PendingBlob {
  readonly blob: Omit<SeedBlob, "index">;
  /** Undefined when there is none to store (see `hashOfWholeIsRangeHash`). */
  readonly rangeHashes: Uint8Array | undefined;
  readonly content:
    | { readonly type: "bytes"; readonly bytes: Uint8Array }
    | { readonly type: "file"; readonly file: number; readonly handle: FileHandle; readonly folder: string }
    | { readonly type: "place"; readonly place: StagedPlace };
}

/** Where an existing seed's files end; what a resumed writer goes on from. */
export interface SeedLogStart {
  readonly catalogLengthInBytes: number;
  readonly rangeHashesLengthInBytes: number;
  readonly blobCount: number;
  readonly totalBytes: number;
  readonly nextPack: number;
  /** Continued over everything appended. */
  readonly catalogSha256: Hash;
  readonly names: BlobNameTable;
  readonly index: [firstIndex: number, offsetInBytes: number][];
}

/** What the log has recorded durably. */
export interface SeedLogTotals {
  readonly blobCount: number;
  readonly totalBytes: number;
  readonly catalogLengthInBytes: number;
  readonly rangeHashesLengthInBytes: number;
  readonly catalogSha256: string;
  readonly index: readonly (readonly [number, number])[];
}

/** Appends blobs in batches. */
export interface SeedLog {
  /**
   * Resolves when the system has the blobs; see the order above. They become neighbours in the catalog. When one cannot be written, none
   * is recorded.
   */
  append(blobs: readonly PendingBlob[]): Promise<readonly CatalogEntry[]>;
  /** Resolves when everything appended before is durable. */
  flush(): Promise<SeedLogTotals>;
  find(name: string): Promise<CatalogEntry | undefined>;
  /** False when {@link find} would certainly find nothing. */
  mayHave(name: string): boolean;
  /** Flushes and closes the files. May be repeated. */
  close(): Promise<void>;
}

interface QueuedBlobs {
  readonly blobs: readonly PendingBlob[];
  readonly resolve: (entries: readonly CatalogEntry[]) => void;
  readonly reject: (error: unknown) => void;
}

interface FlushRequest {
  readonly afterSequence: number;
  readonly resolve: (totals: SeedLogTotals) => void;
  readonly reject: (error: unknown) => void;
}

/** An empty seed's start, after its header line. */
export function newSeedLogStart(header: string): SeedLogStart {
  return {
    catalogLengthInBytes: Buffer.byteLength(header),
    rangeHashesLengthInBytes: 0,
    blobCount: 0,
    totalBytes: 0,
    nextPack: 0,
    catalogSha256: createHash("sha256").update(header),
    names: createBlobNameTable(),
    index: [],
  };
}

/** Opens the files of a seed for appending. */
export async function openSeedLog(layout: SeedLayout, start: SeedLogStart): Promise<SeedLog> {
  const catalogHandle = await open(layout.catalog, "r+");
  let hashesHandle: FileHandle;
  try {
    hashesHandle = await open(layout.rangeHashes, "r+");
  } catch (error) {
    await catalogHandle.close();
    throw error;
  }
  const { names, index, catalogSha256 } = start;
  let catalogLength = start.catalogLengthInBytes;
  let hashesLength = start.rangeHashesLengthInBytes;
  let { blobCount, totalBytes, nextPack } = start;
  let pack: { handle: FileHandle; number: number; length: number } | undefined;

  // The group that has no commit line yet.
  let groupOffset = catalogLength;
  let groupCrc = 0;
  let groupEntries: CatalogEntry[] = [];
  let groupDataBytes = 0;
  let hashesChanged = false;
  const handlesToClose: FileHandle[] = [];
  const foldersToSync = new Set<string>();

  const queue: QueuedBlobs[] = [];
  const flushRequests: FlushRequest[] = [];
  let enqueued = 0;
  let settled = 0;
  let pumping: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let timeIsUp = false;
  let failure: unknown;
  let closed = false;
  const lookup = createCatalogLookup(catalogHandle, layout.catalog, index);

  const totals = (): SeedLogTotals => ({
    blobCount,
    totalBytes,
    catalogLengthInBytes: catalogLength,
    rangeHashesLengthInBytes: hashesLength,
    catalogSha256: catalogSha256.copy().digest("hex"),
    index,
  });

  const currentPack = async (): Promise<{ handle: FileHandle; number: number; length: number }> => {
    if (pack !== undefined && pack.length >= packSizeInBytes) {
      handlesToClose.push(pack.handle);
      pack = undefined;
    }
    if (pack === undefined) {
      await mkdir(layout.packsFolder, { recursive: true });
      pack = { handle: await open(packPath(layout, nextPack), "wx+"), number: nextPack, length: 0 };
      nextPack += 1;
      foldersToSync.add(layout.packsFolder).add(dirname(layout.packsFolder)).add(layout.folder);
    }
    return pack;
  };

  const writeBatch = async (batch: readonly QueuedBlobs[]): Promise<void> => {
    const contents: Uint8Array[] = [];
    const hashes: Uint8Array[] = [];
    const entries: CatalogEntry[] = [];
    const pendings = batch.flatMap(({ blobs }) => blobs);
    const small = pendings.some(({ blob, content }) => content.type === "bytes" && blob.lengthInBytes > 0);
    const target = small ? await currentPack() : undefined;
    let packOffset = target?.length ?? 0;
    let hashesOffset = hashesLength;
    let bytes = 0;
    for (const { blob, content, rangeHashes } of pendings) {
      let place: StagedPlace = { type: "empty" };
      if (content.type === "file") place = { type: "file", file: content.file };
      else if (content.type === "place") place = content.place;
      else if (content.bytes.length > 0) {
        place = { type: "pack", pack: target!.number, offsetInBytes: packOffset };
        contents.push(content.bytes);
        packOffset += content.bytes.length;
      }
      const hashesOffsetInBytes = rangeHashes === undefined ? undefined : hashesOffset;
      if (rangeHashes !== undefined) {
        hashes.push(rangeHashes);
        hashesOffset += rangeHashes.length;
      }
      bytes += blob.lengthInBytes;
      entries.push({
        blob: indexed(blob, blobCount + entries.length),
        place,
        hashesOffsetInBytes,
      });
    }
    const lines = Buffer.from(entries.map(formatCatalogLine).join(""), "utf8");
    try {
      let packEnd = target?.length ?? 0;
      for (const run of contiguous(contents)) {
        await writeFully(target!.handle, run, packEnd);
        packEnd += run.length;
      }
      if (hashes.length > 0) await writeFully(hashesHandle, joined(hashes), hashesLength);
      await writeFully(catalogHandle, lines, catalogLength);
    } catch (error) {
      // Whatever of the lines reached the file lies after the logical end; without this a later reader would see a torn line.
      await catalogHandle.truncate(catalogLength).catch(() => undefined);
      throw error;
    }
    if (target !== undefined) {
      groupDataBytes += packOffset - target.length;
      target.length = packOffset;
    }
    hashesChanged ||= hashes.length > 0;
    hashesLength = hashesOffset;
    catalogLength += lines.length;
    catalogSha256.update(lines);
    groupCrc = continueCrc(lines, groupCrc);
    blobCount += entries.length;
    totalBytes += bytes;
    for (let at = 0; at < pendings.length; at += 1) {
      const { content } = pendings[at]!;
      const entry = entries[at]!;
      names.add(entry.blob.name, entry.blob.index);
      groupEntries.push(entry);
      if (content.type === "file") {
        groupDataBytes += entry.blob.lengthInBytes;
        handlesToClose.push(content.handle);
        foldersToSync.add(content.folder).add(layout.blobsFolder).add(dirname(layout.blobsFolder));
      }
    }
    let first = 0;
    for (const queued of batch) {
      queued.resolve(entries.slice(first, first + queued.blobs.length));
      first += queued.blobs.length;
    }
    if (timer === undefined && !timeIsUp) {
      timer = setTimeout(() => {
        timer = undefined;
        timeIsUp = true;
        void pump();
      }, commitAfterMs);
      timer.unref();
    }
  };

  const commit = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    timeIsUp = false;
    if (groupEntries.length === 0) return;
    const toSync = [...handlesToClose];
    if (pack !== undefined) toSync.push(pack.handle);
    if (hashesChanged) toSync.push(hashesHandle);
    await Promise.all(toSync.map((handle) => handle.datasync()));
    await Promise.all([...foldersToSync].map((folder) => syncFolder(folder)));
    const line = formatCommitLine({
      blobs: blobCount,
      bytes: totalBytes,
      hashes: hashesLength,
      crc32: crcText(groupCrc),
    });
    await writeFully(catalogHandle, Buffer.from(line), catalogLength);
    await catalogHandle.datasync();
    await Promise.all(handlesToClose.splice(0).map((handle) => handle.close()));
    foldersToSync.clear();
    hashesChanged = false;
    catalogSha256.update(line);
    index.push([groupEntries[0]!.blob.index, groupOffset]);
    catalogLength += line.length;
    groupOffset = catalogLength;
    groupCrc = 0;
    groupEntries = [];
    groupDataBytes = 0;
  };

  const commitIsDue = (): boolean =>
    groupEntries.length > 0 &&
    (timeIsUp ||
      groupDataBytes >= commitAfterBytes ||
      groupEntries.length >= maximumGroupLines - batchLines ||
      catalogLength - groupOffset >= groupBytesToCommit ||
      handlesToClose.length >= commitAfterFiles ||
      flushRequests.some((request) => request.afterSequence <= settled));

  const takeBatch = (): QueuedBlobs[] => {
    let count = 0;
    let lines = 0;
    for (let bytes = 0; count < queue.length && lines < batchLines && bytes < batchSizeInBytes; count += 1) {
      const { blobs } = queue[count]!;
      lines += blobs.length;
      for (const { content } of blobs) if (content.type === "bytes") bytes += content.bytes.length;
    }
    return queue.splice(0, count);
  };

  const run = async (): Promise<void> => {
    while (failure === undefined) {
      const batch = takeBatch();
      if (batch.length > 0) {
        try {
          await writeBatch(batch);
        } catch (error) {
          const wrapped = stagingErrorFrom(error, "Writing to", layout.folder);
          for (const queued of batch) queued.reject(wrapped);
        }
        settled += batch.length;
      }
      if (commitIsDue()) {
        try {
          await commit();
        } catch (error) {
          // After a failed fsync nobody knows what is on the disk; only reading it again, as a resumed writer does, tells.
          failure = stagingErrorFrom(error, "Making durable", layout.folder);
          break;
        }
      }
      for (let at = flushRequests.length - 1; at >= 0; at -= 1) {
        if (flushRequests[at]!.afterSequence <= settled) flushRequests.splice(at, 1)[0]!.resolve(totals());
      }
      if (queue.length === 0 && !commitIsDue()) return;
    }
    for (const queued of queue.splice(0)) queued.reject(failure);
    for (const request of flushRequests.splice(0)) request.reject(failure);
  };

  const pump = (): Promise<void> => {
    pumping ??= run().finally(() => {
      pumping = undefined;
      if (failure === undefined && (queue.length > 0 || flushRequests.length > 0)) void pump();
    });
    return pumping;
  };

  const log: SeedLog = {
    append(blobs) {
      if (failure !== undefined) return Promise.reject(failure as Error);
      return new Promise((resolve, reject) => {
        enqueued += 1;
        queue.push({ blobs, resolve, reject });
        void pump();
      });
    },
    flush() {
      if (failure !== undefined) return Promise.reject(failure as Error);
      return new Promise((resolve, reject) => {
        flushRequests.push({ afterSequence: enqueued, resolve, reject });
        void pump();
      });
    },
    mayHave: (name) => names.candidates(name).length > 0,
    async find(name) {
      for (const candidate of names.candidates(name)) {
        const recent = groupEntries[candidate - (blobCount - groupEntries.length)];
        const entry = recent ?? (await lookup.entry(candidate));
        if (entry.blob.name === name) return entry;
      }
      return undefined;
    },
    async close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      try {
        if (failure === undefined) await log.flush();
      } finally {
        await pumping;
        const handles = [...handlesToClose.splice(0), catalogHandle, hashesHandle];
        if (pack !== undefined) handles.push(pack.handle);
        await Promise.all(handles.map((handle) => handle.close().catch(() => undefined)));
      }
    },
  };
  return Object.freeze(log);
}

/** Written out: copying objects with spread costs more than hashing a small file. */
function indexed(blob: Omit<SeedBlob, "index">, index: number): SeedBlob {
  return Object.freeze({
    index,
    name: blob.name,
    kind: blob.kind,
    lengthInBytes: blob.lengthInBytes,
    md5: blob.md5,
    modifiedAtInMs: blob.modifiedAtInMs,
    headers: blob.headers,
    metadata: blob.metadata,
    rangeSizeInBytes: blob.rangeSizeInBytes,
    dataStretches: blob.dataStretches,
  });
}

/** The same bytes in as few pieces as possible: neighbours in memory stay where they are, small pieces are put together. */
function contiguous(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const runs: Uint8Array[] = [];
  for (const part of parts) {
    const last = runs.at(-1);
    if (
      last !== undefined &&
      last.buffer === part.buffer &&
      last.byteOffset + last.length === part.byteOffset
    ) {
      runs[runs.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + part.length);
    } else {
      runs.push(part);
    }
  }
  return runs.length <= 8 ? runs : [Buffer.concat(runs)];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** Whether continuing after this error makes no sense for any other blob. */
export function concernsWholeSeed(error: unknown): boolean {
  return (
    isStagingError(error) &&
    ["staging-full", "staging-not-writable", "staging-io-failed", "seed-lock-lost", "writer-closed"].includes(
      error.code,
    )
  );
}

/** The error for using a writer that was sealed or closed. */
export function writerClosed(jobName: string): StagingError {
  return new StagingError(
    "writer-closed",
    `The writer of seed '${jobName}' is closed. Call resumeSeed('${jobName}') to go on, unless it was sealed.`,
    { details: { jobName } },
  );
}
