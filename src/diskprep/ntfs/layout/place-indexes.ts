/** Places the blocks of directory indexes, and the index bitmaps that do not fit their records. */
import {
  align8,
  endMarkerLengthInBytes,
  fileNameAttributeLength,
  firstAttributeOffset,
  firstUserRecord,
  standardInformationLengthInBytes,
} from "../encode/constants.js";
import type { ClusterRun } from "../encode/mapping-pairs.js";
import { nonResidentAttributeLength, residentAttributeLength } from "../encode/record-writer.js";
import type { NodeColumns } from "../tree/node-columns.js";
import type { ClusterAllocator } from "./cluster-allocator.js";
import { inFewRuns, noContiguousRoom } from "./contiguous-room.js";
import type { DirectoryPlan } from "./directory-plan.js";
import type { NtfsGeometry } from "./geometry.js";
import type { HiddenRecords } from "./hidden-records.js";
import { NumberList } from "./index-packing.js";

/** Pieces of directory indexes as columns, in order of directory. */
export interface IndexPieces {
  readonly count: number;
  readonly firstCluster: Uint32Array;
  readonly clusterCount: Uint32Array;
  /** Cluster of the stream at which the piece begins. */
  readonly streamCluster: Uint32Array;
  readonly directory: Uint32Array;
  /** 1 for a piece of the index bitmap, 0 for index blocks. */
  readonly isBitmap: Uint32Array;
  /** First piece of each directory; one element more than directories. */
  readonly firstPiece: Uint32Array;
}

/** What directory indexes need. */
export interface IndexMeasure {
  readonly clusterCount: number;
  /** Bytes of each directory's index bitmap when it does not fit the record; else 0. */
  readonly bitmapSizeInBytes: (directory: number) => number;
}

/** Bytes of a large directory's index root attribute: an end entry with its child. */
const largeIndexRootLengthInBytes = 0x58;
/** Bytes of its index allocation attribute with one run. */
const oneRunAllocationLengthInBytes = 0x58;

function nameLengthOfDirectory(record: number, columns: NodeColumns, hidden: HiddenRecords): number {
  if (record < firstUserRecord) return 1;
  return record === hidden.directoryRecord
    ? hidden.nameLengthOf(record)
    : columns.nameLength[record - firstUserRecord + 1]!;
}

/** Measures the indexes of all directories. */
export function measureIndexes(
  directories: DirectoryPlan,
  columns: NodeColumns,
  hidden: HiddenRecords,
  geometry: NtfsGeometry,
): IndexMeasure {
  const { clusterSizeInBytes, recordSizeInBytes, indexBlockSizeInBytes } = geometry;
  const bitmapSizeInBytes = (directory: number): number => {
    const size = indexBitmapSizeInBytes(directories.blockCount[directory]!);
    const nameLength = nameLengthOfDirectory(directories.records[directory]!, columns, hidden);
    const used =
      largeDirectoryBase(recordSizeInBytes, nameLength) +
      oneRunAllocationLengthInBytes +
      residentAttributeLength(4, size);
    return used <= recordSizeInBytes ? 0 : size;
  };
  let clusterCount = 0;
  for (let directory = 0; directory < directories.count; directory++) {
    const blocks = directories.blockCount[directory]!;
    if (blocks === 0) continue;
    clusterCount += Math.ceil((blocks * indexBlockSizeInBytes) / clusterSizeInBytes);
    clusterCount += Math.ceil(bitmapSizeInBytes(directory) / clusterSizeInBytes);
  }
  return { clusterCount, bitmapSizeInBytes };
}

/** Bytes of a directory's index bitmap: one bit a block, a multiple of 8 bytes. */
export function indexBitmapSizeInBytes(blockCount: number): number {
  return Math.ceil(blockCount / 64) * 8;
}

