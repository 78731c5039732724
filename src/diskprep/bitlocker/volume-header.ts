/** The first 512 bytes of a BitLocker volume: what recognises it and says where the metadata is. */
import { guidFromBytes, guidToBytes } from "../../shared/guid.js";
import type { SectorSizeInBytes } from "../device/index.js";
import { BitLockerError } from "./bitlocker-error.js";
import { viewOf } from "./datum.js";
import type { BitLockerLayout } from "./layout.js";

export const volumeHeaderLengthInBytes = 512;

const bitLockerGuid = "4967d63b-2e29-4ad8-8399-f6a339e3d001";
const conversionGuid = "92a84d3b-dd80-4d0e-9e4e-b1e3284eaed8";
const signature = "-FVE-FS-";
const toGoSignature = "MSWIN4.1";
const guidOffset = 0xa0;
const toGoGuidOffset = 0x1a8;

/** What a reader needs from the header. */
export interface VolumeHeader {
  readonly sectorSizeInBytes: SectorSizeInBytes;
  readonly metadataRegionOffsetsInBytes: readonly [number, number, number];
}

/** Geometry that the header repeats from the hidden boot sector; Windows' usual values by default. */
export interface HeaderGeometry {
  /** First sector of the partition on the disk. */
  readonly hiddenSectors: number;
  readonly sectorsPerTrack: number;
  readonly headCount: number;
}

/** The header of a new volume. */
export function encodeVolumeHeader(layout: BitLockerLayout, geometry: HeaderGeometry): Uint8Array {
  const header = new Uint8Array(volumeHeaderLengthInBytes);
  const view = viewOf(header);
  header.set([0xeb, 0x58, 0x90]);
  header.set(Buffer.from(signature, "latin1"), 0x03);
  view.setUint16(0x0b, layout.sectorSizeInBytes, true);
  header[0x0d] = layout.clusterSizeInBytes / layout.sectorSizeInBytes;
  header[0x15] = 0xf8;
  view.setUint16(0x18, geometry.sectorsPerTrack, true);
  view.setUint16(0x1a, geometry.headCount, true);
  view.setUint32(0x1c, geometry.hiddenSectors, true);
  // From here to 0x59 Windows writes what looks like a FAT32 volume; the values are the same on every volume.
  view.setUint32(0x24, 0x1fe0, true);
  view.setUint16(0x30, 1, true);
  view.setUint16(0x32, 6, true);
  header[0x40] = 0x80;
  header[0x42] = 0x29;
  header.set(Buffer.from("NO NAME    FAT32   ", "latin1"), 0x47);
  // Instead of Windows' boot code: disable interrupts, halt, and halt again.
  header.set([0xfa, 0xf4, 0xeb, 0xfd], 0x5a);
  header.set(guidToBytes(bitLockerGuid), guidOffset);
  layout.metadataRegionOffsetsInBytes.forEach((offset, index) => {
    view.setBigUint64(0xb0 + index * 8, BigInt(offset), true);
  });
  // Without this filler some programs see an empty partition table here.
  header.fill(0x78, 0x198, 0x1e8);
  header.fill(0xff, 0x1e8, 0x1fb);
  header.set([0x55, 0xaa], 0x1fe);
  return header;
}

/**
 * Reads the header of a volume from Windows 7 or later, fixed or To Go.
 *
 * @throws BitLockerError `not-bitlocker`, `unsupported-version`, `conversion-running`, `metadata-damaged`.
 */
export function decodeVolumeHeader(header: Uint8Array, volumeName: string): VolumeHeader {
  const details = { volumeName };
  const name =
    header.length < volumeHeaderLengthInBytes ? "" : Buffer.from(header.subarray(3, 11)).toString("latin1");
  const isToGo = name === toGoSignature;
  const guid = guidFromBytes(header, isToGo ? toGoGuidOffset : guidOffset);
  const isKnownGuid = guid === bitLockerGuid || guid === conversionGuid;
  if (name !== signature && !(isToGo && isKnownGuid)) {
    throw new BitLockerError("not-bitlocker", `'${volumeName}' does not begin with a BitLocker header.`, {
      details,
    });
  }
  const isVista = header[0] === 0xeb && header[1] === 0x52 && header[2] === 0x90;
  if (isVista || !isKnownGuid) {
    throw new BitLockerError(
      "unsupported-version",
      isVista
        ? `'${volumeName}' was encrypted by Windows Vista. Only volumes of Windows 7 and later can be read.`
        : `'${volumeName}' has a BitLocker header of an unknown kind.`,
      { details },
    );
  }
  if (guid === conversionGuid) {
    throw new BitLockerError(
      "conversion-running",
      `Windows is still encrypting or decrypting '${volumeName}'. Let it finish on a Windows computer first.`,
      { details },
    );
  }
  const view = viewOf(header);
  const sectorSizeInBytes = view.getUint16(0x0b, true);
  const offsets = [0, 8, 16].map((step) =>
    Number(view.getBigUint64((isToGo ? toGoGuidOffset : guidOffset) + 16 + step, true)),
  );
  if (sectorSizeInBytes !== 512 && sectorSizeInBytes !== 4096) {
    throw new BitLockerError(
      "metadata-damaged",
      `The BitLocker header of '${volumeName}' names ${sectorSizeInBytes} bytes per sector, where only 512 and 4096 occur.`,
      { details: { ...details, sectorSizeInBytes } },
    );
  }
  return { sectorSizeInBytes, metadataRegionOffsetsInBytes: [offsets[0]!, offsets[1]!, offsets[2]!] };
}
