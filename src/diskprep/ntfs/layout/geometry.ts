/** Sizes of an NTFS volume that follow from its length: sectors, clusters, records, log. */
import type { SectorSizeInBytes } from "../../device/index.js";
import { NtfsError } from "../ntfs-error.js";

export const smallestClusterSizeInBytes = 4096;
export const largestClusterSizeInBytes = 2 * 1024 * 1024;
/** Cluster numbers are 32-bit in practice; Windows accepts no more. */
export const maxClusterCount = 4_294_967_295;

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;

/** The measures of a volume. */
export interface NtfsGeometry {
  readonly volumeSizeInBytes: number;
  readonly sectorSizeInBytes: SectorSizeInBytes;
  readonly clusterSizeInBytes: number;
  /** Bytes of one MFT record. */
  readonly recordSizeInBytes: number;
  /** Bytes of one directory index block. */
  readonly indexBlockSizeInBytes: number;
  /** Sectors of the file system; the backup boot sector is the one after them. */
  readonly totalSectors: number;
  readonly clusterCount: number;
}

/**
 * Measures of a volume of that size. Without `clusterSizeInBytes` the smallest of 4 KiB … 2 MiB that keeps the number
 * of clusters below 2^32 (4 KiB up to 16 TiB, 64 KiB up to 256 TiB).
 *
 * @throws NtfsError `invalid-option`
 */
export function ntfsGeometry(
  volumeSizeInBytes: number,
  sectorSizeInBytes: SectorSizeInBytes,
  clusterSizeInBytes?: number,
): NtfsGeometry {
  if (!Number.isSafeInteger(volumeSizeInBytes) || volumeSizeInBytes < mebibyte) {
    throw new NtfsError(
      "invalid-option",
      `An NTFS volume needs at least 1 MiB, not ${volumeSizeInBytes} bytes.`,
      {
        details: { volumeSizeInBytes },
      },
    );
  }
  if (sectorSizeInBytes !== 512 && sectorSizeInBytes !== 4096) {
    throw new NtfsError(
      "invalid-option",
      `The sector size is 512 or 4096 bytes, not ${String(sectorSizeInBytes)}.`,
    );
  }
  const totalSectors = Math.floor(volumeSizeInBytes / sectorSizeInBytes) - 1;
  const clustersOf = (clusterSize: number): number =>
    Math.floor((totalSectors * sectorSizeInBytes) / clusterSize);
  let clusterSize = clusterSizeInBytes ?? smallestClusterSizeInBytes;
  if (clusterSizeInBytes === undefined) {
    while (clustersOf(clusterSize) > maxClusterCount) clusterSize *= 2;
  }
  if (
    !Number.isInteger(Math.log2(clusterSize)) ||
    clusterSize < smallestClusterSizeInBytes ||
    clusterSize > largestClusterSizeInBytes
  ) {
    throw new NtfsError(
      "invalid-option",
      `The cluster size is a power of two from 4 KiB to 2 MiB, not ${clusterSize} bytes.`,
      { details: { clusterSizeInBytes: clusterSize, volumeSizeInBytes } },
    );
  }
  if (clustersOf(clusterSize) > maxClusterCount) {
    throw new NtfsError(
      "invalid-option",
      `A volume of ${volumeSizeInBytes} bytes needs clusters larger than ${clusterSize} bytes: NTFS counts at most 2^32 - 1.`,
      { details: { clusterSizeInBytes: clusterSize, volumeSizeInBytes } },
    );
  }
  return Object.freeze({
    volumeSizeInBytes,
    sectorSizeInBytes,
    clusterSizeInBytes: clusterSize,
    recordSizeInBytes: Math.max(1024, sectorSizeInBytes),
    indexBlockSizeInBytes: 4096,
    totalSectors,
    clusterCount: clustersOf(clusterSize),
  });
}

/** Bytes of `$LogFile`, a whole number of clusters. */
export function logFileSizeInBytes({ volumeSizeInBytes, clusterSizeInBytes }: NtfsGeometry): number {
  let size: number;
  if (volumeSizeInBytes < 2 * mebibyte) size = 256 * kibibyte;
  else if (volumeSizeInBytes < 4_000_000) size = 512 * kibibyte;
  else if (volumeSizeInBytes <= 200 * mebibyte) size = 2 * mebibyte;
  else if (volumeSizeInBytes >= 12 * gibibyte) size = 64 * mebibyte;
  else size = Math.floor(volumeSizeInBytes / 200);
  return Math.ceil(size / clusterSizeInBytes) * clusterSizeInBytes;
}

/** Bytes of `$Bitmap`: one bit a cluster, a multiple of 8 bytes. */
export function volumeBitmapSizeInBytes(clusterCount: number): number {
  return Math.ceil(clusterCount / 64) * 8;
}

/**
 * Bytes kept free by default: Windows makes its own files at the first mount of a volume. 64 MiB, on volumes below
 * 4 GiB a 64th of the volume.
 */
export function defaultFreeReserveInBytes(volumeSizeInBytes: number): number {
  return Math.min(64 * mebibyte, Math.floor(volumeSizeInBytes / 64));
}
