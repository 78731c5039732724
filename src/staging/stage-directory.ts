/** Stages a directory tree: one blob a file, named after its path. */
import type { Stats } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type AbortOptions,
  createProgressReporter,
  hasErrorName,
  type ProgressOptions,
  systemErrorCode,
} from "../shared/index.js";
import { blobNameFromPath } from "./blob-name.js";
import { type BlobSource, unreadable } from "./blob-source.js";
import { type SymlinkPolicy, type WalkedItem, walkDirectory } from "./directory-walk.js";
import { isStagingError, StagingError } from "./errors.js";
import { attributesOf } from "./file-attributes.js";
import { concernsWholeSeed } from "./seed-log.js";
import type { SeedWriter } from "./seed-writer.js";

/** Options of {@link stageDirectory}. */
export interface StageDirectoryOptions extends AbortOptions, ProgressOptions {
  /** Put before every blob name, for example `"srv01/"`. Default: none. */
  readonly namePrefix?: string;
  /** What happens to symbolic links. Default: `"store"`. */
  readonly symlinks?: SymlinkPolicy;
  /** Keep modification time and permission bits as blob metadata, so that extraction restores them. Default: true. */
  readonly keepAttributes?: boolean;
  /** Files read at the same time. Default: 16. */
  readonly concurrency?: number;
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
  readonly blobsStaged: number;
  readonly bytesStaged: number;
  /** Files of an earlier, interrupted run that are in the seed already, with the same length and time. */
  readonly blobsAlreadyStaged: number;
  /** Sockets, devices and pipes. */
  readonly specialFilesSkipped: number;
  /** Number of files and folders that could not be staged. */
  readonly failureCount: number;
  /** The first 1,000 of them. */
  readonly failures: readonly StageFailure[];
}

const listedFailures = 1000;

type StagedItem = Extract<WalkedItem, { readonly type: "file" | "empty-directory" | "symlink" }>;

/**
 * Stages all files of a folder. Reads the folder, writes the seed; may be repeated: what is in the seed already is passed over.
 *
 * Files that cannot be read or that change meanwhile are reported, not fatal. A full or unwritable staging folder is fatal.
 *
 * @throws StagingError `source-unreadable` when the folder itself cannot be read; `staging-full`, `staging-not-writable`,
 *   `staging-io-failed`, `writer-closed`; AbortError
 */
export async function stageDirectory(
  writer: SeedWriter,
  sourceFolder: string,
  options: StageDirectoryOptions = {},
): Promise<StageDirectoryReport> {
  const root = resolve(sourceFolder);
  await checkSourceFolder(root);
  const progress = createProgressReporter(options.onProgress);
  const failures: StageFailure[] = [];
  const counts = {
    blobsStaged: 0,
    bytesStaged: 0,
    blobsAlreadyStaged: 0,
    specialFilesSkipped: 0,
    failureCount: 0,
  };
  let stopped: { readonly error: unknown } | undefined;

  const fail = (path: string, error: unknown): void => {
    counts.failureCount += 1;
    if (failures.length < listedFailures) failures.push(Object.freeze({ path, ...describe(error) }));
  };
  const stageItem = async (item: WalkedItem): Promise<void> => {
    if (item.type === "failed") return fail(item.path, unreadable(item.fullPath, item.error));
    if (item.type === "special") {
      counts.specialFilesSkipped += 1;
      return;
    }
    const name = `${options.namePrefix ?? ""}${blobNameFromPath(item.path)}`;
    try {
      const stats = await lstatOrTarget(item);
      if (resuming) {
        const blob = await writer.findBlob(name);
        const length = item.type === "file" ? stats.size : blob?.lengthInBytes;
        if (blob?.lengthInBytes === length && blob?.modifiedAtInMs === Math.floor(stats.mtimeMs)) {
          counts.blobsAlreadyStaged += 1;
          progress.advance(blob.lengthInBytes, 1, item.path);
          return;
        }
      }
      const blob = await writer.writeBlob(name, sourceOf(item), {
        abortSignal: options.abortSignal,
        modifiedAtInMs: stats.mtimeMs,
        ...(item.type === "file" ? { lengthInBytes: stats.size } : { kind: "block" }),
        metadata: attributesFor(item, stats),
      });
      counts.blobsStaged += 1;
      counts.bytesStaged += blob.lengthInBytes;
      progress.advance(blob.lengthInBytes, 1, item.path);
    } catch (error) {
      if (hasErrorName(error, "AbortError") || concernsWholeSeed(error)) throw error;
      fail(item.path, systemErrorCode(error) === undefined ? error : unreadable(item.fullPath, error));
    }
  };
  const attributesFor = (item: StagedItem, stats: Stats): Readonly<Record<string, string>> => {
    const kind = item.type === "empty-directory" ? "folder" : item.type;
    const attributes = attributesOf(stats, kind);
    if (options.keepAttributes ?? true) return attributes;
    const { is_symlink, hdi_isfolder } = attributes as { is_symlink?: string; hdi_isfolder?: string };
    return {
      ...(is_symlink === undefined ? {} : { is_symlink }),
      ...(hdi_isfolder === undefined ? {} : { hdi_isfolder }),
    };
  };
  const resuming = writer.blobCount > 0;

  progress.begin("staging");
  const items = walkDirectory(root, {
    symlinks: options.symlinks ?? "store",
    wants: () => true,
    abortSignal: options.abortSignal,
  });
  const work = async (): Promise<void> => {
    while (stopped === undefined) {
      try {
        const next = await items.next();
        if (next.done === true) return;
        await stageItem(next.value);
      } catch (error) {
        stopped ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: options.concurrency ?? 16 }, work));
  await items.return(undefined);
  if (stopped !== undefined) throw (stopped as { readonly error: unknown }).error;
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

function describe(error: unknown): { code: string; message: string } {
  const message =
    typeof error === "object" && error !== null && "message" in error ? String(error.message) : String(error);
  return { code: isStagingError(error) ? error.code : (systemErrorCode(error) ?? "unknown"), message };
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

/** A followed link is a file here and answers with its target. */
function lstatOrTarget(item: StagedItem): Promise<Stats> {
  return item.type === "symlink" ? lstat(item.fullPath) : stat(item.fullPath);
}
