/** Writes the blobs of one seed. */
import pLimit from "p-limit";
import { type AbortOptions, type ProgressOptions, throwIfAborted } from "../shared/index.js";
import { notAligned, type WrittenBlobFile, writeBlobFile } from "./blob-file-writer.js";
import {
  checkBlobProperties,
  checkBlobSize,
  checkRangeSize,
  defaultRangeSizeInBytes,
  pageSizeInBytes,
  rangeSizeFor,
} from "./blob-limits.js";
import { checkBlobName } from "./blob-name.js";
import { type BlobSource, openBlobSource } from "./blob-source.js";
import { type CatalogEntry, hashOfWholeIsRangeHash, type StagedPlace } from "./catalog-entry.js";
import {
  type CompressionOption,
  type ResolvedCompression,
  rawLengthMetadataName,
  resolveCompression,
} from "./compression-choice.js";
import { type ContentHashes, createContentHasher } from "./content-hasher.js";
import { dataStretchesOf, readerOfChunks } from "./content-pipeline.js";
import {
  countedChunks,
  countedFile,
  encodedContent,
  packedContentLimitInBytes,
  rest,
} from "./encoded-content.js";
import { StagingError } from "./errors.js";
import { createHashThreads, type HashThreads } from "./hash-threads.js";
import type { StagedSeedCatalog } from "./sealed-catalog.js";
import type { SeedBlob, SeedBlobHeaders, SeedBlobKind } from "./seed-catalog.js";
import type { SeedLayout } from "./seed-layout.js";
import {
  type PackedBlobs,
  type PendingBlob,
  type SeedLog,
  type SeedLogTotals,
  writerClosed,
} from "./seed-log.js";
import type { WriterLock } from "./writer-lock.js";

/** Options of {@link SeedWriter.writeBlob}. */
export interface WriteBlobOptions extends AbortOptions, ProgressOptions {
  /** Default: page for names ending in .vhd, .vhdx, .AIBBlob or .BaseBlob, block for all others. */
  readonly kind?: SeedBlobKind;
  readonly headers?: SeedBlobHeaders;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Default: that of the file, else the time of the call. Whole milliseconds since 1970 UTC. */
  readonly modifiedAtInMs?: number;
  /** The length the source must have; also chooses the range size of very long blobs. Default: not checked. */
  readonly lengthInBytes?: number;
  /** Sets `Content-Encoding`, so that HTTP clients get the original bytes. Only for block blobs. Default: `"none"`. */
  readonly compression?: CompressionOption;
  /** A multiple of 512. Default: 4 MiB, more for block blobs of more than 195 GiB. */
  readonly rangeSizeInBytes?: number;
}

