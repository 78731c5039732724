/** Turns a seed back into files: compression undone, bundles unpacked, times, modes and links restored. */
import { createHash } from "node:crypto";
import {
  type AbortOptions,
  createProgressReporter,
  errorMessageOf,
  hasErrorName,
  type ProgressOptions,
  systemErrorCode,
  throwIfAborted,
} from "../shared/index.js";
import { pathFromBlobName } from "./blob-name.js";
import {
  type BundleIndexEntry,
  bundleIndexMetadataName,
  bundleMetadataName,
  bundleNameOfIndex,
  parseBundleIndex,
} from "./bundle.js";
import { decompressChunks } from "./compression.js";
import { rawLengthMetadataName } from "./compression-choice.js";
import { isStagingError, StagingError } from "./errors.js";
import { type ExistingFilePolicy, type ExtractedAttributes, openExtractTarget } from "./extract-target.js";
import {
  type BlobContainer,
  type ExtractableBlob,
  type ExtractableSeed,
  extractableCatalog,
  extractableContainer,
} from "./extractable-seed.js";
import {
  escapedNameMetadataName,
  folderMetadataName,
  hardLinkMetadataName,
  modeMetadataName,
  modifiedMetadataName,
  parseTime,
  symlinkMetadataName,
} from "./file-attributes.js";
import type { SeedCatalog } from "./seed-catalog.js";
import type { StageFailure } from "./stage-directory.js";
import { createTaskLimit } from "./task-limit.js";

/** Options of {@link extractSeed}. */
export interface ExtractSeedOptions extends AbortOptions, ProgressOptions {
  /** Only blobs whose names begin so. Default: all. */
  readonly prefix?: string;
  /** Removed from the beginning of paths. Default: none. */
  readonly stripPrefix?: string;
  /** Default: `"fail"`. */
  readonly existing?: ExistingFilePolicy;
  /** Symbolic links are made, or left out and counted. Default: `"restore"`. */
  readonly symlinks?: "restore" | "skip";
  /** Blobs read at the same time. Default: 8. */
  readonly concurrency?: number;
}

/** What {@link extractSeed} did. Plain frozen data. */
export interface ExtractSeedReport {
  readonly filesExtracted: number;
  readonly bytesExtracted: number;
  readonly foldersMade: number;
  readonly linksMade: number;
  readonly filesSkipped: number;
  readonly failureCount: number;
  /** The first 1,000. */
  readonly failures: readonly StageFailure[];
}

const listedFailures = 1000;
/** Longest index of a bundle that is read. */
export const maximumIndexBytes: number = 256 * 1024 * 1024;
const maximumLinkBytes = 64 * 1024;

interface Link {
  readonly path: string;
  readonly target: string;
  readonly attributes: ExtractedAttributes;
}

/**
 * Extracts a sealed seed, or the container it arrived in, to a folder. Reads the staging folder or the network, writes below
 * `targetFolder` only: paths that would leave it are refused, links are made last and nothing is written through them. May be repeated
 * with `existing: "skip"`.
 *
 * Blobs that are damaged or cannot be written are reported, not fatal; nothing half-written gets a final name.
 *
 * @param source a catalog, or a `ContainerClient` of `@azure/storage-blob`
 * @throws StagingError `catalog-damaged`; the service's error when the container cannot be listed; AbortError
 */
