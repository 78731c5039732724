/** The files of a source folder as staging sees them: names, types, times and the metadata their blobs get. */
import { lstat, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type AbortOptions, systemErrorCode, throwIfAborted } from "../shared/index.js";
import { blobNameFromPath } from "./blob-name.js";
import { type SymlinkPolicy, walkDirectory } from "./directory-walk.js";
import { attributesOf, escapedNameMetadataName } from "./file-attributes.js";
import { createPathFilter, type PathFilterOptions } from "./path-filter.js";

/** Options of {@link listSourceFiles}: those of `stageDirectory` that decide what is staged under which name. */
export interface ListSourceFilesOptions extends AbortOptions, PathFilterOptions {
  /** Put before every blob name. Default: none. */
  readonly namePrefix?: string;
  /** Default: `"store"`. */
  readonly symlinks?: SymlinkPolicy;
  /** Default: true. */
  readonly keepAttributes?: boolean;
}

/** One file, empty folder or link of a source folder. Plain frozen data. */
export interface SourceFile {
  /** With the name prefix, forward slashes. */
  readonly path: string;
  /** Name of its blob. */
  readonly blobName: string;
  readonly type: "file" | "folder" | "symlink";
  readonly fullPath: string;
  /** 0 for folders; of the target's text for links. */
  readonly lengthInBytes: number;
  readonly modifiedAtInMs: number;
  /** Only for links. */
  readonly target: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Something of a source folder that could not be looked at. */
export interface UnreadableSourceFile {
  readonly path: string;
  /** Code of the system, for example `EACCES`. */
  readonly unreadable: string;
}

/** Everything `stageDirectory` would stage, in its order. Reads names and facts only. Sockets and devices are left out. */
export async function* listSourceFiles(
  folder: string,
  options: ListSourceFilesOptions = {},
): AsyncGenerator<SourceFile | UnreadableSourceFile> {
  const { namePrefix = "", symlinks = "store", keepAttributes = true, abortSignal } = options;
  const items = walkDirectory(resolve(folder), {
    symlinks,
    wants: createPathFilter(options),
    abortSignal,
    onSkippedLink: () => undefined,
  });
  for await (const item of items) {
    throwIfAborted(abortSignal);
    if (item.type === "special") continue;
    const path = namePrefix + item.path;
    if (item.type === "failed") {
      yield Object.freeze({ path, unreadable: systemErrorCode(item.error) ?? "unknown" });
      continue;
    }
    try {
      const stats = await (item.type === "symlink" ? lstat(item.fullPath) : stat(item.fullPath));
      const type = item.type === "empty-directory" ? "folder" : item.type;
      const attributes = attributesOf(
        { modifiedAtInMs: stats.mtimeMs, mode: stats.mode },
        type,
        keepAttributes,
      );
      const target = item.type === "symlink" ? item.target : undefined;
      const name = blobNameFromPath(item.path);
      yield Object.freeze({
        path,
        blobName: namePrefix + name,
        type,
        fullPath: item.fullPath,
        lengthInBytes: type === "file" ? stats.size : Buffer.byteLength(target ?? ""),
        modifiedAtInMs: stats.mtimeMs,
        target,
        metadata: name === item.path ? attributes : { ...attributes, [escapedNameMetadataName]: "true" },
      });
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined) throw error;
      yield Object.freeze({ path, unreadable: code });
    }
  }
}
