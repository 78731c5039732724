/** Reads single entries of a catalog by their index, remembering the groups read last. */
import type { FileHandle } from "node:fs/promises";
import { type CatalogEntry, parseCatalogLine } from "./catalog-entry.js";
import { damaged, readCatalogGroups } from "./catalog-groups.js";

/** Where some groups begin: index of the first blob, offset in the catalog file; ascending. */
export type CatalogIndex = readonly (readonly [firstIndex: number, offsetInBytes: number])[];

/** Random access by index. */
export interface CatalogLookup {
  /** @throws StagingError `catalog-damaged` when there is no such entry */
  entry(index: number): Promise<CatalogEntry>;
}

interface CachedGroup {
  readonly firstIndex: number;
  readonly lines: readonly string[];
}

const cachedGroups = 4;

/** The last position of the index that is not after a blob. */
export function indexPositionOf(index: CatalogIndex, blobIndex: number): readonly [number, number] {
  let low = 0;
  let high = index.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (index[middle]![0] <= blobIndex) low = middle;
    else high = middle - 1;
  }
  return index[low]!;
}

/** Creates a lookup. The index may grow while the lookup lives. */
export function createCatalogLookup(handle: FileHandle, path: string, index: CatalogIndex): CatalogLookup {
  const cache: CachedGroup[] = [];
  return {
    async entry(blobIndex) {
      const holds = (group: CachedGroup): boolean =>
        blobIndex >= group.firstIndex && blobIndex < group.firstIndex + group.lines.length;
      let group = cache.find(holds);
      if (group === undefined) {
        const [firstIndex, offsetInBytes] = indexPositionOf(index, blobIndex);
        const groups = readCatalogGroups(handle, {
          path,
          offsetInBytes,
          firstIndex,
          uncommittedTail: "yield",
        });
        for await (const candidate of groups) {
          if (candidate.commit === undefined) break;
          if (holds(candidate)) {
            group = { firstIndex: candidate.firstIndex, lines: candidate.lines };
            break;
          }
        }
        if (group === undefined) throw damaged(path, offsetInBytes, `there is no entry ${blobIndex}`);
        cache.unshift(group);
        cache.length = Math.min(cache.length, cachedGroups);
      }
      return parseCatalogLine(group.lines[blobIndex - group.firstIndex]!, blobIndex);
    },
  };
}