/** Bytes of a large directory's record without its index allocation and bitmap. */
function largeDirectoryBase(recordSizeInBytes: number, nameLength: number): number {
  return (
    firstAttributeOffset(recordSizeInBytes) +
    standardInformationLengthInBytes +
    fileNameAttributeLength(nameLength) +
    largeIndexRootLengthInBytes +
    endMarkerLengthInBytes
  );
}

/** Places the indexes, directory after directory. */
export function placeIndexes(
  allocator: ClusterAllocator,
  directories: DirectoryPlan,
  measure: IndexMeasure,
  geometry: NtfsGeometry,
): IndexPieces {
  const { clusterSizeInBytes, indexBlockSizeInBytes } = geometry;
  const firstCluster = new NumberList();
  const clusterCount = new NumberList();
  const streamClusters = new NumberList();
  const owner = new NumberList();
  const isBitmapPiece = new NumberList();
  const firstPiece = new Uint32Array(directories.count + 1);
  const place = (directory: number, sizeInBytes: number, isBitmap: boolean): void => {
    if (sizeInBytes === 0) return;
    let streamCluster = 0;
    for (const run of inFewRuns(allocator, Math.ceil(sizeInBytes / clusterSizeInBytes))) {
      firstCluster.push(run.firstCluster);
      clusterCount.push(run.clusterCount);
      streamClusters.push(streamCluster);
      owner.push(directory);
      isBitmapPiece.push(isBitmap ? 1 : 0);
      streamCluster += run.clusterCount;
    }
  };
  for (let directory = 0; directory < directories.count; directory++) {
    firstPiece[directory] = owner.length;
    const blocks = directories.blockCount[directory]!;
    if (blocks === 0) continue;
    place(directory, blocks * indexBlockSizeInBytes, false);
    place(directory, measure.bitmapSizeInBytes(directory), true);
  }
  firstPiece[directories.count] = owner.length;
  return {
    count: owner.length,
    firstCluster: firstCluster.values,
    clusterCount: clusterCount.values,
    streamCluster: streamClusters.values,
    directory: owner.values,
    isBitmap: isBitmapPiece.values,
    firstPiece,
  };
}

/** Runs of a directory's index blocks or of its bitmap. */
export function indexRuns(pieces: IndexPieces, directory: number, isBitmap: boolean): ClusterRun[] {
  const runs: ClusterRun[] = [];
  const end = pieces.firstPiece[directory + 1]!;
  for (let piece = pieces.firstPiece[directory]!; piece < end; piece++) {
    if ((pieces.isBitmap[piece] === 1) !== isBitmap) continue;
    runs.push({ firstCluster: pieces.firstCluster[piece]!, clusterCount: pieces.clusterCount[piece]! });
  }
  return runs;
}

/** An index in several runs might not fit the record of a directory with a very long name; say so before writing. */
export function checkDirectoryRecords(
  directories: DirectoryPlan,
  pieces: IndexPieces,
  measure: IndexMeasure,
  columns: NodeColumns,
  hidden: HiddenRecords,
  geometry: NtfsGeometry,
): void {
  for (let directory = 0; directory < directories.count; directory++) {
    const pieceCount = pieces.firstPiece[directory + 1]! - pieces.firstPiece[directory]!;
    const isBitmapInClusters = pieceCount > 0 && measure.bitmapSizeInBytes(directory) > 0;
    if (pieceCount <= (isBitmapInClusters ? 2 : 1)) continue;
    const nameLength = nameLengthOfDirectory(directories.records[directory]!, columns, hidden);
    const length =
      largeDirectoryBase(geometry.recordSizeInBytes, nameLength) +
      nonResidentAttributeLength(4, indexRuns(pieces, directory, false)) +
      (isBitmapInClusters
        ? nonResidentAttributeLength(4, indexRuns(pieces, directory, true))
        : residentAttributeLength(4, align8(indexBitmapSizeInBytes(directories.blockCount[directory]!))));
    if (length > geometry.recordSizeInBytes) {
      throw noContiguousRoom("a directory index falls into more pieces than its record can list");
    }
  }
}
