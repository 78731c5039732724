/** Choosing where BitLocker's areas go on a new volume, and the files that keep the file system away from them. */
import type { SectorSizeInBytes } from "../device/index.js";
import { type BitLockerAreas, bootAreaLengthInBytes, metadataRegionLengthInBytes } from "./areas.js";
import { BitLockerError } from "./bitlocker-error.js";

/** Facts about the volume that {@link planBitLockerLayout} needs. */
export interface BitLockerVolumeFacts {
  /** Size of the partition; a multiple of the sector size. */
  readonly volumeSizeInBytes: number;
  readonly sectorSizeInBytes: SectorSizeInBytes;
  /** Cluster size of the file system; a power of two from one to 128 sectors. */
  readonly clusterSizeInBytes: number;
}

/** Areas of a new volume. */
export interface BitLockerLayout extends BitLockerAreas {
  readonly clusterSizeInBytes: number;
  /** An area Windows reserves beside the boot area; holds zeros and is encrypted like any file. */
  readonly spareAreaOffsetInBytes: number;
  readonly spareAreaLengthInBytes: number;
}

/** A file in `\System Volume Information` that must own exactly these bytes, in one run, hidden and system. */
export interface BitLockerReservedExtent {
  readonly name: string;
  readonly offsetInBytes: number;
  readonly lengthInBytes: number;
}

const smallestVolumeInBytes = 64 * 1024 * 1024;
/** No Windows has been seen to put a region below 33 MiB. */
const firstRegionOffsetInBytes = 33 * 1024 * 1024;
const largestStepInBytes = 1024 * 1024 * 1024;
const spareAreaLengthInBytes = 65_536;
const mostSectorsPerCluster = 128;

/**
 * Places the three metadata regions, the boot area and the spare area the way Windows does on an empty volume: the
 * first region at 33 MiB with boot and spare area behind it, the others at steps of a ninth of the volume, at most
 * 1 GiB. All begin on cluster boundaries. Pure; touches nothing.
 *
 * @throws BitLockerError `volume-too-small` below 64 MiB; `invalid-argument` for sizes that do not fit together,
 * among them clusters of more than 128 sectors, which the BitLocker header cannot express.
 */
export function planBitLockerLayout(facts: BitLockerVolumeFacts): BitLockerLayout {
  const { volumeSizeInBytes, sectorSizeInBytes, clusterSizeInBytes } = facts;
  const details = { volumeSizeInBytes, sectorSizeInBytes, clusterSizeInBytes };
  const sectorsPerCluster = clusterSizeInBytes / sectorSizeInBytes;
  if (
    (sectorSizeInBytes !== 512 && sectorSizeInBytes !== 4096) ||
    !Number.isSafeInteger(volumeSizeInBytes) ||
    volumeSizeInBytes % sectorSizeInBytes !== 0 ||
    !Number.isInteger(Math.log2(sectorsPerCluster)) ||
    sectorsPerCluster < 1 ||
    sectorsPerCluster > mostSectorsPerCluster
  ) {
    throw new BitLockerError(
      "invalid-argument",
      `A volume of ${volumeSizeInBytes} bytes with sectors of ${sectorSizeInBytes} and clusters of ${clusterSizeInBytes} bytes cannot be a BitLocker volume: sectors have 512 or 4096 bytes, clusters 1 to ${mostSectorsPerCluster} sectors (a power of two), volumes whole sectors.`,
      { details },
    );
  }
  if (volumeSizeInBytes < smallestVolumeInBytes) {
    throw new BitLockerError(
      "volume-too-small",
      `A volume of ${volumeSizeInBytes} bytes is too small for BitLocker; it needs at least ${smallestVolumeInBytes} bytes.`,
      { details },
    );
  }
  const wholeClusters = (length: number): number =>
    Math.ceil(length / clusterSizeInBytes) * clusterSizeInBytes;
  const step = Math.min(wholeClusters(volumeSizeInBytes / 9), largestStepInBytes);
  const first = firstRegionOffsetInBytes;
  const bootAreaOffsetInBytes = first + wholeClusters(metadataRegionLengthInBytes);
  return Object.freeze({
    volumeSizeInBytes,
    sectorSizeInBytes,
    clusterSizeInBytes,
    metadataRegionOffsetsInBytes: Object.freeze([first, first + step, first + 2 * step] as const),
    metadataRegionLengthInBytes,
    bootAreaOffsetInBytes,
    bootAreaLengthInBytes,
    spareAreaOffsetInBytes: bootAreaOffsetInBytes + wholeClusters(bootAreaLengthInBytes),
    spareAreaLengthInBytes,
  });
}

/**
 * The files that a file system on this volume must have so that it never uses BitLocker's areas. Their content is
 * zeros; names are those of Windows.
 */
export function bitLockerReservedExtents(layout: BitLockerLayout): readonly BitLockerReservedExtent[] {
  const regionFiles = layout.metadataRegionOffsetsInBytes.map((offsetInBytes, index) => ({
    name: `FVE2.{e40ad34d-dae9-4bc7-95bd-b16218c10f72}.${index + 1}`,
    offsetInBytes,
    lengthInBytes: layout.metadataRegionLengthInBytes,
  }));
  return Object.freeze([
    ...regionFiles,
    {
      name: "FVE2.{24e6f0ae-6a00-4f73-984b-75ce9942852d}",
      offsetInBytes: layout.bootAreaOffsetInBytes,
      lengthInBytes: layout.bootAreaLengthInBytes,
    },
    {
      name: "FVE2.{da392a22-cae0-4f0f-9a30-b8830385d046}",
      offsetInBytes: layout.spareAreaOffsetInBytes,
      lengthInBytes: layout.spareAreaLengthInBytes,
    },
  ]);
}
