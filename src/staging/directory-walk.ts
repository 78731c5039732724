/**
 * Walks a tree in a fixed order (folder by folder, names sorted), with synchronous calls: meant for a thread of its own, where they cost
 * a fraction of what being called back for every file costs.
 */
import { type Dirent, lstatSync, readdirSync, readlinkSync, type Stats, statSync } from "node:fs";
import { sep } from "node:path";
import { systemErrorCode } from "../shared/room-error.js";
import type { PathFilter } from "./path-filter.js";
import { createTreeColumns, entryTypes } from "./tree-columns.js";
import type { TreeListing } from "./tree-task.js";

/** What happens to symbolic links: kept as links, followed, or left out. */
export type SymlinkPolicy = "store" | "follow" | "skip";

/** Options of {@link createTreeWalker}. */
export interface TreeWalkerOptions {
  readonly symlinks: SymlinkPolicy;
  /** Whether a file, or a folder with all below it, is wanted. */
  readonly wants: PathFilter;
}

/** Gives a tree piece by piece. */
export interface TreeWalker {
  /** The next entries, some hundred: files, empty folders, links, special files and what could not be looked at. */
  next(): TreeListing;
}

interface OpenFolder {
  readonly path: string;
  readonly entries: readonly Dirent[];
  at: number;
}

const entriesInListing = 512;

/** Path of an entry below a root, in the form of this system. */
export function fullPathOf(root: string, path: string): string {
  const below = sep === "/" ? path : path.replaceAll("/", sep);
  return root.endsWith(sep) ? root + below : root + sep + below;
}

/** Begins a walk. */
export function createTreeWalker(root: string, options: TreeWalkerOptions): TreeWalker {
  const { symlinks, wants } = options;
  const folders: OpenFolder[] = [];
  /** Device and inode of the open folders; only followed links can lead in a circle. */
  const identities: string[] = [];
  let begun = false;

  let entries = createTreeColumns();
  let skippedLinks = 0;

  const add = (path: string, type: number, stats: Stats | undefined, size: number, detail: string): void => {
    entries.add(path, type, size, stats?.mtimeMs ?? 0, stats?.mode ?? 0, detail);
  };
  const addFailed = (path: string, error: unknown): void => {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    add(path === "" ? "." : path, entryTypes.failed, undefined, 0, code);
  };

  const openFolder = (path: string): void => {
    const fullPath = path === "" ? root : fullPathOf(root, path);
    try {
      const identity = symlinks === "follow" ? identityOf(fullPath) : "";
      const found = readdirSync(fullPath, { withFileTypes: true });
      if (found.length === 0 && path !== "") {
        add(path, entryTypes.folder, statSync(fullPath), 0, "");
        return;
      }
      found.sort((left, right) => (left.name < right.name ? -1 : 1));
      folders.push({ path, entries: found, at: 0 });
      identities.push(identity);
    } catch (error) {
      addFailed(path, error);
    }
  };

  const addFile = (path: string): void => {
    try {
      const stats = statSync(fullPathOf(root, path));
      if (!stats.isFile()) add(path, entryTypes.failed, undefined, 0, "ENOENT");
      else add(path, entryTypes.file, stats, stats.size, stats.nlink > 1 ? `${stats.dev}:${stats.ino}` : "");
    } catch (error) {
      addFailed(path, error);
    }
  };

  const addLink = (path: string): void => {
    const fullPath = fullPathOf(root, path);
    try {
      if (symlinks === "store") {
        if (!wants(path, false)) return;
        add(path, entryTypes.symlink, lstatSync(fullPath), 0, readlinkSync(fullPath));
        return;
      }
      const target = statSync(fullPath);
      if (target.isDirectory()) {
        if (!wants(path, true)) return;
        // The link leads back into a folder it lies in.
        if (identities.includes(identityOf(fullPath)))
          throw Object.assign(new Error("circle"), { code: "ELOOP" });
        openFolder(path);
      } else if (wants(path, false)) {
        if (target.isFile()) addFile(path);
        else add(path, entryTypes.special, undefined, 0, "");
      }
    } catch (error) {
      // A link to nowhere could have been a folder; it is missed only by those who want everything or this very name.
      if (wants(path, false)) addFailed(path, error);
    }
  };

  const take = (): TreeListing => {
    const listing = { entries: entries.packed(), skippedLinks, done: folders.length === 0 };
    entries = createTreeColumns();
    skippedLinks = 0;
    return listing;
  };

  return {
    next() {
      if (!begun) openFolder("");
      begun = true;
      while (entries.count < entriesInListing) {
        const folder = folders.at(-1);
        if (folder === undefined) break;
        const entry = folder.entries[folder.at];
        folder.at += 1;
        if (entry === undefined) {
          folders.pop();
          identities.pop();
          continue;
        }
        const path = folder.path === "" ? entry.name : `${folder.path}/${entry.name}`;
        if (entry.isFile()) {
          if (wants(path, false)) addFile(path);
        } else if (entry.isDirectory()) {
          if (wants(path, true)) openFolder(path);
        } else if (entry.isSymbolicLink()) {
          if (symlinks === "skip") skippedLinks += 1;
          else addLink(path);
        } else if (wants(path, false)) {
          add(path, entryTypes.special, undefined, 0, "");
        }
      }
      return take();
    },
  };
}

function identityOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}
