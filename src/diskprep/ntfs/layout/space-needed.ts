/** How large a volume must be for a tree: constant-time bounds for planners that add file after file. */
import { firstUserRecord } from "../encode/constants.js";
import type { NtfsTreeBuilder } from "../tree/ntfs-tree.js";
import { defaultFreeReserveInBytes, ntfsGeometry } from "./geometry.js";
import { fixedStreamSizes, tableStreamSizes } from "./system-streams.js";
import type { NtfsVolumeOptions } from "./volume-options.js";

/** What the space a tree needs depends on beside the tree. */
export type NtfsSpaceOptions = Pick<NtfsVolumeOptions, "volumeSizeInBytes" | "sectorSizeInBytes"> &
  Partial<
    Pick<
      NtfsVolumeOptions,
      "clusterSizeInBytes" | "reservedExtents" | "residentLimitInBytes" | "freeReserveInBytes"
    >
  >;

/** Content of at most this many bytes may live in a record; a lower limit moves small files into clusters. */
const largestResidentLimitInBytes = 4096;
/** Streams that do not fit a piece of the volume in one run, and index bitmaps, may round up once more. */
const spareClusters = 16;

/** Upper bound of the bytes a tree needs, in constant time; see {@link minimumVolumeSizeInBytes}. */
export type NtfsSpaceMeter = (tree: NtfsTreeBuilder) => number;

/**
 * A meter for volumes of one kind, for planners that ask after every file: what does not depend on the tree is computed
 * here, once.
 *
 * @throws NtfsError `invalid-option`
 */
export function createNtfsSpaceMeter(options: NtfsSpaceOptions): NtfsSpaceMeter {
  const geometry = ntfsGeometry(
    options.volumeSizeInBytes,
    options.sectorSizeInBytes,
    options.clusterSizeInBytes,
  );
  const { clusterSizeInBytes } = geometry;
  const clustersFor = (sizeInBytes: number): number => Math.ceil(sizeInBytes / clusterSizeInBytes);
  const reserved = options.reservedExtents ?? [];
  const hiddenRecords = reserved.length > 0 ? reserved.length + 1 : 0;
  const residentLimit = options.residentLimitInBytes ?? largestResidentLimitInBytes;
  const areSmallFilesResident = residentLimit >= largestResidentLimitInBytes;
  const fixedSizes = [
    ...Object.values(fixedStreamSizes(geometry)),
    ...reserved.map((extent) => extent.lengthInBytes),
    // The index of System Volume Information.
    reserved.length > 0 ? 4 * geometry.indexBlockSizeInBytes : 0,
    options.freeReserveInBytes ?? defaultFreeReserveInBytes(options.volumeSizeInBytes),
  ];
  const fixedClusters = fixedSizes.reduce((sum, size) => sum + clustersFor(size), spareClusters);
  return (tree) => {
    const { mft, mftBitmap } = tableStreamSizes(
      geometry,
      firstUserRecord + tree.nodeCount - 1 + hiddenRecords,
    );
    const clusters =
      fixedClusters +
      clustersFor(mft) +
      clustersFor(mftBitmap) +
      tree.totals.indexClusterCount(geometry) +
      tree.totals.dataClusterCount(geometry, areSmallFilesResident);
    // The last sector holds the backup boot sector; the clusters end before it.
    return (clusters + 1) * clusterSizeInBytes;
  };
}

/**
 * Upper bound of the bytes the tree needs on a volume of `volumeSizeInBytes`, in constant time, the free reserve
 * included: when it is at most `volumeSizeInBytes`, {@link planNtfsVolume} succeeds with the same options. Log, bitmap
 * and cluster size grow with the volume, so ask again with another size for another volume. Reserved extents that
 * are not passed here have to be added by the caller, each rounded up to clusters, and 2 KiB for each one's record.
 *
 * @throws NtfsError `invalid-option`
 */
export function minimumVolumeSizeInBytes(tree: NtfsTreeBuilder, options: NtfsSpaceOptions): number {
  return createNtfsSpaceMeter(options)(tree);
}

/**
 * Smallest cluster size NTFS can count on a volume of that size: 4 KiB up to 16 TiB, 64 KiB up to 256 TiB.
 * @throws NtfsError `invalid-option`
 */
export function defaultClusterSizeInBytes(
  volumeSizeInBytes: number,
  sectorSizeInBytes: NtfsVolumeOptions["sectorSizeInBytes"],
): number {
  return ntfsGeometry(volumeSizeInBytes, sectorSizeInBytes).clusterSizeInBytes;
}

/**
 * A volume size on which the tree surely fits, close to the smallest: a multiple of 1 MiB, at least 8 MiB.
 * @throws NtfsError `invalid-option`
 */
export function suitableVolumeSizeInBytes(
  tree: NtfsTreeBuilder,
  options: Omit<NtfsSpaceOptions, "volumeSizeInBytes">,
): number {
  const mebibyte = 1024 * 1024;
  let size = 8 * mebibyte;
  for (;;) {
    const needed = minimumVolumeSizeInBytes(tree, { ...options, volumeSizeInBytes: size });
    if (needed <= size) return size;
    size = Math.ceil(needed / mebibyte) * mebibyte;
  }
}
