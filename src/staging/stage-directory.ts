/** Stages a directory tree: one blob a file, named after its path, or many small files in a bundle. */
import { lstat, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, relative, resolve, sep } from "node:path";
import {
  type AbortOptions,
  createProgressReporter,
  hasErrorName,
  type ProgressOptions,
  systemErrorCode,
  throwIfAborted,
} from "../shared/index.js";
import { blobNameFromPath } from "./blob-name.js";
import { type BlobSource, unreadable } from "./blob-source.js";
import { type BundleItem, bundledSize, bundleFingerprint, createBundlePlanner } from "./bundle.js";
import { readStagedBundles } from "./bundle-resume.js";
import { type CompressionOption, rawLengthMetadataName, resolveCompression } from "./compression.js";
import { type SymlinkPolicy, type WalkedItem, walkDirectory } from "./directory-walk.js";
import { packedContentLimitInBytes } from "./encoded-content.js";
import { isStagingError, StagingError } from "./errors.js";
import { attributesOf, escapedNameMetadataName, hardLinkMetadataName } from "./file-attributes.js";
import { createFingerprintSet } from "./fingerprint-set.js";
import { createPathFilter, type PathFilter, type PathFilterOptions } from "./path-filter.js";
import { concernsWholeSeed } from "./seed-log.js";
import { internalsOf, isPageBlobName, type SeedWriter } from "./seed-writer.js";
import { createTaskLimit } from "./task-limit.js";
import {
  batchFiles,
  batchSizeInBytes,
  blobNameOf,
  createBufferPool,
  type KnownFile,
  stageBundle,
  stageSmallFiles,
  type TreeStager,
} from "./tree-stager.js";
import { startTreeWorkers } from "./tree-workers.js";

/** How small files are grouped. */
export interface BundleOptions {
  /** Largest bundle before compression. Default: 16 MiB. */
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
  /** Threads that read, hash and compress. Default: one for each processor, at most 4. */
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
const statBatchFiles = 256;
const largeFilesAtOnce = 4;
const defaultBundleSizeInBytes = 16 * 1024 * 1024;

type StagedItem = Extract<WalkedItem, { readonly type: "file" | "empty-directory" | "symlink" }>;

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
  const namePrefix = options.namePrefix ?? "";
  const compression = resolveCompression(options.compression);
  const wanted = createPathFilter(options);
  const bundling = options.bundle === true ? {} : options.bundle === false ? undefined : options.bundle;
  const maxBundleBytes = bundling?.maxBytes ?? defaultBundleSizeInBytes;
  const maxBundledFileBytes = Math.min(bundling?.maxFileBytes ?? packedContentLimitInBytes, maxBundleBytes);
  checkSizes(maxBundleBytes, maxBundledFileBytes);
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
  const ownPaths = [ownFolder, dirname(ownFolder)].map((path) => relative(root, path).split(sep).join("/"));
  const filter: PathFilter = (path, isDirectory) => !ownPaths.includes(path) && wanted(path, isDirectory);

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
  const onFailed = (path: string, error: unknown): void => {
    if (hasErrorName(error, "AbortError") || concernsWholeSeed(error)) throw error;
    counts.failureCount += 1;
    if (failures.length < listedFailures) failures.push(Object.freeze({ path, ...describe(error) }));
  };

  progress.begin("staging");
  const resuming = writer.blobCount > 0;
  const bundled =
    bundling !== undefined && resuming
      ? await readStagedBundles(internals, namePrefix)
      : { files: createFingerprintSet(), nextNumber: 1 };
  const threads = options.threads ?? Math.min(4, availableParallelism());
  const workers = startTreeWorkers(Math.max(1, threads));

  const keepAttributes = options.keepAttributes ?? true;
  const metadataOf = (
    facts: { readonly path: string; readonly modifiedAtInMs: number; readonly mode: number },
    kind: "file" | "folder" | "symlink",
  ): Readonly<Record<string, string>> => {
    const attributes = attributesOf(facts, kind, keepAttributes);
    return blobNameFromPath(facts.path) === facts.path
      ? attributes
      : { ...attributes, [escapedNameMetadataName]: "true" };
  };