export async function extractSeed(
  source: SeedCatalog | BlobContainer,
  targetFolder: string,
  options: ExtractSeedOptions = {},
): Promise<ExtractSeedReport> {
  const seed: ExtractableSeed =
    "listBlobsFlat" in source
      ? extractableContainer(source, options.prefix, options.abortSignal)
      : extractableCatalog(source, options.abortSignal);
  const target = await openExtractTarget(targetFolder, options.existing ?? "fail");
  const progress = createProgressReporter(options.onProgress);
  const counts = {
    filesExtracted: 0,
    bytesExtracted: 0,
    foldersMade: 0,
    linksMade: 0,
    filesSkipped: 0,
    failureCount: 0,
  };
  const failures: StageFailure[] = [];
  const hardLinks: Link[] = [];
  const symlinks: Link[] = [];
  const tasks = createTaskLimit(options.concurrency ?? 8);

  const fail = (path: string, error: unknown): void => {
    if (
      hasErrorName(error, "AbortError") ||
      ["ENOSPC", "EDQUOT", "EROFS"].includes(systemErrorCode(error) ?? "")
    ) {
      throw error;
    }
    counts.failureCount += 1;
    const message = errorMessageOf(error);
    const code = isStagingError(error) ? error.code : (systemErrorCode(error) ?? "extract-failed");
    if (failures.length < listedFailures) failures.push(Object.freeze({ path, code, message }));
  };
  const stripped = (path: string): string => {
    const prefix = options.stripPrefix ?? "";
    return prefix !== "" && path.startsWith(prefix) ? path.slice(prefix.length) : path;
  };
  const writeFile = async (
    path: string,
    chunks: AsyncIterable<Uint8Array>,
    attributes: ExtractedAttributes,
  ): Promise<void> => {
    const fullPath = await target.prepare(stripped(path));
    if (fullPath === undefined) {
      counts.filesSkipped += 1;
      return;
    }
    const length = await target.writeFile(fullPath, chunks, attributes);
    counts.filesExtracted += 1;
    counts.bytesExtracted += length;
    progress.advance(length, 1, path);
  };

  const extractBlob = async (blob: ExtractableBlob): Promise<void> => {
    throwIfAborted(options.abortSignal);
    const path = blob.metadata[escapedNameMetadataName] === "true" ? pathFromBlobName(blob.name) : blob.name;
    const attributes = attributesFrom(blob);
    try {
      if (blob.metadata[folderMetadataName] === "true") {
        await target.makeFolder(stripped(path), attributes);
        counts.foldersMade += 1;
      } else if (blob.metadata[symlinkMetadataName] === "true") {
        symlinks.push({ path, target: await textOf(blob, maximumLinkBytes), attributes });
      } else if (blob.metadata[hardLinkMetadataName] === "true") {
        hardLinks.push({ path, target: await textOf(blob, maximumLinkBytes), attributes });
      } else {
        await writeFile(path, contentOf(blob), attributes);
      }
    } catch (error) {
      fail(path, error);
    }
  };

  const extractBundle = async (indexBlob: ExtractableBlob): Promise<void> => {
    try {
      const entries = parseBundleIndex(await textOf(indexBlob, maximumIndexBytes), indexBlob.name);
      const files: BundleIndexEntry[] = [];
      for (const entry of entries) {
        const attributes = { modifiedAtInMs: entry.modifiedAtInMs, mode: entry.mode };
        if (entry.type === "file") files.push(entry);
        else if (entry.type === "symlink")
          symlinks.push({ path: entry.path, target: entry.target!, attributes });
        else {
          await target.makeFolder(stripped(entry.path), attributes);
          counts.foldersMade += 1;
        }
      }
      if (files.length === 0) return;
      const name = bundleNameOfIndex(indexBlob.name);
      const bundle = await seed.find(name, indexBlob);
      if (bundle === undefined) {
        throw new StagingError(
          "content-damaged",
          `The bundle '${name}' is missing, but its index is there.`,
          {
            details: { name },
          },
        );
      }
      await unpackBundle(bundle, files);
    } catch (error) {
      fail(indexBlob.name, error);
    }
  };
  const unpackBundle = async (bundle: ExtractableBlob, files: readonly BundleIndexEntry[]): Promise<void> => {
    const content = createCutter(contentOf(bundle), bundle.name);
    try {
      for (const file of files) {
        throwIfAborted(options.abortSignal);
        const attributes = { modifiedAtInMs: file.modifiedAtInMs, mode: file.mode };
        try {
          await writeFile(file.path, content.cut(file.offsetInBytes, file.lengthInBytes), attributes);
        } catch (error) {
          // A damaged archive ends everything after it; a file that cannot be written does not.
          if (isStagingError(error) && error.code === "content-damaged") throw error;
          fail(file.path, error);
        }
      }
      // To its end, so that the hash of the whole is checked.
      await content.finish();
    } finally {
      await content.close();
    }
  };

  progress.begin("extracting");
  try {
    for await (const blob of seed.blobs()) {
      if (options.prefix !== undefined && !blob.name.startsWith(options.prefix)) continue;
      if (blob.metadata[bundleMetadataName] !== undefined) continue;
      const isIndex = blob.metadata[bundleIndexMetadataName] !== undefined;
      await tasks.start(() => (isIndex ? extractBundle(blob) : extractBlob(blob)));
    }
  } finally {
    await Promise.allSettled([tasks.drain()]);
  }
  await tasks.drain();
  for (const { path, target: first } of hardLinks) {
    await makeLink(path, () => target.makeHardLink(stripped(path), stripped(first)));
  }
  for (const { path, target: destination, attributes } of symlinks) {
    if (options.symlinks === "skip") counts.filesSkipped += 1;
    else await makeLink(path, () => target.makeSymlink(stripped(path), destination, attributes));
  }
  await target.finish();
  progress.flush();
  return Object.freeze({ ...counts, failures: Object.freeze(failures) });

  async function makeLink(path: string, make: () => Promise<void>): Promise<void> {
    throwIfAborted(options.abortSignal);
    try {
      await make();
      counts.linksMade += 1;
    } catch (error) {
      fail(path, error);
    }
  }
}

