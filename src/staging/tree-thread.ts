/** What a thread that lists or reads a tree does with the tasks it gets. */
import { createContentHashHandler } from "./content-hash-task.js";
import { createTreeWalker, type TreeWalker } from "./directory-walk.js";
import { createPathFilter, type PathFilter } from "./path-filter.js";
import { createThreadCompressor } from "./thread-compression.js";
import { createTreeReader, type TreeReader } from "./tree-reader.js";
import type { TreeReplies, TreeTask, TreeThreadData } from "./tree-task.js";

/** Answers one task. */
export type TreeTaskHandler = (task: TreeTask) => TreeReplies[TreeTask["kind"]];

/** Prepares a thread. */
export async function createTreeTaskHandler(
  data: TreeThreadData,
  threadNumber: number,
): Promise<TreeTaskHandler> {
  const { root, reading, leftOut } = data;
  const compression = reading?.compression;
  const compress =
    compression === undefined
      ? undefined
      : await createThreadCompressor(compression, reading?.zstdPackagePath);
  let walker: TreeWalker | undefined;
  let reader: TreeReader | undefined;
  const hash = createContentHashHandler();
  const startWalker = (): TreeWalker => {
    const { include, exclude, symlinks } = data;
    const filter = createPathFilter({
      ...(include === undefined ? {} : { include }),
      ...(exclude === undefined ? {} : { exclude }),
    });
    const wants: PathFilter = (path, isDirectory) => !leftOut.includes(path) && filter(path, isDirectory);
    return createTreeWalker(root, { symlinks, wants });
  };
  return (task) => {
    if (task.kind === "list") {
      walker ??= startWalker();
      return walker.next();
    }
    if (task.kind === "hash") return hash(task.step);
    reader ??= createTreeReader(root, reading!, threadNumber, compress);
    return task.kind === "blobs"
      ? reader.readBlobs(task.entries, task)
      : reader.readBundles(task.bundles, task);
  };
}
