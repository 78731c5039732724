/** Which stream lies where: all pieces of file system streams on a volume, found by offset. */
import type { VolumePlan } from "../layout/plan-volume.js";
import type { SystemStreamName } from "../layout/system-streams.js";

/** A piece of a system stream, or the backup boot sector with the unused sectors before it. */
export interface SystemPiece {
  readonly stream: SystemStreamName | "tail";
  readonly offsetInBytes: number;
  /** Length on the volume: whole clusters. */
  readonly lengthInBytes: number;
  /** Byte of the stream at which the piece begins. */
  readonly streamOffsetInBytes: number;
}

/** A range of bytes. */
export interface NtfsByteExtent {
  readonly offsetInBytes: number;
  readonly lengthInBytes: number;
}

/** The map of a planned volume. */
export interface VolumeMap {
  /** Ascending. */
  readonly systemPieces: readonly SystemPiece[];
  /** Index pieces in ascending order of place: numbers into the plan's columns. */
  readonly indexPieceOrder: Uint32Array;
  /** Position in `indexPieceOrder` of the first piece that ends after `offsetInBytes`. */
  firstIndexPieceAfter(offsetInBytes: number): number;
  /** First data row that ends after `offsetInBytes`. */
  firstDataRowAfter(offsetInBytes: number): number;
}

/** Builds the map. */
export function createVolumeMap(plan: VolumePlan): VolumeMap {
  const { indexPieces, geometry, data } = plan;
  const { clusterSizeInBytes } = geometry;
  const indexPieceOrder = ascendingOrder(indexPieces.firstCluster.subarray(0, indexPieces.count));
  return {
    systemPieces: systemPieces(plan),
    indexPieceOrder,
    firstIndexPieceAfter: (offset) =>
      lowerBound(indexPieces.count, (index) => {
        const piece = indexPieceOrder[index]!;
        return (
          (indexPieces.firstCluster[piece]! + indexPieces.clusterCount[piece]!) * clusterSizeInBytes <= offset
        );
      }),
    firstDataRowAfter: (offset) =>
      lowerBound(data.count, (row) => data.volumeOffsetInBytes[row]! + data.lengthInBytes[row]! <= offset),
  };
}

function systemPieces(plan: VolumePlan): SystemPiece[] {
  const { clusterSizeInBytes, clusterCount, totalSectors, sectorSizeInBytes } = plan.geometry;
  const pieces: SystemPiece[] = [];
  for (const [name, { runs }] of Object.entries(plan.streams)) {
    let streamOffsetInBytes = 0;
    for (const run of runs) {
      const lengthInBytes = run.clusterCount * clusterSizeInBytes;
      pieces.push({
        stream: name as SystemStreamName,
        offsetInBytes: run.firstCluster * clusterSizeInBytes,
        lengthInBytes,
        streamOffsetInBytes,
      });
      streamOffsetInBytes += lengthInBytes;
    }
  }
  const tail = clusterCount * clusterSizeInBytes;
  pieces.push({
    stream: "tail",
    offsetInBytes: tail,
    lengthInBytes: (totalSectors + 1) * sectorSizeInBytes - tail,
    streamOffsetInBytes: 0,
  });
  return pieces.sort((left, right) => left.offsetInBytes - right.offsetInBytes);
}

/** Everything of the file system itself, as few ascending extents as possible. */
export function metadataExtents(plan: VolumePlan, map: VolumeMap): NtfsByteExtent[] {
  const { clusterSizeInBytes } = plan.geometry;
  const { indexPieces } = plan;
  const indexExtents = joined(
    Array.from(map.indexPieceOrder, (piece) => ({
      offsetInBytes: indexPieces.firstCluster[piece]! * clusterSizeInBytes,
      lengthInBytes: indexPieces.clusterCount[piece]! * clusterSizeInBytes,
    })),
  );
  const all = [...map.systemPieces, ...indexExtents].sort(
    (left, right) => left.offsetInBytes - right.offsetInBytes,
  );
  return joined(all.map(({ offsetInBytes, lengthInBytes }) => ({ offsetInBytes, lengthInBytes })));
}

/** Everything a writer has to write: file system and file data with its slack, without free and reserved clusters. */
export function occupiedExtents(plan: VolumePlan): NtfsByteExtent[] {
  const { clusterSizeInBytes, clusterCount, totalSectors, sectorSizeInBytes } = plan.geometry;
  const gaps = [
    ...plan.freeIntervals,
    ...plan.hidden.runs.map((run) => ({ start: run.firstCluster, end: run.firstCluster + run.clusterCount })),
  ].sort((left, right) => left.start - right.start);
  const extents: NtfsByteExtent[] = [];
  let start = 0;
  const push = (end: number): void => {
    if (end > start) extents.push({ offsetInBytes: start, lengthInBytes: end - start });
  };
  for (const gap of gaps) {
    push(gap.start * clusterSizeInBytes);
    start = gap.end * clusterSizeInBytes;
  }
  push(clusterCount * clusterSizeInBytes);
  start = clusterCount * clusterSizeInBytes;
  push((totalSectors + 1) * sectorSizeInBytes);
  return joined(extents);
}

function joined(extents: readonly NtfsByteExtent[]): NtfsByteExtent[] {
  const result: { offsetInBytes: number; lengthInBytes: number }[] = [];
  for (const extent of extents) {
    const last = result[result.length - 1];
    if (last && last.offsetInBytes + last.lengthInBytes === extent.offsetInBytes) {
      last.lengthInBytes += extent.lengthInBytes;
    } else if (extent.lengthInBytes > 0) result.push({ ...extent });
  }
  return result;
}

function ascendingOrder(values: Uint32Array): Uint32Array {
  const order = Uint32Array.from(values, (_, index) => index);
  for (let index = 1; index < values.length; index++) {
    if (values[index]! < values[index - 1]!)
      return order.sort((left, right) => values[left]! - values[right]!);
  }
  return order;
}

/** Number of leading elements for which `isBefore` holds. */
function lowerBound(count: number, isBefore: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