function attributesFrom(blob: ExtractableBlob): ExtractedAttributes {
  const mode = blob.metadata[modeMetadataName];
  return {
    modifiedAtInMs: parseTime(blob.metadata[modifiedMetadataName] ?? "") ?? blob.modifiedAtInMs,
    mode: mode !== undefined && /^[0-7]{3,5}$/.test(mode) ? Number.parseInt(mode, 8) : undefined,
  };
}

/** The original bytes; the stored ones are checked on the way. */
async function* contentOf(blob: ExtractableBlob): AsyncGenerator<Uint8Array> {
  const stored = checkedChunks(blob);
  if (blob.contentEncoding === undefined || blob.metadata[rawLengthMetadataName] === undefined) {
    // An encoding that staging did not apply belongs to the content.
    yield* stored;
    return;
  }
  const expected = Number(blob.metadata[rawLengthMetadataName]);
  let length = 0;
  for await (const chunk of decompressChunks(stored, blob.contentEncoding, blob.name)) {
    length += chunk.length;
    if (length > expected) break;
    yield chunk;
  }
  if (length !== expected) throw damaged(blob.name, `it unpacks to ${length} bytes instead of ${expected}`);
}

async function* checkedChunks(blob: ExtractableBlob): AsyncGenerator<Uint8Array> {
  const hash = createHash("md5");
  let length = 0;
  for await (const chunk of blob.open()) {
    hash.update(chunk);
    length += chunk.length;
    yield chunk;
  }
  if (length !== blob.lengthInBytes)
    throw damaged(blob.name, `it has ${length} bytes instead of ${blob.lengthInBytes}`);
  if (blob.md5 !== undefined && hash.digest("hex") !== blob.md5)
    throw damaged(blob.name, "its MD5 is another");
}

/** The text of a blob, decompressed. @throws StagingError `content-damaged` when it is longer than allowed */
export async function textOf(blob: ExtractableBlob, maximumBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of contentOf(blob)) {
    length += chunk.length;
    if (length > maximumBytes) throw damaged(blob.name, `it is longer than ${maximumBytes} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Cuts ascending pieces out of a stream. */
function createCutter(
  chunks: AsyncGenerator<Uint8Array>,
  name: string,
): {
  cut(offset: number, length: number): AsyncGenerator<Uint8Array>;
  finish(): Promise<void>;
  close(): Promise<void>;
} {
  let chunk: Uint8Array = new Uint8Array(0);
  let position = 0;
  const more = async (): Promise<boolean> => {
    const next = await chunks.next();
    if (next.done === true) return false;
    chunk = next.value;
    return true;
  };
  const take = async function* (length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (chunk.length === 0 && !(await more()))
        throw damaged(name, "it ends before a file that its index names");
      const piece = chunk.subarray(0, left);
      chunk = chunk.subarray(piece.length);
      position += piece.length;
      left -= piece.length;
      yield piece;
    }
  };
  return {
    async *cut(offset, length) {
      for await (const _skipped of take(offset - position));
      yield* take(length);
    },
    async finish() {
      while (await more());
    },
    async close() {
      await chunks.return(undefined);
    },
  };
}

function damaged(name: string, problem: string): StagingError {
  return new StagingError(
    "content-damaged",
    `Blob '${name}' is damaged: ${problem}. Restore it from another copy.`,
    {
      details: { name },
    },
  );
}