/** Writes the blobs of one seed. One writer a seed; its calls may overlap. */
export interface SeedWriter {
  readonly seedId: string;
  readonly jobName: string;
  readonly containerName: string;
  /** Blobs recorded so far. */
  readonly blobCount: number;
  /** Sum of their lengths. */
  readonly totalBytes: number;
  /**
   * Stages one blob. Resolves when a killed process cannot lose it any more; durable against power failure a second later, or
   * after {@link SeedWriter.flush}. More calls than `maximumConcurrentBlobs` wait for their turn before they read their source.
   *
   * On failure nothing of the blob is recorded and the writer can be used further.
   *
   * @throws StagingError `blob-name-invalid`, `blob-exists`, `blob-too-large`, `blob-not-aligned`, `blob-properties-invalid`,
   *   `source-invalid`, `source-unreadable`, `source-changed`, `staging-full`, `staging-not-writable`, `staging-io-failed`,
   *   `writer-closed`; AbortError
   */
  writeBlob(name: string, source: BlobSource, options?: WriteBlobOptions): Promise<SeedBlob>;
  /** The recorded blob of this name, for callers that continue an interrupted seed. */
  findBlob(name: string): Promise<SeedBlob | undefined>;
  /** Resolves when everything recorded so far survives a power failure. */
  flush(): Promise<void>;
  /**
   * Waits for running calls, publishes the catalog and releases the lock. The seed cannot be written any more.
   *
   * @throws StagingError `staging-full`, `staging-not-writable`, `staging-io-failed`, `seed-lock-lost`, `writer-closed`
   */
  seal(): Promise<StagedSeedCatalog>;
  /** Waits for running calls, makes them durable and releases the lock; the seed can be resumed. May be repeated. */
  close(): Promise<void>;
  /** The same as `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a writer needs of its location. */
export interface SeedWriterContext {
  readonly layout: SeedLayout;
  readonly seedId: string;
  readonly jobName: string;
  readonly containerName: string;
  readonly log: SeedLog;
  readonly lock: WriterLock;
  readonly nextFile: number;
  readonly start: { readonly blobCount: number; readonly totalBytes: number };
  readonly maximumConcurrentBlobs: number;
  readonly nowInMs: () => number;
  /** Publishes the sealed descriptor and opens the catalog. */
  readonly publish: (totals: SeedLogTotals) => Promise<StagedSeedCatalog>;
}

/** A block blob whose bytes are in memory and hashed already. */
export interface PreparedBlob {
  readonly name: string;
  readonly headers: SeedBlobHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly modifiedAtInMs: number;
  readonly md5: string;
  /** Needed when the bytes are longer than a range of the default size. */
  readonly rangeHashes: Uint8Array | undefined;
  readonly lengthInBytes: number;
  readonly content: PendingBlob["content"];
}

/** What other parts of this room may do with a writer. */
export interface SeedWriterInternals {
  /**
   * Records prepared blobs as neighbours in the catalog. One with a name that cannot be used is left out; of the others all are
   * recorded, or none when they cannot be written. Their bytes must not change until then.
   */
  recordPrepared(blobs: readonly PreparedBlob[]): Promise<readonly PromiseSettledResult<SeedBlob>[]>;
  /**
   * Records many small blobs as neighbours. Those with a name that is there already are left out; of the others all are recorded, or none
   * when they cannot be written. Their memory must not change until then. Returns what went wrong, by position.
   */
  recordPacked(blobs: PackedBlobs): Promise<ReadonlyMap<number, unknown>>;
  /** False when the seed certainly has no such blob. */
  mayHave(name: string): boolean;
  /** Records a blob whose bytes stay where they are. */
  recordAdopted(
    blob: Omit<SeedBlob, "index">,
    rangeHashes: Uint8Array | undefined,
    root: number,
    path: string,
  ): Promise<SeedBlob>;
  /** Like `writeBlob`, but long contents are hashed in the caller's threads. */
  writeBlobWith(
    threads: HashThreads,
    name: string,
    source: BlobSource,
    options: WriteBlobOptions,
  ): Promise<SeedBlob>;
  /** Place of a recorded blob. */
  find(name: string): Promise<CatalogEntry | undefined>;
  readonly layout: SeedLayout;
  /** Closed with the writer. */
  readonly threads: HashThreads;
}

const internals = new WeakMap<SeedWriter, SeedWriterInternals>();

/** The internals of a writer; undefined for writers that are not this room's own, such as a caller's wrapper. */
export function internalsOf(writer: SeedWriter): SeedWriterInternals | undefined {
  return internals.get(writer);
}

/** Whether a blob of this name is a page blob unless its writer says otherwise. */
export function isPageBlobName(name: string): boolean {
  return pageBlobName.test(name);
}

const pageBlobName = /\.(?:vhdx?|aibblob|baseblob)$/i;
const onlyAsPageBlobName = /\.(?:aibblob|baseblob)$/i;

/** Creates the writer of an opened seed. */
export function createSeedWriter(context: SeedWriterContext): SeedWriter {
  const { layout, jobName, log, lock } = context;
  const limit = pLimit(context.maximumConcurrentBlobs);
  const threads = createHashThreads();
  const namesInFlight = new Set<string>();
  const running = new Set<Promise<unknown>>();
  let { nextFile } = context;
  let { blobCount, totalBytes } = context.start;
  let ended = false;
  let finishing: Promise<void> | undefined;

  const recordAll = async (pendings: readonly PendingBlob[]): Promise<readonly SeedBlob[]> => {
    const blobs = (await log.append(pendings)).map((entry) => entry.blob);
    blobCount += blobs.length;
    for (const blob of blobs) totalBytes += blob.lengthInBytes;
    return blobs;
  };
  const record = async (pending: PendingBlob): Promise<SeedBlob> => {
    return (await recordAll([pending]))[0]!;
  };

  const stage = async (
    hashThreads: HashThreads,
    name: string,
    source: BlobSource,
    options: WriteBlobOptions,
  ): Promise<SeedBlob> => {
    throwIfAborted(options.abortSignal);
    if ((await log.find(name)) !== undefined) throw blobExists(name);
    const opened = await openBlobSource(source, name);
    try {
      const expectedLength = options.lengthInBytes ?? opened.lengthInBytes;
      const kind = kindOf(name, options.kind, expectedLength);
      const compression = compressionFor(name, kind, options);
      const rangeSizeInBytes = options.rangeSizeInBytes ?? rangeSizeFor(kind, expectedLength);
      checkRangeSize(kind, rangeSizeInBytes);
      if (expectedLength !== undefined && compression === undefined) {
        checkBlobSize(name, kind, rangeSizeInBytes, expectedLength);
      }
      const isLong = (opened.lengthInBytes ?? 0) > packedContentLimitInBytes;
      const direct = compression === undefined && isLong ? countedFile(name, opened, options) : undefined;
      const chunks = direct === undefined ? countedChunks(name, opened, options) : undefined;
      const raw = (direct ?? chunks)!;
      const content =
        chunks === undefined
          ? undefined
          : await encodedContent(opened, chunks, compression, options.abortSignal);
      const describe = (hashes: ContentHashes): Omit<SeedBlob, "index"> => {
        const contentEncoding = content?.contentEncoding;
        const encoded = contentEncoding !== undefined;
        return {
          name,
          kind,
          lengthInBytes: hashes.lengthInBytes,
          md5: hashes.md5,
          modifiedAtInMs: Math.floor(options.modifiedAtInMs ?? opened.modifiedAtInMs ?? context.nowInMs()),
          headers: Object.freeze({ ...options.headers, ...(encoded ? { contentEncoding } : {}) }),
          metadata: Object.freeze({
            ...options.metadata,
            ...(encoded ? { [rawLengthMetadataName]: String(raw.lengthInBytes) } : {}),
          }),
          rangeSizeInBytes,
          dataStretches: dataStretchesOf(kind, hashes),
        };
      };

      const head = content?.head;
      if (head?.complete === true && kind === "block" && head.bytes.length <= packedContentLimitInBytes) {
        await raw.checkComplete();
        checkBlobSize(name, kind, rangeSizeInBytes, head.bytes.length);
        const hasher = createContentHasher(rangeSizeInBytes);
        hasher.append(head.bytes);
        const hashes = hasher.finish();
        const blob = describe(hashes);
        return await record({
          blob,
          rangeHashes: hashesToStore(blob, hashes),
          content: { type: "bytes", bytes: head.bytes },
        });
      }
      const file = nextFile;
      nextFile += 1;
      const written = await writeBlobFile(direct ?? readerOfChunks(rest(head!, content!.chunks)), {
        layout,
        file,
        name,
        rangeSizeInBytes,
        threads: hashThreads,
        leaveOutZeros: kind === "page",
        abortSignal: options.abortSignal,
        onLength: (lengthInBytes) => {
          checkBlobSize(name, kind, rangeSizeInBytes, lengthInBytes);
          reportLength(options, name, raw.lengthInBytes, expectedLength);
        },
      });
      return await recordFile(written, file, async () => {
        const { hashes } = written;
        await raw.checkComplete();
        const blob = describe(hashes);
        return { blob, rangeHashes: hashesToStore(blob, hashes) };
      });
    } finally {
      await opened.close();
    }
  };

  const recordFile = async (
    written: WrittenBlobFile,
    file: number,
    complete: () => Promise<Omit<PendingBlob, "content">>,
  ): Promise<SeedBlob> => {
    const { handle, folder } = written;
    try {
      return await record({ ...(await complete()), content: { type: "file", file, handle, folder } });
    } catch (error) {
      await written.discard();
      throw error;
    }
  };

  const finish = (last: () => Promise<void>): Promise<void> => {
    ended = true;
    finishing ??= (async () => {
      await Promise.allSettled(running);
      try {
        await last();
      } finally {
        try {
          await log.close();
        } finally {
          await threads.close();
          await lock.release();
        }
      }
    })();
    return finishing;
  };

  const writeBlobWith: SeedWriterInternals["writeBlobWith"] = async (hashThreads, name, source, options) => {
    if (ended) throw writerClosed(jobName);
    checkBlobName(name);
    checkBlobProperties(name, options.headers ?? {}, options.metadata ?? {});
    if (namesInFlight.has(name)) throw blobExists(name);
    namesInFlight.add(name);
    const work = limit(() => stage(hashThreads, name, source, options));
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
      namesInFlight.delete(name);
    }
  };

