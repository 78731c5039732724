/** Writes the blobs of one seed. */
import pLimit from "p-limit";
import { type AbortOptions, type ProgressOptions, throwIfAborted } from "../shared/index.js";
import { checkBlobProperties } from "./blob-limits.js";
import { checkBlobName } from "./blob-name.js";
import { createBlobRecorder } from "./blob-recorder.js";
import type { BlobSource } from "./blob-source.js";
import type { CompressionOption } from "./compression-choice.js";
import { writerClosed } from "./errors.js";
import { createHashThreads } from "./hash-threads.js";
import type { StagedSeedCatalog } from "./sealed-catalog.js";
import type { SeedBlob, SeedBlobHeaders, SeedBlobKind } from "./seed-catalog.js";
import type { SeedLayout } from "./seed-layout.js";
import type { SeedLog, SeedLogTotals } from "./seed-log.js";
import { type SeedWriterInternals, setInternals } from "./seed-writer-internals.js";
import { stageBlob } from "./stage-blob.js";
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

/** Creates the writer of an opened seed. */
export function createSeedWriter(context: SeedWriterContext): SeedWriter {
  const { layout, jobName, log, lock, nowInMs } = context;
  const limit = pLimit(context.maximumConcurrentBlobs);
  const threads = createHashThreads();
  const recorder = createBlobRecorder(log, context.start);
  const running = new Set<Promise<unknown>>();
  let { nextFile } = context;
  let ended = false;
  let finishing: Promise<void> | undefined;

  const takeFileNumber = (): number => {
    nextFile += 1;
    return nextFile - 1;
  };
  /** Begins work that closing the writer waits for. */
  const track = async <T>(begin: () => Promise<T>): Promise<T> => {
    if (ended) throw writerClosed(jobName);
    const work = begin();
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
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
    recorder.keepName(name);
    const { record } = recorder;
    try {
      return await track(() =>
        limit(async () => {
          throwIfAborted(options.abortSignal);
          await recorder.checkNew(name);
          const blobContext = { layout, threads: hashThreads, nowInMs, takeFileNumber, record };
          return stageBlob(name, source, options, blobContext);
        }),
      );
    } finally {
      recorder.freeName(name);
    }
  };

  const writer: SeedWriter = {
    seedId: context.seedId,
    jobName,
    containerName: context.containerName,
    get blobCount() {
      return recorder.blobCount;
    },
    get totalBytes() {
      return recorder.totalBytes;
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
  setInternals(writer, {
    layout,
    threads,
    writeBlobWith,
    mayHave: (name) => log.mayHave(name),
    find: (name) => log.find(name),
    recordPacked: (blobs) => track(() => recorder.recordPacked(blobs)),
    recordPrepared: (blobs) => track(() => recorder.recordPrepared(blobs)),
    recordAdopted: (blob, rangeHashes, root, path) =>
      track(() => recorder.recordAdopted(blob, rangeHashes, root, path)),
  });
  return Object.freeze(writer);
}
