/**
 * The append-only part of a seed: small contents go into packs, range hashes into one file, and a line into the catalog.
 *
 * Order of the writes (docs/formats/seed-catalog.md, "Durability"):
 * 1. bytes of the blob, 2. its range hashes, 3. its catalog line: handed to the system before the caller is told "staged";
 *    after a killed process all three are there, and a reader of unfinished catalogs checks them again;
 * 4. every second or 64 MiB: fsync of packs, files, folders and hashes, then a commit line, then fsync of the catalog:
 *    after a power failure everything before the last commit line is there.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "../shared/index.js";
import { createBlobNameTable } from "./blob-name-table.js";
import { type CatalogStart, createCatalogAppender } from "./catalog-appender.js";
import { type CatalogEntry, formatCatalogLine, packPlaceText, type StagedPlace } from "./catalog-entry.js";
import { groupBytesToCommit, maximumGroupLines } from "./catalog-groups.js";
import { stagingErrorFrom } from "./errors.js";
import { writeFully } from "./file-output.js";
import { createPackWriter } from "./pack-writer.js";
import type { PackedBlobs, PendingBlob } from "./pending-blob.js";
import type { SeedLayout } from "./seed-layout.js";

const batchSizeInBytes = 8 * 1024 * 1024;
const batchLines = 1024;
const commitAfterBytes = 64 * 1024 * 1024;
const commitAfterFiles = 32;
const commitAfterMs = 1000;

/** Where an existing seed's files end; what a resumed writer goes on from. */
export interface SeedLogStart extends CatalogStart {
  readonly rangeHashesLengthInBytes: number;
  readonly nextPack: number;
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
  /** The same for many blobs at once. The memory must not change until then. */
  appendPacked(blobs: PackedBlobs): Promise<void>;
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
  readonly packed: PackedBlobs | undefined;
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
  const catalog = createCatalogAppender(catalogHandle, layout.catalog, start);
  const packs = createPackWriter(layout, start.nextPack);
  let hashesLength = start.rangeHashesLengthInBytes;

  // What the lines without commit line refer to.
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

  const totals = (): SeedLogTotals => ({
    blobCount: catalog.blobCount,
    totalBytes: catalog.totalBytes,
    catalogLengthInBytes: catalog.lengthInBytes,
    rangeHashesLengthInBytes: hashesLength,
    catalogSha256: catalog.sha256(),
    index: start.index,
  });

  const writePacked = async ({ bytes, offsets, lengths, ...blobs }: PackedBlobs): Promise<void> => {
    const place = bytes.length === 0 ? undefined : await packs.appendUnits(bytes);
    let lines = "";
    let totalBytes = 0;
    for (let at = 0; at < blobs.names.length; at += 1) {
      lines += blobs.heads[at]!;
      if (lengths[at]! > 0) lines += packPlaceText(place!.pack, place!.offsetInBytes + offsets[at]!);
      lines += `${blobs.tails[at]!}\n`;
      totalBytes += lengths[at]!;
    }
    await catalog.append({ names: blobs.names, lines: Buffer.from(lines, "utf8"), totalBytes });
    groupDataBytes += bytes.length;
  };

  const writeBatch = async (batch: readonly QueuedBlobs[]): Promise<void> => {
    const pendings = batch.flatMap(({ blobs }) => blobs);
    const contents = pendings.flatMap(({ content }) =>
      content.type === "bytes" && content.bytes.length > 0 ? [content.bytes] : [],
    );
    const shared = contents.length === 0 ? undefined : await packs.append(contents);
    let packOffset = shared?.offsetInBytes ?? 0;
    const hashes: Uint8Array[] = [];
    let hashesOffset = hashesLength;
    const entries: CatalogEntry[] = [];
    let totalBytes = 0;
    for (const { blob, content, rangeHashes } of pendings) {
      let place: StagedPlace = { type: "empty" };
      if (content.type === "file") place = { type: "file", file: content.file };
      else if (content.type === "place") place = content.place;
      else if (content.type === "units")
        place = { type: "pack", ...(await packs.appendUnits(content.bytes)) };
      else if (content.bytes.length > 0) {
        place = { type: "pack", pack: shared!.pack, offsetInBytes: packOffset };
        packOffset += content.bytes.length;
      }
      entries.push({
        blob: Object.freeze({ index: catalog.blobCount + entries.length, ...blob }),
        place,
        hashesOffsetInBytes: rangeHashes === undefined ? undefined : hashesOffset,
      });
      totalBytes += blob.lengthInBytes;
      if (rangeHashes === undefined) continue;
      hashes.push(rangeHashes);
      hashesOffset += rangeHashes.length;
    }
    if (hashes.length > 0) await writeFully(hashesHandle, Buffer.concat(hashes), hashesLength);
    const lines = Buffer.from(entries.map(formatCatalogLine).join(""), "utf8");
    await catalog.append({ names: entries.map(({ blob }) => blob.name), lines, totalBytes });
    hashesChanged ||= hashes.length > 0;
    hashesLength = hashesOffset;
    groupDataBytes += totalBytes;
    for (const { content } of pendings) {
      if (content.type !== "file") continue;
      handlesToClose.push(content.handle);
      foldersToSync.add(content.folder).add(layout.blobsFolder).add(dirname(layout.blobsFolder));
    }
    let first = 0;
    for (const queued of batch) {
      queued.resolve(entries.slice(first, first + queued.blobs.length));
      first += queued.blobs.length;
    }
  };

