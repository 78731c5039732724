/** Decides where everything of a volume lies. Arithmetic only: no bytes are made here and nothing is read or written. */
import { attributeDefinitionsSizeInBytes } from "../encode/attribute-definitions.js";
import { bootFileSizeInBytes } from "../encode/boot-sector.js";
import {
  align8,
  endMarkerLengthInBytes,
  fileNameAttributeLength,
  firstAttributeOffset,
  firstUserRecord,
  residentLimitInBytes,
  standardInformationLengthInBytes,
} from "../encode/constants.js";
import { clampUnixMs } from "../encode/little-endian.js";
import type { ClusterRun } from "../encode/mapping-pairs.js";
import { nonResidentAttributeLength, residentAttributeLength } from "../encode/record-writer.js";
import { securityStreamSizeInBytes } from "../encode/security-descriptors.js";
import { upcaseTableSizeInBytes } from "../names/upcase-table.js";
import { NtfsError } from "../ntfs-error.js";
import { type NodeColumns, nodeFlag } from "../tree/node-columns.js";
import type { NtfsTreeBuilder } from "../tree/ntfs-tree.js";
import { type ClusterAllocator, createClusterAllocator, type PlacedRun } from "./cluster-allocator.js";
import { type DirectoryPlan, planDirectories } from "./directory-plan.js";
import {
  defaultFreeReserveInBytes,
  logFileSizeInBytes,
  type NtfsGeometry,
  ntfsGeometry,
  volumeBitmapSizeInBytes,
} from "./geometry.js";
import { type HiddenRecords, planHiddenRecords } from "./hidden-records.js";
import { NumberList } from "./index-packing.js";
import type { NtfsVolumeOptions } from "./volume-options.js";

/** A stream of the file system with its place. */
export interface PlacedStream {
  readonly sizeInBytes: number;
  readonly runs: readonly PlacedRun[];
}

/** The file system's own streams. */
export type SystemStreamName =
  | "boot"
  | "mirror"
  | "log"
  | "upcase"
  | "attributeDefinitions"
  | "security"
  | "bitmap"
  | "mftBitmap"
  | "mft";

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

/** Everything that determines the bytes of a volume, but for file content. */
export interface VolumePlan {
  readonly geometry: NtfsGeometry;
  readonly options: NtfsVolumeOptions;
  /** Clamped creation time. */
  readonly createdAtInMs: number;
  readonly columns: NodeColumns;
  readonly hidden: HiddenRecords;
  /** Slots of the MFT, a whole number of clusters. */
  readonly recordCount: number;
  readonly streams: Readonly<Record<SystemStreamName, PlacedStream>>;
  readonly directories: DirectoryPlan;
  readonly indexPieces: IndexPieces;
  readonly data: DataExtentColumns;
  /** First data row of each node; `noRow` for directories and for files without clusters. */
  readonly firstRow: Uint32Array;
  readonly freeIntervals: readonly Readonly<{ start: number; end: number }>[];
  readonly freeClusterCount: number;
}

/** Marks nodes without data rows. */
export const noRow = 0xffff_ffff;
const maxLabelLength = 32;