  /** Whether an earlier run staged this very state of an item as a blob of its own. */
  const isStaged = async (
    name: string,
    sizeInBytes: number | undefined,
    modifiedAtInMs: number,
  ): Promise<boolean> => {
    if (!resuming) return false;
    const blob = await writer.findBlob(name);
    if (blob === undefined) return false;
    const rawLength = blob.metadata[rawLengthMetadataName];
    const length = rawLength === undefined ? blob.lengthInBytes : Number(rawLength);
    return (sizeInBytes ?? length) === length && blob.modifiedAtInMs === Math.floor(modifiedAtInMs);
  };
  const alreadyStaged = (path: string, sizeInBytes: number): void => {
    counts.filesAlreadyStaged += 1;
    progress.advance(sizeInBytes, 1, path);
  };

  /** Through the writer's public way: large files, page blobs, links, and files that changed in a batch. */
  const stageSingly = async (item: StagedItem): Promise<void> => {
    try {
      throwIfAborted(options.abortSignal);
      const stats = await (item.type === "symlink" ? lstat(item.fullPath) : stat(item.fullPath));
      const name = blobNameOf(namePrefix, item.path);
      const size = item.type === "file" ? stats.size : undefined;
      if (await isStaged(name, size, stats.mtimeMs)) return alreadyStaged(item.path, size ?? 0);
      const kind = item.type === "empty-directory" ? "folder" : item.type;
      const isPage = item.type === "file" && isPageBlobName(name);
      await writer.writeBlob(name, sourceOf(item), {
        abortSignal: options.abortSignal,
        modifiedAtInMs: stats.mtimeMs,
        ...(item.type === "file" ? { lengthInBytes: stats.size } : { kind: "block" }),
        ...(compression === undefined || isPage ? {} : { compression }),
        metadata: metadataOf({ path: item.path, modifiedAtInMs: stats.mtimeMs, mode: stats.mode }, kind),
      });
      onStaged(item.path, 1, size ?? 0);
    } catch (error) {
      onFailed(item.path, systemErrorCode(error) === undefined ? error : unreadable(item.fullPath, error));
    }
  };

  const stager: TreeStager = {
    internals,
    workers,
    namePrefix,
    compression,
    abortSignal: options.abortSignal,
    buffers: createBufferPool(2 * threads + 2),
    metadataOf: (file) => metadataOf(file, "file"),
    stageSingly: (path, fullPath) => stageSingly({ type: "file", path, fullPath }),
    onStaged,
    onFailed,
  };

  const batchTasks = createTaskLimit(2 * Math.max(1, threads));
  const singleTasks = createTaskLimit(largeFilesAtOnce);
  const linkNames = new Map<string, string>();
  const planner = createBundlePlanner(namePrefix, maxBundleBytes);
  let nextBundle = bundled.nextNumber;
  let batch: KnownFile[] = [];
  let batchBytes = 0;

  const endBatch = async (): Promise<void> => {
    const files = batch;
    batch = [];
    batchBytes = 0;
    if (files.length > 0) await batchTasks.start(() => stageSmallFiles(stager, files));
  };
  const addToBundle = async (item: BundleItem): Promise<void> => {
    if (
      bundled.files.size > 0 &&
      bundled.files.has(
        bundleFingerprint(
          namePrefix + item.path,
          item.type,
          item.sizeInBytes,
          item.modifiedAtInMs,
          item.target,
        ),
      )
    ) {
      return alreadyStaged(item.path, item.sizeInBytes);
    }
    const full = planner.add(item);
    if (full === undefined) return;
    const number = nextBundle;
    nextBundle += 1;
    await batchTasks.start(() => stageBundle(stager, full, number, maxBundleBytes));
  };
  const addFile = async (file: KnownFile, link: string): Promise<void> => {
    if (options.hardLinks === "store" && link !== "") {
      const first = linkNames.get(link);
      linkNames.set(link, first ?? file.path);
      if (first !== undefined) return singleTasks.start(() => stageHardLink(file, first));
    }
    const item: BundleItem = { ...file, type: "file" };
    const isPage = isPageBlobName(file.name);
    if (bundling !== undefined && !isPage && file.sizeInBytes <= maxBundledFileBytes) {
      if (bundledSize(namePrefix, item) <= maxBundleBytes) return addToBundle(item);
    }
    if (isPage || file.sizeInBytes > packedContentLimitInBytes) {
      return singleTasks.start(() => stageSingly({ type: "file", path: file.path, fullPath: file.fullPath }));
    }
    if (await isStaged(file.name, file.sizeInBytes, file.modifiedAtInMs)) {
      return alreadyStaged(file.path, file.sizeInBytes);
    }
    if (batch.length >= batchFiles || batchBytes + file.sizeInBytes > batchSizeInBytes) await endBatch();
    batch.push(file);
    batchBytes += file.sizeInBytes;
  };
  const stageHardLink = async (file: KnownFile, first: string): Promise<void> => {
    try {
      if (await isStaged(file.name, undefined, file.modifiedAtInMs)) return alreadyStaged(file.path, 0);
      await writer.writeBlob(file.name, Buffer.from(namePrefix + first, "utf8"), {
        kind: "block",
        modifiedAtInMs: file.modifiedAtInMs,
        metadata: { ...metadataOf(file, "file"), [hardLinkMetadataName]: "true" },
        abortSignal: options.abortSignal,
      });
      onStaged(file.path, 1, 0);
    } catch (error) {
      onFailed(file.path, error);
    }
  };
  const addOther = async (item: Exclude<StagedItem, { readonly type: "file" }>): Promise<void> => {
    if (bundling === undefined) return singleTasks.start(() => stageSingly(item));
    try {
      const stats = await lstat(item.fullPath);
      await addToBundle({
        path: item.path,
        fullPath: item.fullPath,
        type: item.type === "symlink" ? "symlink" : "folder",
        sizeInBytes: 0,
        mode: stats.mode,
        modifiedAtInMs: stats.mtimeMs,
        ...(item.type === "symlink" ? { target: item.target } : {}),
      });
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error;
      onFailed(item.path, unreadable(item.fullPath, error));
    }
  };