  const writer: SeedWriter = {
    seedId: context.seedId,
    jobName,
    containerName: context.containerName,
    get blobCount() {
      return blobCount;
    },
    get totalBytes() {
      return totalBytes;
    },
    writeBlob: (name, source, options = {}) => writeBlobWith(threads, name, source, options),
    findBlob: async (name) => (await log.find(name))?.blob,
    async flush() {
      if (ended) throw writerClosed(jobName);
      await log.flush();
    },
    async seal() {
      if (ended) throw writerClosed(jobName);
      let catalog: StagedSeedCatalog | undefined;
      await finish(async () => {
        const totals = await log.flush();
        await lock.check();
        catalog = await context.publish(totals);
      });
      return catalog!;
    },
    close: () => finish(async () => undefined),
    [Symbol.asyncDispose]: () => writer.close(),
  };
  const track = async <T>(work: Promise<T>): Promise<T> => {
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
    }
  };
  const reserve = async (
    name: string,
    headers: SeedBlobHeaders,
    metadata: Readonly<Record<string, string>>,
  ): Promise<void> => {
    checkBlobName(name);
    checkBlobProperties(name, headers, metadata);
    const recorded = log.mayHave(name) && (await log.find(name)) !== undefined;
    if (recorded || namesInFlight.has(name)) throw blobExists(name);
    namesInFlight.add(name);
  };
  const recordReserved = async (pending: PendingBlob): Promise<SeedBlob> => {
    try {
      return await record(pending);
    } finally {
      namesInFlight.delete(pending.blob.name);
    }
  };
  const recordAllPrepared = async (
    blobs: readonly PreparedBlob[],
  ): Promise<readonly PromiseSettledResult<SeedBlob>[]> => {
    const results: PromiseSettledResult<SeedBlob>[] = [];
    const ready: PendingBlob[] = [];
    const positions: number[] = [];
    for (const [position, prepared] of blobs.entries()) {
      try {
        const { rangeHashes, lengthInBytes, content } = prepared;
        await reserve(prepared.name, prepared.headers, prepared.metadata);
        const blob: Omit<SeedBlob, "index"> = {
          name: prepared.name,
          kind: "block",
          lengthInBytes,
          md5: prepared.md5,
          modifiedAtInMs: Math.floor(prepared.modifiedAtInMs),
          headers: prepared.headers,
          metadata: prepared.metadata,
          rangeSizeInBytes: defaultRangeSizeInBytes,
          dataStretches: undefined,
        };
        ready.push({
          blob,
          rangeHashes: hashOfWholeIsRangeHash(blob) ? undefined : rangeHashes,
          content,
        });
        positions.push(position);
      } catch (reason) {
        results[position] = { status: "rejected", reason };
      }
    }
    try {
      const recorded = ready.length === 0 ? [] : await recordAll(ready);
      recorded.forEach((value, at) => {
        results[positions[at]!] = { status: "fulfilled", value };
      });
    } catch (reason) {
      for (const position of positions) results[position] = { status: "rejected", reason };
    } finally {
      for (const { blob } of ready) namesInFlight.delete(blob.name);
    }
    return results;
  };
  const recordAllPacked = async (blobs: PackedBlobs): Promise<ReadonlyMap<number, unknown>> => {
    const problems = new Map<number, unknown>();
    const reserved: number[] = [];
    let bytes = 0;
    for (let at = 0; at < blobs.names.length; at += 1) {
      const name = blobs.names[at]!;
      const recorded = log.mayHave(name) && (await log.find(name)) !== undefined;
      if (recorded || namesInFlight.has(name)) {
        problems.set(at, blobExists(name));
        continue;
      }
      namesInFlight.add(name);
      reserved.push(at);
      bytes += blobs.lengths[at]!;
    }
    const ready = problems.size === 0 ? blobs : selected(blobs, reserved);
    try {
      if (reserved.length > 0) await log.appendPacked(ready);
      blobCount += reserved.length;
      totalBytes += bytes;
    } catch (reason) {
      for (const at of reserved) problems.set(at, reason);
    } finally {
      for (const at of reserved) namesInFlight.delete(blobs.names[at]!);
    }
    return problems;
  };
  internals.set(writer, {
    layout,
    threads,
    writeBlobWith,
    mayHave: (name) => log.mayHave(name),
    async recordPacked(blobs) {
      if (ended) throw writerClosed(jobName);
      return track(recordAllPacked(blobs));
    },
    find: (name) => log.find(name),
    async recordPrepared(blobs) {
      if (ended) throw writerClosed(jobName);
      return track(recordAllPrepared(blobs));
    },
    async recordAdopted(blob, rangeHashes, root, path) {
      if (ended) throw writerClosed(jobName);
      const hashes = hashOfWholeIsRangeHash(blob) || rangeHashes?.length === 0 ? undefined : rangeHashes;
      const place: StagedPlace =
        blob.lengthInBytes === 0 ? { type: "empty" } : { type: "adopted", root, path };
      return track(
        reserve(blob.name, blob.headers, blob.metadata).then(() =>
          recordReserved({ blob, rangeHashes: hashes, content: { type: "place", place } }),
        ),
      );
    },
  });
  return Object.freeze(writer);
}

