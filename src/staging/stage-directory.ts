/** Stages a directory tree: one blob a file, named after its path, or many small files in a bundle. */
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, relative, resolve, sep } from "node:path";
import {
  type AbortOptions,
  createProgressReporter,
  errorMessageOf,
  hasErrorName,
  type ProgressOptions,
  systemErrorCode,
  throwIfAborted,
} from "../shared/index.js";
import { unreadable } from "./blob-source.js";
import { readStagedBundles } from "./bundle-resume.js";
import { type CompressionOption, resolveCompression, zstdIsBuiltIn } from "./compression-choice.js";
import type { SymlinkPolicy } from "./directory-walk.js";
import { fullPathOf } from "./directory-walk.js";
import { concernsWholeSeed, isStagingError, StagingError } from "./errors.js";
import { createFingerprintSet } from "./fingerprint-set.js";
import { createPathFilter, type PathFilterOptions } from "./path-filter.js";
import { directUnitInBytes } from "./seed-layout.js";
import type { SeedWriter } from "./seed-writer.js";
import { internalsOf } from "./seed-writer-internals.js";
import { createSingleStager } from "./single-stager.js";
import { tarEndSizeInBytes } from "./tar-header.js";
import { createTaskLimit } from "./task-limit.js";
import { entryTypes, pathsOf } from "./tree-columns.js";
import { batchSizeInBytes, createTreeIntake } from "./tree-intake.js";
import { listingsOf } from "./tree-listing.js";
import { createTreeMemory } from "./tree-memory.js";
import { maximumReaders } from "./tree-reader.js";
import { createTreeStager } from "./tree-stager.js";
import type { TreeThreadData } from "./tree-task.js";
import { startTreeThreads } from "./tree-threads.js";
import { zstdPackagePath } from "./zstd.js";

/** How small files are grouped. */
export interface BundleOptions {
  /** Largest bundle before compression. Default: 4 MiB. */
  readonly maxBytes?: number;
  /** Files longer than this stay blobs of their own. Default: 1 MiB. */
  readonly maxFileBytes?: number;
}

/** What happens to a file that has several names: each name gets the content, or the later ones become links. */
export type HardLinkPolicy = "copy" | "store";

/** Options of {@link stageDirectory}. */
export interface StageDirectoryOptions extends AbortOptions, ProgressOptions, PathFilterOptions {
  /** Put before every blob name, for example `"srv01/"`. Default: none. */
  readonly namePrefix?: string;
  /** What happens to symbolic links. Default: `"store"`. */
  readonly symlinks?: SymlinkPolicy;
  /** Default: `"copy"`. */
  readonly hardLinks?: HardLinkPolicy;
  /** Keep modification time and permission bits as blob metadata, so that extraction restores them. Default: true. */
  readonly keepAttributes?: boolean;
  /** Page blobs stay as they are. Default: `"none"`. */
  readonly compression?: CompressionOption;
  /** Groups small files into tar blobs with an index each; `true` for the defaults. Default: every file is a blob. */
  readonly bundle?: BundleOptions | boolean;
  /**
   * Threads that read, hash and compress, beside one that lists. 0: all of it happens in the calling thread. Default: one for each
   * processor, at most 4; 0 where there is only one.
   */
  readonly threads?: number;
}

