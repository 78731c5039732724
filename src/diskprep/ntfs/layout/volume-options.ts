/** What a caller decides about a new NTFS volume. */
import type { SectorSizeInBytes } from "../../device/index.js";

/** Bytes of the volume that belong to somebody else: no file system data is placed there. */
export interface NtfsReservedExtent {
  /** Name of the file in `\System Volume Information` that owns the extent. */
  readonly name: string;
  /** A multiple of the cluster size. */
  readonly offsetInBytes: number;
  /** Length of the owning file. The clusters it covers are set aside. */
  readonly lengthInBytes: number;
}

/** Shape of a new volume. The same tree and options give the same bytes. */
export interface NtfsVolumeOptions {
  /** Length of the partition the volume fills. */
  readonly volumeSizeInBytes: number;
  readonly sectorSizeInBytes: SectorSizeInBytes;
  /** A power of two from 4 KiB to 2 MiB. Default: the smallest that NTFS can count on a volume of that size. */
  readonly clusterSizeInBytes?: number;
  /** First sector of the partition on its disk. */
  readonly hiddenSectors: number;
  /** Volume label, at most 32 UTF-16 units. Default: none. */
  readonly label?: string;
  /** 64-bit serial number. */
  readonly serialNumber: bigint;
  /** Unix time in milliseconds that the file system's own files get. */
  readonly createdAtInMs: number;
  /** Extents the data steps over, each owned by a hidden file. At most 16. Default: none. */
  readonly reservedExtents?: readonly NtfsReservedExtent[];
  /**
   * Files of at most this many bytes live in their MFT record, if they fit there. 0 keeps all files but the empty
   * ones out of their records. Default: whatever fits.
   */
  readonly residentLimitInBytes?: number;
  /**
   * How `$LogFile` begins its life. `"empty"`: all FF, initialised by the first driver that mounts the volume for
   * writing. `"restart-pages"`: as after a clean unmount, for volumes that may first be mounted read-only.
   * Default: `"empty"`, which is what other formatters write; the pages were tried with ntfs-3g only.
   */
  readonly log?: "empty" | "restart-pages";
  /** Bytes that must stay free. Default: 64 MiB, on volumes below 4 GiB a 64th of the volume. */
  readonly freeReserveInBytes?: number;
}
