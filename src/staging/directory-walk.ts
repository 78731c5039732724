/** Walks a directory tree in a fixed order (names by code unit), lazily, one folder's names in memory a level. */
import type { Dirent } from "node:fs";
import { readdir, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AbortSignalLike } from "../shared/index.js";
import { throwIfAborted } from "../shared/index.js";

/** What the walk found. `path` is relative to the root, with forward slashes. */
export type WalkedItem =
  | { readonly type: "file"; readonly path: string; readonly fullPath: string }
  | { readonly type: "empty-directory"; readonly path: string; readonly fullPath: string }
  | { readonly type: "symlink"; readonly path: string; readonly fullPath: string; readonly target: string }
  | { readonly type: "special"; readonly path: string; readonly fullPath: string }
  | { readonly type: "failed"; readonly path: string; readonly fullPath: string; readonly error: unknown };

/** What happens to symbolic links: kept as links, followed, or left out. */
export type SymlinkPolicy = "store" | "follow" | "skip";

/** Options of {@link walkDirectory}. */
export interface WalkDirectoryOptions {
  readonly symlinks: SymlinkPolicy;
  /** Whether a file, or a folder with all below it, is wanted. */
  readonly wants: (path: string, isDirectory: boolean) => boolean;
  readonly abortSignal: AbortSignalLike | undefined;
  /** Called for each link that the policy leaves out. */
  readonly onSkippedLink: () => void;
}

/** Yields files, empty folders, links and failures below a folder. */
export async function* walkDirectory(
  root: string,
  options: WalkDirectoryOptions,
): AsyncGenerator<WalkedItem> {
  yield* walkFolder(root, "", [], options);
}

async function* walkFolder(
  fullPath: string,
  path: string,
  outerFolders: readonly string[],
  options: WalkDirectoryOptions,
): AsyncGenerator<WalkedItem> {
  let entries: Dirent[];
  let folders = outerFolders;
  try {
    // Only followed links can lead in a circle.
    if (options.symlinks === "follow") folders = [...outerFolders, await identityOf(fullPath)];
    entries = await readdir(fullPath, { withFileTypes: true });
  } catch (error) {
    yield { type: "failed", path: path === "" ? "." : path, fullPath, error };
    return;
  }
  if (entries.length === 0 && path !== "") {
    yield { type: "empty-directory", path, fullPath };
    return;
  }
  entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  for (const entry of entries) {
    throwIfAborted(options.abortSignal);
    const itemPath = path === "" ? entry.name : `${path}/${entry.name}`;
    const itemFullPath = join(fullPath, entry.name);
    const item = { path: itemPath, fullPath: itemFullPath };
    if (entry.isDirectory()) {
      if (options.wants(itemPath, true)) yield* walkFolder(itemFullPath, itemPath, folders, options);
    } else if (entry.isFile()) {
      if (options.wants(itemPath, false)) yield { type: "file", ...item };
    } else if (entry.isSymbolicLink()) {
      if (options.symlinks === "skip") options.onSkippedLink();
      else yield* walkLink(item, folders, options);
    } else if (options.wants(itemPath, false)) {
      yield { type: "special", ...item };
    }
  }
}

async function* walkLink(
  item: { readonly path: string; readonly fullPath: string },
  folders: readonly string[],
  options: WalkDirectoryOptions,
): AsyncGenerator<WalkedItem> {
  try {
    if (options.symlinks === "store") {
      if (options.wants(item.path, false)) {
        yield { type: "symlink", ...item, target: await readlink(item.fullPath) };
      }
      return;
    }
    const target = await stat(item.fullPath);
    if (target.isDirectory()) {
      if (!options.wants(item.path, true)) return;
      if (folders.includes(await identityOf(item.fullPath))) {
        throw Object.assign(new Error("the link leads back into a folder it lies in"), { code: "ELOOP" });
      }
      yield* walkFolder(item.fullPath, item.path, folders, options);
    } else if (options.wants(item.path, false)) {
      yield { type: target.isFile() ? "file" : "special", ...item };
    }
  } catch (error) {
    if (options.abortSignal?.aborted) throw error;
    // A link to nowhere could have been a folder; it is missed only by those who want everything or this very name.
    if (options.wants(item.path, false)) yield { type: "failed", ...item, error };
  }
}

async function identityOf(path: string): Promise<string> {
  const { dev, ino } = await stat(path, { bigint: true });
  return `${dev}:${ino}`;
}