  const write = async (batch: readonly QueuedBlobs[]): Promise<void> => {
    const [{ packed, resolve }] = batch as [QueuedBlobs];
    if (packed === undefined) await writeBatch(batch);
    else {
      await writePacked(packed);
      resolve([]);
    }
    if (timer !== undefined || timeIsUp) return;
    timer = setTimeout(() => {
      timer = undefined;
      timeIsUp = true;
      void pump();
    }, commitAfterMs);
    timer.unref();
  };

  const commit = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    timeIsUp = false;
    if (catalog.groupLines === 0) return;
    const files = hashesChanged ? [...handlesToClose, hashesHandle] : handlesToClose;
    const [packsBegun] = await Promise.all([packs.sync(), ...files.map((handle) => handle.datasync())]);
    if (packsBegun) foldersToSync.add(layout.packsFolder).add(dirname(layout.packsFolder)).add(layout.folder);
    await Promise.all([...foldersToSync].map((folder) => syncFolder(folder)));
    await catalog.commit(hashesLength);
    await Promise.all(handlesToClose.splice(0).map((handle) => handle.close()));
    foldersToSync.clear();
    hashesChanged = false;
    groupDataBytes = 0;
  };

  const commitIsDue = (): boolean =>
    catalog.groupLines > 0 &&
    (timeIsUp ||
      groupDataBytes >= commitAfterBytes ||
      catalog.groupLines >= maximumGroupLines - batchLines ||
      catalog.groupLengthInBytes >= groupBytesToCommit ||
      handlesToClose.length >= commitAfterFiles ||
      flushRequests.some((request) => request.afterSequence <= settled));

  /** Blobs that are written together: columns by themselves, others as many as there are. */
  const takeBatch = (): QueuedBlobs[] => {
    if (queue[0]?.packed !== undefined) return queue.splice(0, 1);
    let count = 0;
    let lines = 0;
    for (let bytes = 0; count < queue.length && lines < batchLines && bytes < batchSizeInBytes; count += 1) {
      const { blobs, packed } = queue[count]!;
      if (packed !== undefined) break;
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
          await write(batch);
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

  const enqueue = (
    blobs: readonly PendingBlob[],
    packed: PackedBlobs | undefined,
  ): Promise<readonly CatalogEntry[]> => {
    if (failure !== undefined) return Promise.reject(failure as Error);
    return new Promise((resolve, reject) => {
      enqueued += 1;
      queue.push({ blobs, packed, resolve, reject });
      void pump();
    });
  };

  const log: SeedLog = {
    append: (blobs) => enqueue(blobs, undefined),
    appendPacked: async (packed) => {
      await enqueue([], packed);
    },
    flush() {
      if (failure !== undefined) return Promise.reject(failure as Error);
      return new Promise((resolve, reject) => {
        flushRequests.push({ afterSequence: enqueued, resolve, reject });
        void pump();
      });
    },
    mayHave: (name) => start.names.candidates(name).length > 0,
    find: (name) => catalog.find(name),
    async close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      try {
        if (failure === undefined) await log.flush();
      } finally {
        await pumping;
        const handles = [...handlesToClose.splice(0), catalogHandle, hashesHandle];
        await packs.close();
        await Promise.all(handles.map((handle) => handle.close().catch(() => undefined)));
      }
    },
  };
  return Object.freeze(log);
}
