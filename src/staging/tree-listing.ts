/** Lists a tree from a thread of its own, a little ahead of the caller. */
import { availableParallelism } from "node:os";
import { type AbortOptions, throwIfAborted } from "../shared/index.js";
import type { SymlinkPolicy } from "./directory-walk.js";
import type { PathFilterOptions } from "./path-filter.js";
import { createPathFilter } from "./path-filter.js";
import type { TreeListing } from "./tree-task.js";
import { startTreeThreads, type TreeThreads } from "./tree-threads.js";

/** Options of {@link listTree}. */
export interface ListTreeOptions extends AbortOptions, PathFilterOptions {
  readonly symlinks: SymlinkPolicy;
  /** Paths below the root that are not entered. Default: none. */
  readonly leftOut?: readonly string[];
}

/** Yields what is below a folder, a few hundred entries at a time, in a fixed order. */
export async function* listTree(root: string, options: ListTreeOptions): AsyncGenerator<TreeListing> {
  const { symlinks, include, exclude, leftOut = [] } = options;
  // Patterns that cannot be used are the caller's error, so they are found here and not in the thread.
  createPathFilter(options);
  const data = { root, symlinks, include, exclude, leftOut, reading: undefined };
  const threads = startTreeThreads(availableParallelism() < 2 ? 0 : 1, data, "list tree");
  try {
    yield* listingsOf(threads, options);
  } finally {
    await threads.close();
  }
}

/** The same from threads that are there already. */
export async function* listingsOf(threads: TreeThreads, options: AbortOptions): AsyncGenerator<TreeListing> {
  const ask = (): Promise<TreeListing> => {
    const reply = threads.run({ kind: "list" });
    // Seen when it is awaited below, or of no interest when the caller has stopped.
    reply.catch(() => undefined);
    return reply;
  };
  const ahead = [ask(), ask(), ask()];
  for (;;) {
    throwIfAborted(options.abortSignal);
    const listing = await ahead.shift()!;
    if (!listing.done) ahead.push(ask());
    yield listing;
    if (listing.done) return;
  }
}