/** A file or folder that could not be staged. */
export interface StageFailure {
  /** Relative to the source folder, with forward slashes. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** What {@link stageDirectory} did. Plain frozen data. */
export interface StageDirectoryReport {
  /** Files, links and empty folders that are in the seed now. */
  readonly filesStaged: number;
  /** Sum of their lengths, before compression. */
  readonly bytesStaged: number;
  /** Those that an earlier, interrupted run had staged, with the same length and time. */
  readonly filesAlreadyStaged: number;
  /** Sockets, devices and pipes. */
  readonly specialFilesSkipped: number;
  /** Links left out because of the policy `"skip"`. */
  readonly symlinksSkipped: number;
  /** Number of files and folders that could not be staged. */
  readonly failureCount: number;
  /** The first 1,000 of them. */
  readonly failures: readonly StageFailure[];
}

const listedFailures = 1000;
const largeFilesAtOnce = 4;
/** A range, so that the hash of the whole is the hash of its only range. */
const defaultBundleSizeInBytes = 4 * 1024 * 1024;
/** Bundles are read and hashed several at once as long as they are not larger together. */
const bundlesAtOnceInBytes = 4 * defaultBundleSizeInBytes;
/** Longest file that may become part of a bundle unless the caller decides. */
const defaultBundledFileSizeInBytes = 1024 * 1024;

/**
 * Stages all files of a folder. Reads the folder, writes the seed; may be repeated: what is in the seed already is passed over.
 * A staging location that lies in the folder is left out.
 *
 * Files that cannot be read or that change meanwhile are reported, not fatal. A full or unwritable staging folder is fatal.
 *
 * @throws StagingError `source-unreadable`, `source-invalid` when the folder itself cannot be read; `option-invalid`;
 *   `staging-full`, `staging-not-writable`, `staging-io-failed`, `writer-closed`; AbortError
 */
export async function stageDirectory(
  writer: SeedWriter,
  sourceFolder: string,
  options: StageDirectoryOptions = {},
): Promise<StageDirectoryReport> {
  const root = resolve(sourceFolder);
  const { abortSignal, symlinks = "store", keepAttributes = true, namePrefix = "" } = options;
  const compression = resolveCompression(options.compression);
  const bundling = options.bundle === true ? {} : options.bundle === false ? undefined : options.bundle;
  const maxBundleBytes = bundling?.maxBytes ?? defaultBundleSizeInBytes;
  const maxFileBytes = Math.min(bundling?.maxFileBytes ?? defaultBundledFileSizeInBytes, maxBundleBytes);
  checkSizes(maxBundleBytes, maxFileBytes);
  const internals = internalsOf(writer);
  if (internals === undefined) {
    throw new StagingError(
      "option-invalid",
      "stageDirectory() needs a writer made by createSeed() or resumeSeed().",
    );
  }
  await checkSourceFolder(root);
  // Staging what is being staged would never end.
  const ownFolder = internals.layout.folder;
  const leftOut = [ownFolder, dirname(ownFolder)].map((path) => relative(root, path).split(sep).join("/"));

  const progress = createProgressReporter(options.onProgress);
  const failures: StageFailure[] = [];
  const counts = {
    filesStaged: 0,
    bytesStaged: 0,
    filesAlreadyStaged: 0,
    specialFilesSkipped: 0,
    symlinksSkipped: 0,
    failureCount: 0,
  };
  const onStaged = (path: string, files: number, bytes: number): void => {
    counts.filesStaged += files;
    counts.bytesStaged += bytes;
    progress.advance(bytes, files, path);
  };
  const onAlreadyStaged = (path: string, sizeInBytes: number): void => {
    counts.filesAlreadyStaged += 1;
    progress.advance(sizeInBytes, 1, path);
  };
  const onFailed = (path: string, error: unknown): void => {
    if (hasErrorName(error, "AbortError") || concernsWholeSeed(error)) throw error;
    counts.failureCount += 1;
    if (failures.length < listedFailures) failures.push(Object.freeze({ path, ...describe(error) }));
  };

  progress.begin("staging");
  const resuming = writer.blobCount > 0;
  const staged =
    bundling !== undefined && resuming
      ? await readStagedBundles(internals, namePrefix)
      : { files: createFingerprintSet(), nextNumber: 1 };
  const threadCount = threadsFor(options.threads);
  const bundlesAtOnce = Math.max(1, Math.floor(bundlesAtOnceInBytes / maxBundleBytes));
  const bundleRoom = bundlesAtOnce * (maxBundleBytes + tarEndSizeInBytes + directUnitInBytes);
  const memory = createTreeMemory(
    Math.max(batchSizeInBytes, bundling === undefined ? 0 : bundleRoom),
    2 * threadCount + 1,
  );
  // The same patterns are compiled in the threads; those that cannot be used are the caller's error.
  createPathFilter(options);
  const data: TreeThreadData = {
    root,
    symlinks,
    include: options.include,
    exclude: options.exclude,
    leftOut,
    reading: {
      memory: memory.memory,
      namePrefix,
      keepAttributes,
      compression,
      zstdPackagePath: compression?.method === "zstd" && !zstdIsBuiltIn ? zstdPackagePath() : undefined,
    },
  };
  const threads = startTreeThreads(threadCount, data, "stage tree");
  const batchTasks = createTaskLimit(memory.slotCount);
  const singleTasks = createTaskLimit(largeFilesAtOnce);
  const common = { namePrefix, compression, abortSignal, onStaged, onFailed };
  const single = createSingleStager({
    ...common,
    write: (name, source, blobOptions) => internals.writeBlobWith(threads.hashing, name, source, blobOptions),
    writer,
    root,
    keepAttributes,
    resuming,
    onAlreadyStaged,
  });
  const stager = createTreeStager({
    ...common,
    internals,
    threads,
    memory,
    stageSingly: single.stage,
  });
  const intake = createTreeIntake({
    namePrefix,
    hardLinks: options.hardLinks ?? "copy",
    bundling: bundling === undefined ? undefined : { maxBundleBytes, maxFileBytes, bundlesAtOnce, ...staged },
    mayBeStaged: (name) => resuming && internals.mayHave(name),
    isStaged: single.isStaged,
    onAlreadyStaged,
    startBlobs: (entries) => batchTasks.start(() => stager.stageBlobs(entries)),
    startBundles: (bundles) => batchTasks.start(() => stager.stageBundles(bundles)),
    startSingle: (path, type, target) => singleTasks.start(() => single.stage(path, type, target)),
    startHardLink: (path, modifiedAtInMs, mode, first) =>
      singleTasks.start(() => single.stageHardLink(path, modifiedAtInMs, mode, first)),
  });

  try {
    for await (const { entries, skippedLinks } of listingsOf(threads, options)) {
      counts.symlinksSkipped += skippedLinks;
      for (const [at, path] of pathsOf(entries).entries()) {
        const type = entries.types[at]!;
        if (type === entryTypes.special) counts.specialFilesSkipped += 1;
        else if (type === entryTypes.failed) {
          onFailed(path, unreadable(fullPathOf(root, path), { code: entries.details.get(at)! }));
        } else {
          const facts = [entries.sizes[at]!, entries.modifiedAtInMs[at]!, entries.modes[at]!] as const;
          const waiting = intake.add(path, type, ...facts, entries.details.get(at) ?? "");
          if (waiting !== undefined) await waiting;
        }
      }
    }
    await intake.finish();
  } finally {
    await Promise.allSettled([batchTasks.drain(), singleTasks.drain()]);
    await threads.close();
  }
  await batchTasks.drain();
  await singleTasks.drain();
  throwIfAborted(abortSignal);
  await writer.flush();
  progress.flush();
  return Object.freeze({ ...counts, failures: Object.freeze(failures) });
}

function threadsFor(wanted: number | undefined): number {
  if (wanted === undefined) return availableParallelism() < 2 ? 0 : Math.min(4, availableParallelism());
  if (Number.isSafeInteger(wanted) && wanted >= 0 && wanted <= maximumReaders) return wanted;
  throw new StagingError("option-invalid", `threads is ${wanted}; it must be from 0 to ${maximumReaders}.`);
}

async function checkSourceFolder(root: string): Promise<void> {
  try {
    if ((await stat(root)).isDirectory()) return;
  } catch (error) {
    throw unreadable(root, error);
  }
  throw new StagingError("source-invalid", `'${root}' is no folder; stage a single file with writeBlob().`, {
    details: { path: root },
  });
}

function checkSizes(maxBytes: number, maxFileBytes: number): void {
  const valid =
    Number.isSafeInteger(maxBytes) &&
    maxBytes >= 64 * 1024 &&
    maxBytes <= 256 * 1024 * 1024 &&
    Number.isSafeInteger(maxFileBytes) &&
    maxFileBytes >= 0;
  if (!valid) {
    throw new StagingError(
      "option-invalid",
      `bundle.maxBytes (${maxBytes}) must be from 65536 to 268435456 and bundle.maxFileBytes (${maxFileBytes}) at least 0.`,
    );
  }
}

function describe(error: unknown): { code: string; message: string } {
  const code = isStagingError(error) ? error.code : (systemErrorCode(error) ?? "unknown");
  return { code, message: errorMessageOf(error) };
}