/** Content limit of a file kept in its record, with the caller's lower limit applied. */
export function isContentResident(
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

/** Clusters of the file system's own streams, in order of their place. */
export function systemStreamSizes(
  geometry: NtfsGeometry,
  endRecord: number,
): Readonly<Record<SystemStreamName, number>> {
  const { clusterSizeInBytes, recordSizeInBytes } = geometry;
  const mftSize = Math.ceil((endRecord * recordSizeInBytes) / clusterSizeInBytes) * clusterSizeInBytes;
  return {
    boot: bootFileSizeInBytes,
    mirror: Math.max(4 * recordSizeInBytes, clusterSizeInBytes),
    log: logFileSizeInBytes(geometry),
    upcase: upcaseTableSizeInBytes,
    attributeDefinitions: attributeDefinitionsSizeInBytes,
    security: securityStreamSizeInBytes,
    bitmap: volumeBitmapSizeInBytes(geometry.clusterCount),
    mftBitmap: Math.ceil(mftSize / recordSizeInBytes / 64) * 8,
    mft: mftSize,
  };
}

/** Plans a volume. @throws NtfsError `invalid-option`, `volume-too-small`, `no-contiguous-room`, `invalid-name`, `duplicate-name` */
export function planVolume(tree: NtfsTreeBuilder, options: NtfsVolumeOptions): VolumePlan {
  const geometry = ntfsGeometry(
    options.volumeSizeInBytes,
    options.sectorSizeInBytes,
    options.clusterSizeInBytes,
  );
  checkOptions(options);
  const columns = tree.snapshot();
  const hidden = planHiddenRecords(
    options.reservedExtents ?? [],
    firstUserRecord + columns.count - 1,
    geometry,
  );
  const sizes = systemStreamSizes(geometry, hidden.endRecord);
  const directories = planDirectories(columns, hidden, geometry.recordSizeInBytes);
  const { clusterSizeInBytes } = geometry;
  const clustersFor = (sizeInBytes: number): number => Math.ceil(sizeInBytes / clusterSizeInBytes);
  const residentLimit = options.residentLimitInBytes ?? Number.POSITIVE_INFINITY;

  const data = measureData(columns, geometry, residentLimit);
  const indexes = measureIndexes(directories, columns, hidden, geometry);
  const reserve = clustersFor(
    options.freeReserveInBytes ?? defaultFreeReserveInBytes(options.volumeSizeInBytes),
  );
  const needed =
    Object.values(sizes).reduce((sum, size) => sum + clustersFor(size), 0) +
    hidden.runs.reduce((sum, run) => sum + run.clusterCount, 0) +
    indexes.clusterCount +
    data.clusterCount +
    reserve;
  if (needed > geometry.clusterCount) throw volumeTooSmall(geometry, needed);

  const allocator = createClusterAllocator(geometry.clusterCount, hidden.runs);
  const place = (size: number): PlacedStream => ({
    sizeInBytes: size,
    runs: [inOneRun(allocator, clustersFor(size))],
  });
  const placeAnywhere = (size: number): PlacedStream => ({
    sizeInBytes: size,
    runs: inFewRuns(allocator, clustersFor(size)),
  });
  const low = {
    boot: place(sizes.boot),
    mirror: place(sizes.mirror),
    log: place(sizes.log),
    upcase: placeAnywhere(sizes.upcase),
    attributeDefinitions: place(sizes.attributeDefinitions),
    security: place(sizes.security),
    bitmap: placeAnywhere(sizes.bitmap),
  };
  const indexPieces = placeIndexes(allocator, directories, indexes, geometry);
  const streams = { ...low, mftBitmap: placeAnywhere(sizes.mftBitmap), mft: placeAnywhere(sizes.mft) };
  if (streams.boot.runs[0]!.firstCluster !== 0) {
    throw new NtfsError(
      "invalid-option",
      "A reserved extent lies so low that the boot area does not fit before it.",
    );
  }
  checkDirectoryRecords(directories, indexPieces, indexes, columns, hidden, geometry);
  const placed = placeData(allocator, columns, geometry, data);
  return {
    geometry,
    options,
    createdAtInMs: clampUnixMs(options.createdAtInMs),
    columns,
    hidden,
    recordCount: sizes.mft / geometry.recordSizeInBytes,
    streams,
    directories,
    indexPieces,
    ...placed,
    freeIntervals: allocator.freeIntervals(),
    freeClusterCount: allocator.freeClusterCount,
  };
}

function checkOptions(options: NtfsVolumeOptions): void {
  const { label = "", hiddenSectors, createdAtInMs, serialNumber } = options;
  const reserve = options.freeReserveInBytes ?? 0;
  const limit = options.residentLimitInBytes ?? 0;
  const complaint =
    label.length > maxLabelLength
      ? `The label may have ${maxLabelLength} UTF-16 units, not ${label.length}.`
      : !Number.isSafeInteger(hiddenSectors) || hiddenSectors < 0
        ? `The number of hidden sectors cannot be ${hiddenSectors}.`
        : !Number.isFinite(createdAtInMs)
          ? "The creation time must be a number of milliseconds."
          : typeof serialNumber !== "bigint"
            ? "The serial number must be a bigint of 64 bits."
            : !(reserve >= 0) || !(limit >= 0)
              ? "Neither the free reserve nor the resident limit can be negative."
              : undefined;
  if (complaint !== undefined) throw new NtfsError("invalid-option", complaint);
}

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

function noContiguousRoom(what: string): NtfsError {
  return new NtfsError(
    "no-contiguous-room",
    `The volume has enough room, but the reserved extents cut it up so that ${what}.`,
  );
}

function inOneRun(allocator: ClusterAllocator, clusterCount: number): PlacedRun {
  const run = allocator.takeOne(clusterCount);
  if (!run) throw noContiguousRoom(`${clusterCount} clusters in one piece are nowhere free`);
  return run;
}

function inFewRuns(allocator: ClusterAllocator, clusterCount: number): PlacedRun[] {
  const run = allocator.takeOne(clusterCount);
  const runs = run ? [run] : allocator.takeMany(clusterCount);
  if (!runs) throw noContiguousRoom(`${clusterCount} clusters are not free`);
  return runs;
}

interface DataMeasure {
  readonly clusterCount: number;
  readonly fileCount: number;
  readonly isResident: (node: number) => boolean;
}

function measureData(columns: NodeColumns, geometry: NtfsGeometry, residentLimit: number): DataMeasure {
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

function placeData(
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

interface IndexMeasure {
  readonly clusterCount: number;
  /** Bytes of each directory's index bitmap when it does not fit the record; else 0. */
  readonly bitmapSizeInBytes: (directory: number) => number;
}

/** Bytes of a large directory's index root attribute: an end entry with its child. */
export const largeIndexRootLengthInBytes = 0x58;
/** Bytes of its index allocation attribute with one run. */
const oneRunAllocationLengthInBytes = 0x58;

function nameLengthOfDirectory(record: number, columns: NodeColumns, hidden: HiddenRecords): number {
  if (record < firstUserRecord) return 1;
  return record === hidden.directoryRecord
    ? hidden.nameLengthOf(record)
    : columns.nameLength[record - firstUserRecord + 1]!;
}

function measureIndexes(
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

function placeIndexes(
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
function checkDirectoryRecords(
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
