/** Reads the boot sector of an NTFS volume. */
import { NtfsError } from "../ntfs-error.js";
import { corrupt, readUint64, viewOf } from "./field-access.js";

/** What the boot sector says. */
export interface NtfsBootSector {
  readonly sectorSizeInBytes: number;
  readonly clusterSizeInBytes: number;
  readonly recordSizeInBytes: number;
  readonly indexBlockSizeInBytes: number;
  readonly totalSectors: number;
  readonly clusterCount: number;
  readonly mftCluster: number;
  readonly mirrorCluster: number;
  readonly hiddenSectors: number;
  readonly serialNumber: bigint;
}

const signature = [0x4e, 0x54, 0x46, 0x53, 0x20, 0x20, 0x20, 0x20];
const largestClusterSizeInBytes = 2 * 1024 * 1024;

/**
 * Reads the first 512 bytes of a volume.
 * @throws NtfsError `not-ntfs`, `corrupt`
 */
export function parseBootSector(bytes: Uint8Array): NtfsBootSector {
  if (bytes.length < 512 || signature.some((byte, index) => bytes[3 + index] !== byte)) {
    throw new NtfsError("not-ntfs", "The first sector is not the boot sector of an NTFS volume.");
  }
  const view = viewOf(bytes);
  const sectorSizeInBytes = view.getUint16(0x0b, true);
  if (![512, 1024, 2048, 4096].includes(sectorSizeInBytes)) {
    throw corrupt("the boot sector names an impossible sector size", { sectorSizeInBytes });
  }
  const sectorsByte = view.getUint8(0x0d);
  const sectorsPerCluster = sectorsByte > 0x80 ? 2 ** (256 - sectorsByte) : sectorsByte;
  const clusterSizeInBytes = sectorsPerCluster * sectorSizeInBytes;
  if (!isPowerOfTwo(sectorsPerCluster) || clusterSizeInBytes > largestClusterSizeInBytes) {
    throw corrupt("the boot sector names an impossible cluster size", { clusterSizeInBytes });
  }
  const sizeOf = (byte: number, what: string): number => {
    const size = byte > 0x7f ? 2 ** (256 - byte) : byte * clusterSizeInBytes;
    if (!isPowerOfTwo(size) || size < 512 || size > 65_536) {
      throw corrupt(`the boot sector names an impossible ${what} size`, { byte });
    }
    return size;
  };
  const totalSectors = readUint64(view, 0x28);
  const clusterCount = Math.floor((totalSectors * sectorSizeInBytes) / clusterSizeInBytes);
  const mftCluster = readUint64(view, 0x30);
  const mirrorCluster = readUint64(view, 0x38);
  if (!Number.isSafeInteger(totalSectors * sectorSizeInBytes) || clusterCount === 0) {
    throw corrupt("the boot sector names an impossible number of sectors", { totalSectors });
  }
  const recordSizeInBytes = sizeOf(view.getUint8(0x40), "record");
  const mftEnd = mftCluster * clusterSizeInBytes + recordSizeInBytes;
  if (mftCluster === 0 || mftEnd > clusterCount * clusterSizeInBytes) {
    throw corrupt("the boot sector places the MFT outside the volume", { mftCluster, clusterCount });
  }
  return {
    sectorSizeInBytes,
    clusterSizeInBytes,
    recordSizeInBytes,
    indexBlockSizeInBytes: sizeOf(view.getUint8(0x44), "index block"),
    totalSectors,
    clusterCount,
    mftCluster,
    mirrorCluster,
    hiddenSectors: view.getUint32(0x1c, true),
    serialNumber: view.getBigUint64(0x48, true),
  };
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}