  // Facts of the next files are fetched while the ones before are sorted; the order of the walk is kept.
  let sorted: Promise<void> = Promise.resolve();
  let waitingStats = 0;
  const sortFiles = async (files: readonly { path: string; fullPath: string }[]): Promise<void> => {
    const facts = await workers.stat(files.map((file) => file.fullPath));
    for (let at = 0; at < files.length; at += 1) {
      const { path, fullPath } = files[at]!;
      if (facts.errors[at] !== "") {
        onFailed(path, unreadable(fullPath, { code: facts.errors[at] }));
        continue;
      }
      const known: KnownFile = {
        path,
        fullPath,
        name: blobNameOf(namePrefix, path),
        sizeInBytes: facts.sizes[at]!,
        modifiedAtInMs: facts.times[at]!,
        mode: facts.modes[at]!,
      };
      await addFile(known, facts.links[at]!);
    }
  };
  let unsorted: { path: string; fullPath: string }[] = [];
  const endStatBatch = async (): Promise<void> => {
    const files = unsorted;
    unsorted = [];
    if (files.length === 0) return;
    const before = sorted;
    waitingStats += 1;
    sorted = (async () => {
      await before;
      await sortFiles(files);
      waitingStats -= 1;
    })();
    // Its failure is seen when it is awaited below.
    sorted.catch(() => undefined);
    if (waitingStats > 2) await sorted;
  };

  try {
    const items = walkDirectory(root, {
      symlinks: options.symlinks ?? "store",
      wants: filter,
      abortSignal: options.abortSignal,
      onSkippedLink: () => {
        counts.symlinksSkipped += 1;
      },
    });
    for await (const item of items) {
      switch (item.type) {
        case "file":
          unsorted.push(item);
          if (unsorted.length >= statBatchFiles) await endStatBatch();
          break;
        case "failed":
          onFailed(item.path, unreadable(item.fullPath, item.error));
          break;
        case "special":
          counts.specialFilesSkipped += 1;
          break;
        case "symlink":
        case "empty-directory":
          await addOther(item);
          break;
      }
    }
    await endStatBatch();
    await sorted;
    await endBatch();
    const last = planner.finish();
    if (last !== undefined)
      await batchTasks.start(() => stageBundle(stager, last, nextBundle, maxBundleBytes));
  } finally {
    await Promise.allSettled([sorted, batchTasks.drain(), singleTasks.drain()]);
    await workers.close();
  }
  await batchTasks.drain();
  await singleTasks.drain();
  throwIfAborted(options.abortSignal);
  await writer.flush();
  progress.flush();
  return Object.freeze({ ...counts, failures: Object.freeze(failures) });
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

function sourceOf(item: StagedItem): BlobSource {
  switch (item.type) {
    case "file":
      return { file: item.fullPath };
    case "empty-directory":
      return new Uint8Array(0);
    case "symlink":
      return Buffer.from(item.target, "utf8");
  }
}

function describe(error: unknown): { code: string; message: string } {
  const message =
    typeof error === "object" && error !== null && "message" in error ? String(error.message) : String(error);
  return { code: isStagingError(error) ? error.code : (systemErrorCode(error) ?? "unknown"), message };
}