/** The columns of some of the blobs. */
function selected(blobs: PackedBlobs, positions: readonly number[]): PackedBlobs {
  return {
    names: positions.map((at) => blobs.names[at]!),
    heads: positions.map((at) => blobs.heads[at]!),
    tails: positions.map((at) => blobs.tails[at]!),
    offsets: positions.map((at) => blobs.offsets[at]!),
    lengths: positions.map((at) => blobs.lengths[at]!),
    bytes: blobs.bytes,
  };
}

function blobExists(name: string): StagingError {
  return new StagingError(
    "blob-exists",
    `The seed already has a blob '${name}'. Names are unique in a seed; findBlob() tells what is there.`,
    { details: { name } },
  );
}

function kindOf(
  name: string,
  wanted: SeedBlobKind | undefined,
  lengthInBytes: number | undefined,
): SeedBlobKind {
  const aligned = lengthInBytes === undefined || lengthInBytes % pageSizeInBytes === 0;
  if (wanted === undefined && pageBlobName.test(name)) {
    // A text file that happens to be called .vhd is no disk; the agent's own files are, or they are broken.
    return aligned || onlyAsPageBlobName.test(name) ? checkedPage(name, lengthInBytes) : "block";
  }
  return wanted === "page" ? checkedPage(name, lengthInBytes) : "block";
}

