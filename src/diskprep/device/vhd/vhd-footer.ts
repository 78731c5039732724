/**
 * The footer that makes a raw image a fixed virtual hard disk (Virtual Hard Disk Image Format Specification,
 * version 1.0, "Hard Disk Footer Format"). All numbers are big-endian.
 */
import { DeviceError } from "../device-error.js";

export const vhdFooterLengthInBytes = 512;
/** Largest virtual disk that Windows accepts in this format: 2040 GiB. */
export const largestVhdInBytes: number = 2040 * 1024 * 1024 * 1024;

const cookie = "conectix";
const fileFormatVersion = 0x0001_0000;
/** Must be set in every footer. */
const reservedFeature = 2;
const noDataOffset = 0xffff_ffff_ffff_ffffn;
const epochInMs = Date.UTC(2000, 0, 1);
const fixedDiskType = 2;
const checksumOffset = 64;

/** What a footer says. */
export interface VhdFooter {
  /** Size of the disk, without the footer. */
  readonly sizeInBytes: number;
  /** Milliseconds since 1970-01-01 UTC, whole seconds. */
  readonly createdAtInMs: number;
  /** 32 hexadecimal digits. */
  readonly uniqueId: string;
}

/** Cylinders, heads and sectors per track as the specification derives them from the size. */
export interface VhdGeometry {
  readonly cylinderCount: number;
  readonly headCount: number;
  readonly sectorsPerTrack: number;
}

/** The geometry that belongs to a size (specification, appendix "CHS Calculation"). */
export function vhdGeometryOf(sizeInBytes: number): VhdGeometry {
  const sectorCount = Math.min(Math.floor(sizeInBytes / 512), 65_535 * 16 * 255);
  const geometry = (cylinderTimesHeads: number, headCount: number, sectorsPerTrack: number): VhdGeometry => ({
    cylinderCount: Math.floor(cylinderTimesHeads / headCount),
    headCount,
    sectorsPerTrack,
  });
  if (sectorCount >= 65_535 * 16 * 63) return geometry(Math.floor(sectorCount / 255), 16, 255);
  const by17 = Math.floor(sectorCount / 17);
  const heads17 = Math.max(4, Math.ceil(by17 / 1024));
  if (by17 < heads17 * 1024 && heads17 <= 16) return geometry(by17, heads17, 17);
  const by31 = Math.floor(sectorCount / 31);
  return by31 < 16 * 1024 ? geometry(by31, 16, 31) : geometry(Math.floor(sectorCount / 63), 16, 63);
}

/** The 512 bytes of a footer. @throws DeviceError `invalid-argument` for a size the format cannot hold. */
export function encodeVhdFooter(footer: VhdFooter): Uint8Array {
  const { sizeInBytes, createdAtInMs, uniqueId } = footer;
  if (
    !Number.isSafeInteger(sizeInBytes) ||
    sizeInBytes <= 0 ||
    sizeInBytes % 512 !== 0 ||
    sizeInBytes > largestVhdInBytes
  ) {
    throw new DeviceError(
      "invalid-argument",
      `A virtual hard disk cannot have ${sizeInBytes} bytes: it needs whole sectors of 512 bytes and at most 2040 GiB.`,
      { details: { sizeInBytes } },
    );
  }
  if (!/^[0-9a-f]{32}$/i.test(uniqueId)) {
    throw new DeviceError(
      "invalid-argument",
      "The unique id of a virtual hard disk has 32 hexadecimal digits.",
    );
  }
  const bytes = new Uint8Array(vhdFooterLengthInBytes);
  const view = new DataView(bytes.buffer);
  const geometry = vhdGeometryOf(sizeInBytes);
  bytes.set(Buffer.from(cookie, "latin1"), 0);
  view.setUint32(8, reservedFeature);
  view.setUint32(12, fileFormatVersion);
  view.setBigUint64(16, noDataOffset);
  view.setUint32(24, Math.max(0, Math.floor((createdAtInMs - epochInMs) / 1000)));
  // Programs that do not know the creator take the size from the geometry, which is not exact.
  bytes.set(Buffer.from("win ", "latin1"), 28);
  view.setUint32(32, 0x000a_0000);
  bytes.set(Buffer.from("Wi2k", "latin1"), 36);
  view.setBigUint64(40, BigInt(sizeInBytes));
  view.setBigUint64(48, BigInt(sizeInBytes));
  view.setUint16(56, geometry.cylinderCount);
  bytes.set([geometry.headCount, geometry.sectorsPerTrack], 58);
  view.setUint32(60, fixedDiskType);
  bytes.set(Buffer.from(uniqueId, "hex"), 68);
  view.setUint32(checksumOffset, checksumOf(bytes));
  return bytes;
}

/** Whether the last sector of a file begins like a footer, intact or not. */
export function hasVhdCookie(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, cookie.length)).toString("latin1") === cookie;
}

/**
 * Reads a footer.
 *
 * @throws DeviceError `bad-format` when it is not one or its checksum is wrong; `unsupported` for dynamic and
 * differencing disks.
 */
export function decodeVhdFooter(bytes: Uint8Array, name: string): VhdFooter {
  const details = { deviceName: name };
  if (bytes.length !== vhdFooterLengthInBytes || !hasVhdCookie(bytes)) {
    throw new DeviceError("bad-format", `'${name}' does not end with the footer of a virtual hard disk.`, {
      details,
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(checksumOffset) !== checksumOf(bytes)) {
    throw new DeviceError("bad-format", `The footer of the virtual hard disk '${name}' is damaged.`, {
      details,
    });
  }
  const diskType = view.getUint32(60);
  if (diskType !== fixedDiskType || view.getUint32(12) >>> 16 !== 1) {
    throw new DeviceError(
      "unsupported",
      `'${name}' is a virtual hard disk of type ${diskType}; only fixed ones (type 2) can be opened. Convert it first.`,
      { details: { ...details, diskType } },
    );
  }
  return {
    sizeInBytes: Number(view.getBigUint64(48)),
    createdAtInMs: epochInMs + view.getUint32(24) * 1000,
    uniqueId: Buffer.from(bytes.subarray(68, 84)).toString("hex"),
  };
}

/** One's complement of the sum of all bytes but the checksum's own. */
function checksumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index++) {
    if (index < checksumOffset || index >= checksumOffset + 4) sum += bytes[index]!;
  }
  return ~sum >>> 0;
}
