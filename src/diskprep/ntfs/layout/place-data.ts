/** Places file data: the files of a tree in their order, each in one piece unless a reserved extent is in the way. */
import { residentLimitInBytes } from "../encode/constants.js";
import { type NodeColumns, nodeFlag } from "../tree/node-columns.js";
import type { ClusterAllocator } from "./cluster-allocator.js";
import { volumeTooSmall } from "./contiguous-room.js";
import type { NtfsGeometry } from "./geometry.js";

/** File data of a volume as columns, ascending by place. */
export interface DataExtentColumns {
  readonly count: number;
  /** Node of the file. */
  readonly node: Uint32Array;
  readonly fileOffsetInBytes: Float64Array;
  readonly volumeOffsetInBytes: Float64Array;
  /** Bytes of the file; the rest of its last cluster is zeros. */
  readonly lengthInBytes: Float64Array;
}

/** Marks nodes without data rows. */
export const noRow = 0xffff_ffff;

/** Content limit of a file kept in its record, with the caller's lower limit applied. */
function isContentResident(
  lengthInBytes: number,
  flags: number,
  nameLength: number,
  recordSizeInBytes: number,
  limitInBytes: number,
): boolean {
  if (lengthInBytes === 0) return true;
  if ((flags & nodeFlag.forcedNonResident) !== 0 || lengthInBytes > limitInBytes) return false;
  return lengthInBytes <= residentLimitInBytes(recordSizeInBytes, nameLength);
}

/** What file data needs. */
export interface DataMeasure {
  readonly clusterCount: number;
  readonly fileCount: number;
  /** Whether a node has no clusters: directories, empty files, files kept in their records. */
  readonly isResident: (node: number) => boolean;
}

/** Measures the data of a tree. Files above `residentLimit` bytes are kept out of their records. */
export function measureData(
  columns: NodeColumns,
  geometry: NtfsGeometry,
  residentLimit: number,
): DataMeasure {
  const isResident = (node: number): boolean =>
    (columns.flags[node]! & nodeFlag.directory) !== 0 ||
    isContentResident(
      columns.lengthOrOrdinal[node]!,
      columns.flags[node]!,
      columns.nameLength[node]!,
      geometry.recordSizeInBytes,
      residentLimit,
    );
  let clusterCount = 0;
  let fileCount = 0;
  for (let node = 1; node < columns.count; node++) {
    if (isResident(node)) continue;
    clusterCount += Math.ceil(columns.lengthOrOrdinal[node]! / geometry.clusterSizeInBytes);
    fileCount++;
  }
  return { clusterCount, fileCount, isResident };
}

/** Places the data. */
export function placeData(
  allocator: ClusterAllocator,
  columns: NodeColumns,
  geometry: NtfsGeometry,
  measure: DataMeasure,
): { readonly data: DataExtentColumns; readonly firstRow: Uint32Array } {
  const { clusterSizeInBytes } = geometry;
  // Every interval of free space ends at most one file in its middle.
  const capacity = measure.fileCount + allocator.freeIntervals().length;
  const node = new Uint32Array(capacity);
  const fileOffsetInBytes = new Float64Array(capacity);
  const volumeOffsetInBytes = new Float64Array(capacity);
  const lengthInBytes = new Float64Array(capacity);
  const firstRow = new Uint32Array(columns.count).fill(noRow);
  let count = 0;
  for (let each = 1; each < columns.count; each++) {
    if (measure.isResident(each)) continue;
    firstRow[each] = count;
    const length = columns.lengthOrOrdinal[each]!;
    for (let offset = 0; offset < length; ) {
      const run = allocator.takeFront(Math.ceil((length - offset) / clusterSizeInBytes));
      if (!run) throw volumeTooSmall(geometry, geometry.clusterCount + 1);
      node[count] = each;
      fileOffsetInBytes[count] = offset;
      volumeOffsetInBytes[count] = run.firstCluster * clusterSizeInBytes;
      lengthInBytes[count] = Math.min(length - offset, run.clusterCount * clusterSizeInBytes);
      offset += run.clusterCount * clusterSizeInBytes;
      count++;
    }
  }
  return { data: { count, node, fileOffsetInBytes, volumeOffsetInBytes, lengthInBytes }, firstRow };
}
