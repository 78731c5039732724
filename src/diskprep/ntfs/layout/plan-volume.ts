/** Decides where everything of a volume lies. Arithmetic only: no bytes are made here and nothing is read or written. */
import { firstUserRecord } from "../encode/constants.js";
import { clampUnixMs } from "../encode/little-endian.js";
import { NtfsError } from "../ntfs-error.js";
import type { NodeColumns } from "../tree/node-columns.js";
import type { NtfsTreeBuilder } from "../tree/ntfs-tree.js";
import { createClusterAllocator, type PlacedRun } from "./cluster-allocator.js";
import { inFewRuns, inOneRun, volumeTooSmall } from "./contiguous-room.js";
import { type DirectoryPlan, planDirectories } from "./directory-plan.js";
import { defaultFreeReserveInBytes, type NtfsGeometry, ntfsGeometry } from "./geometry.js";
import { type HiddenRecords, planHiddenRecords } from "./hidden-records.js";
import { type DataExtentColumns, measureData, placeData } from "./place-data.js";
import { checkDirectoryRecords, type IndexPieces, measureIndexes, placeIndexes } from "./place-indexes.js";
import { type SystemStreamName, systemStreamSizes } from "./system-streams.js";
import type { NtfsVolumeOptions } from "./volume-options.js";

/** A stream of the file system with its place. */
export interface PlacedStream {
  readonly sizeInBytes: number;
  readonly runs: readonly PlacedRun[];
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

const maxLabelLength = 32;

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
