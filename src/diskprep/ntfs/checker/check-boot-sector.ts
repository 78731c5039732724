/** Checks the boot sector field by field, and its backup. NTFS boot sector ($Boot), first 512 bytes. */
import type { AbortOptions } from "../../../shared/abort.js";
import type { BlockDevice } from "../../device/index.js";
import type { FindingList } from "./finding.js";
import { uint64At, viewOf } from "./little-endian-fields.js";

/** Measures that the rest of the check works with. */
export interface CheckedGeometry {
  readonly sectorSize: number;
  readonly clusterSize: number;
  readonly recordSize: number;
  readonly indexBlockSize: number;
  readonly totalSectors: number;
  readonly clusterCount: number;
  readonly mftCluster: number;
  readonly mirrorCluster: number;
}

const zeroFields: readonly (readonly [number, number, string])[] = [
  [0x0e, 7, "reserved sectors, FAT count and root entries"],
  [0x16, 2, "sectors per FAT"],
  [0x20, 4, "16-bit volume size"],
  [0x41, 3, "bytes after the record size"],
  [0x45, 3, "bytes after the index block size"],
];

/** Checks both copies. Undefined when the volume cannot be read any further. */
export async function checkBootSectors(
  device: BlockDevice,
  list: FindingList,
  options: AbortOptions,
): Promise<CheckedGeometry | undefined> {
  const sector = new Uint8Array(4096);
  if (device.sizeInBytes < 2 * sector.length) {
    list.add("boot-sector", undefined, 0, "the device is too small for a volume");
    return undefined;
  }
  await device.read(0, sector, options);
  const geometry = checkFields(sector, device.sizeInBytes, list);
  if (!geometry) return undefined;
  await checkBackup(device, sector.subarray(0, geometry.sectorSize), geometry, list, options);
  return geometry;
}

function checkFields(bytes: Uint8Array, deviceSize: number, list: FindingList): CheckedGeometry | undefined {
  const view = viewOf(bytes);
  const complain = (offset: number, what: string): undefined =>
    list.add("boot-sector", undefined, offset, what) as undefined;
  if (String.fromCharCode(...bytes.subarray(3, 11)) !== "NTFS    ")
    return complain(3, "the signature is not NTFS");
  const sectorSize = view.getUint16(0x0b, true);
  if (![512, 1024, 2048, 4096].includes(sectorSize))
    return complain(0x0b, `sectors of ${sectorSize} bytes do not exist`);
  const perClusterByte = view.getUint8(0x0d);
  const perCluster = perClusterByte > 128 ? 2 ** (256 - perClusterByte) : perClusterByte;
  const clusterSize = perCluster * sectorSize;
  if (!isPowerOfTwo(perCluster) || clusterSize > 2 ** 21)
    return complain(0x0d, `clusters of ${clusterSize} bytes do not exist`);
  if (bytes[0] !== 0xeb && bytes[0] !== 0xe9) complain(0, "the sector does not begin with a jump");
  if (bytes[0x15] !== 0xf8) complain(0x15, "the media descriptor is not F8");
  if (view.getUint16(0x1fe, true) !== 0xaa55) complain(0x1fe, "the end signature is not 55 AA");
  for (const [offset, length, what] of zeroFields) {
    if (bytes.subarray(offset, offset + length).some((byte) => byte !== 0))
      complain(offset, `${what} must be zero`);
  }
  const sizeFrom = (byte: number): number => (byte > 127 ? 2 ** (256 - byte) : byte * clusterSize);
  const recordSize = sizeFrom(view.getUint8(0x40));
  const indexBlockSize = sizeFrom(view.getUint8(0x44));
  if (!isPowerOfTwo(recordSize) || recordSize < 512 || recordSize > 65_536) {
    return complain(0x40, `records of ${recordSize} bytes do not exist`);
  }
  if (!isPowerOfTwo(indexBlockSize) || indexBlockSize < 512 || indexBlockSize > 65_536) {
    return complain(0x44, `index blocks of ${indexBlockSize} bytes do not exist`);
  }
  if (recordSize !== Math.max(1024, sectorSize)) complain(0x40, `records have ${recordSize} bytes`);
  if (indexBlockSize !== Math.max(4096, sectorSize))
    complain(0x44, `index blocks have ${indexBlockSize} bytes`);
  const totalSectors = uint64At(view, 0x28);
  const deviceSectors = Math.floor(deviceSize / sectorSize);
  const clusterCount = Math.floor(totalSectors / perCluster);
  if (clusterCount === 0 || totalSectors >= deviceSectors) {
    return complain(0x28, `${totalSectors} sectors and a backup do not fit the device of ${deviceSectors}`);
  }
  if (totalSectors !== deviceSectors - 1) {
    complain(
      0x28,
      `the volume has ${totalSectors} sectors, the device ${deviceSectors}; the difference must be one`,
    );
  }
  if (clusterCount > 0xffff_ffff) complain(0x28, `${clusterCount} clusters are more than 2^32 - 1`);
  const mftCluster = uint64At(view, 0x30);
  const mirrorCluster = uint64At(view, 0x38);
  if (mftCluster === 0 || mftCluster * clusterSize + recordSize > clusterCount * clusterSize)
    return complain(0x30, `cluster ${mftCluster} cannot hold the MFT`);
  if (mirrorCluster === 0 || mirrorCluster >= clusterCount || mirrorCluster === mftCluster) {
    complain(0x38, `cluster ${mirrorCluster} cannot hold the mirror of the MFT`);
  }
  return {
    sectorSize,
    clusterSize,
    recordSize,
    indexBlockSize,
    totalSectors,
    clusterCount,
    mftCluster,
    mirrorCluster,
  };
}

async function checkBackup(
  device: BlockDevice,
  sector: Uint8Array,
  { totalSectors, sectorSize }: CheckedGeometry,
  list: FindingList,
  options: AbortOptions,
): Promise<void> {
  const offset = totalSectors * sectorSize;
  const backup = new Uint8Array(sectorSize);
  await device.read(offset, backup, options);
  const difference = firstDifference(sector, backup);
  if (difference !== undefined) {
    list.add(
      "backup-boot-sector",
      undefined,
      offset + difference,
      `byte ${difference} differs from the boot sector`,
    );
  }
}

/** Index of the first byte that differs; undefined when equal. */
export function firstDifference(left: Uint8Array, right: Uint8Array): number | undefined {
  if (Buffer.compare(left, right) === 0) return undefined;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) if (left[index] !== right[index]) return index;
  return length;
}

function isPowerOfTwo(value: number): boolean {
  return value >= 1 && Number.isInteger(Math.log2(value));
}
