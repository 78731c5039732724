/**
 * Hands out clusters of a volume in ascending order around the extents that are reserved.
 *
 * Free space is a short list of intervals; every allocation takes the front of one of them, so what is left of an
 * interval is always its tail.
 */
import type { ClusterRun } from "../encode/mapping-pairs.js";

interface FreeInterval {
  start: number;
  end: number;
}

/** Clusters given to a stream. */
export type PlacedRun = ClusterRun & { readonly firstCluster: number };

/** The allocator of one volume. Cluster counts are positive. */
export interface ClusterAllocator {
  /** Clusters not yet handed out. */
  readonly freeClusterCount: number;
  /** One run from the lowest place where it fits; undefined when no piece is large enough. */
  takeOne(clusterCount: number): PlacedRun | undefined;
  /** One or more runs from the lowest free clusters; undefined when there are too few. */
  takeMany(clusterCount: number): PlacedRun[] | undefined;
  /** The lowest free clusters that hang together, at most `clusterCount`; undefined when nothing is free. */
  takeFront(clusterCount: number): PlacedRun | undefined;
  /** What is free now, ascending. */
  freeIntervals(): readonly Readonly<FreeInterval>[];
}

/** Creates an allocator for clusters 0 … `clusterCount` - 1 without the given ascending, disjoint runs. */
export function createClusterAllocator(
  clusterCount: number,
  reserved: readonly PlacedRun[],
): ClusterAllocator {
  const intervals: FreeInterval[] = [];
  let start = 0;
  for (const run of reserved) {
    if (run.firstCluster > start) intervals.push({ start, end: run.firstCluster });
    start = run.firstCluster + run.clusterCount;
  }
  if (start < clusterCount) intervals.push({ start, end: clusterCount });
  let freeClusterCount = intervals.reduce((sum, interval) => sum + interval.end - interval.start, 0);

  let front = 0;

  const takeFrom = (interval: FreeInterval, count: number): PlacedRun => {
    const firstCluster = interval.start;
    interval.start += count;
    freeClusterCount -= count;
    return { firstCluster, clusterCount: count };
  };

  const takeFront = (count: number): PlacedRun | undefined => {
    while (front < intervals.length && intervals[front]!.start === intervals[front]!.end) front++;
    const interval = intervals[front];
    return interval && takeFrom(interval, Math.min(count, interval.end - interval.start));
  };

  return {
    get freeClusterCount() {
      return freeClusterCount;
    },
    takeOne(count) {
      const interval = intervals.find((each) => each.end - each.start >= count);
      return interval && takeFrom(interval, count);
    },
    takeMany(count) {
      if (freeClusterCount < count) return undefined;
      const runs: PlacedRun[] = [];
      let missing = count;
      while (missing > 0) {
        const run = takeFront(missing)!;
        runs.push(run);
        missing -= run.clusterCount;
      }
      return runs;
    },
    takeFront,
    freeIntervals: () => intervals.filter((interval) => interval.end > interval.start),
  };
}
