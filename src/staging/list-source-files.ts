/** The files of a source folder as staging sees them: names, types, times and the metadata their blobs get. */
import { resolve } from "node:path";
import { type AbortOptions, throwIfAborted } from "../shared/index.js";
import { blobNameFromPath } from "./blob-name.js";
import { fullPathOf, type SymlinkPolicy } from "./directory-walk.js";
import { attributesOf, escapedNameMetadataName } from "./file-attributes.js";
import type { PathFilterOptions } from "./path-filter.js";
import { entryTypes, pathsOf } from "./tree-columns.js";
import { listTree } from "./tree-listing.js";

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
  const root = resolve(folder);
  for await (const listing of listTree(root, { ...options, symlinks })) {
    const { entries } = listing;
    for (const [at, itemPath] of pathsOf(entries).entries()) {
      throwIfAborted(abortSignal);
      const entryType = entries.types[at]!;
      const path = namePrefix + itemPath;
      if (entryType === entryTypes.special) continue;
      if (entryType === entryTypes.failed) {
        yield Object.freeze({ path, unreadable: entries.details.get(at)! });
        continue;
      }
      const type = (["file", "folder", "symlink"] as const)[entryType]!;
      const modifiedAtInMs = entries.modifiedAtInMs[at]!;
      const attributes = attributesOf({ modifiedAtInMs, mode: entries.modes[at]! }, type, keepAttributes);
      const target = type === "symlink" ? entries.details.get(at)! : undefined;
      const name = blobNameFromPath(itemPath);
      yield Object.freeze({
        path,
        blobName: namePrefix + name,
        type,
        fullPath: fullPathOf(root, itemPath),
        lengthInBytes: target === undefined ? entries.sizes[at]! : Buffer.byteLength(target),
        modifiedAtInMs,
        target,
        metadata: name === itemPath ? attributes : { ...attributes, [escapedNameMetadataName]: "true" },
      });
    }
  }
}
