/** Takes clusters for a stream, or says that the volume has no room for it. */
import { NtfsError } from "../ntfs-error.js";
import type { ClusterAllocator, PlacedRun } from "./cluster-allocator.js";
import type { NtfsGeometry } from "./geometry.js";

/** The failure of a tree that needs more clusters than the volume has. */
export function volumeTooSmall(geometry: NtfsGeometry, neededClusters: number): NtfsError {
  const neededInBytes = neededClusters * geometry.clusterSizeInBytes + geometry.sectorSizeInBytes;
  const availableInBytes = geometry.clusterCount * geometry.clusterSizeInBytes;
  return new NtfsError(
    "volume-too-small",
    `The files and their directories need ${neededInBytes} bytes; the volume has ${availableInBytes}. ` +
      "Use a larger drive or spread the files over several.",
    { details: { neededInBytes, availableInBytes } },
  );
}

/** The failure of a volume whose free room is in the wrong pieces. */
export function noContiguousRoom(what: string): NtfsError {
  return new NtfsError(
    "no-contiguous-room",
    `The volume has enough room, but the reserved extents cut it up so that ${what}.`,
  );
}

/** One run. @throws NtfsError `no-contiguous-room` */
export function inOneRun(allocator: ClusterAllocator, clusterCount: number): PlacedRun {
  const run = allocator.takeOne(clusterCount);
  if (!run) throw noContiguousRoom(`${clusterCount} clusters in one piece are nowhere free`);
  return run;
}

/** One run where possible, else as few as there must be. @throws NtfsError `no-contiguous-room` */
export function inFewRuns(allocator: ClusterAllocator, clusterCount: number): PlacedRun[] {
  const run = allocator.takeOne(clusterCount);
  const runs = run ? [run] : allocator.takeMany(clusterCount);
  if (!runs) throw noContiguousRoom(`${clusterCount} clusters are not free`);
  return runs;
}
