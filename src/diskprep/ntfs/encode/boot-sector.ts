/** The NTFS boot sector: the first sector of the volume, with a copy in the last. */
import type { NtfsGeometry } from "../layout/geometry.js";
import { setUint64 } from "./little-endian.js";

/** Bytes of the `$Boot` file. Everything after the boot sector is zero: a data drive is never booted. */
export const bootFileSizeInBytes = 8192;

/** What the boot sector says beside the measures of the volume. */
export interface BootSectorFields {
  readonly hiddenSectors: number;
  readonly mftCluster: number;
  readonly mirrorCluster: number;
  readonly serialNumber: bigint;
}

/** Sizes that may be smaller than a cluster: clusters, or 256 - log2(bytes). */
function sizeByte(sizeInBytes: number, clusterSizeInBytes: number): number {
  return sizeInBytes >= clusterSizeInBytes ? sizeInBytes / clusterSizeInBytes : 256 - Math.log2(sizeInBytes);
}

/** One sector. */
export function encodeBootSector(geometry: NtfsGeometry, fields: BootSectorFields): Uint8Array {
  const { sectorSizeInBytes, clusterSizeInBytes } = geometry;
  const bytes = new Uint8Array(sectorSizeInBytes);
  const view = new DataView(bytes.buffer);
  bytes.set([0xeb, 0x52, 0x90, 0x4e, 0x54, 0x46, 0x53, 0x20, 0x20, 0x20, 0x20]);
  view.setUint16(0x0b, sectorSizeInBytes, true);
  const sectorsPerCluster = clusterSizeInBytes / sectorSizeInBytes;
  view.setUint8(0x0d, sectorsPerCluster <= 128 ? sectorsPerCluster : 256 - Math.log2(sectorsPerCluster));
  view.setUint8(0x15, 0xf8);
  view.setUint16(0x18, 63, true);
  view.setUint16(0x1a, 255, true);
  view.setUint32(0x1c, fields.hiddenSectors <= 0xffff_ffff ? fields.hiddenSectors : 0, true);
  view.setUint32(0x24, 0x0080_0080, true);
  setUint64(view, 0x28, geometry.totalSectors);
  setUint64(view, 0x30, fields.mftCluster);
  setUint64(view, 0x38, fields.mirrorCluster);
  view.setUint8(0x40, sizeByte(geometry.recordSizeInBytes, clusterSizeInBytes));
  view.setUint8(0x44, sizeByte(geometry.indexBlockSizeInBytes, clusterSizeInBytes));
  view.setBigUint64(0x48, BigInt.asUintN(64, fields.serialNumber), true);
  // Halts the processor should anybody boot from the drive.
  bytes.set([0xfa, 0xf4, 0xeb, 0xfd], 0x54);
  view.setUint16(0x1fe, 0xaa55, true);
  return bytes;
}