function checkedPage(name: string, lengthInBytes: number | undefined): "page" {
  if (lengthInBytes !== undefined && lengthInBytes % pageSizeInBytes !== 0)
    throw notAligned(name, lengthInBytes);
  return "page";
}

function hashesToStore(blob: Omit<SeedBlob, "index">, hashes: ContentHashes): Uint8Array | undefined {
  return hashOfWholeIsRangeHash(blob) || hashes.rangeHashes.length === 0 ? undefined : hashes.rangeHashes;
}

function compressionFor(
  name: string,
  kind: SeedBlobKind,
  options: WriteBlobOptions,
): ResolvedCompression | undefined {
  const compression = resolveCompression(options.compression);
  if (compression === undefined) return undefined;
  const reason =
    kind === "page"
      ? "a page blob is a disk, whose bytes must stay where they are"
      : options.headers?.contentEncoding !== undefined
        ? "headers.contentEncoding says that it is encoded already"
        : undefined;
  if (reason === undefined) return compression;
  throw new StagingError("option-invalid", `Blob '${name}' cannot be compressed: ${reason}.`, {
    details: { name },
  });
}

function reportLength(
  options: WriteBlobOptions,
  name: string,
  bytesDone: number,
  bytesTotal: number | undefined,
): void {
  try {
    options.onProgress?.(
      Object.freeze({ phase: "staging", bytesDone, bytesTotal, itemsDone: 0, itemsTotal: 1, item: name }),
    );
  } catch {
    // A listener is the caller's display; its failure must not cost the caller a blob.
  }
}
