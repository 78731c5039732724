/** The places on a volume where BitLocker keeps its own data, and how plain ranges map around them. */
import { BitLockerError } from "./bitlocker-error.js";

/** Length of each of the three metadata regions, whatever the sector size. */
export const metadataRegionLengthInBytes = 65_536;
/** The file system's first bytes, moved away to make room for the BitLocker header. */
export const bootAreaLengthInBytes = 8192;

/** Where BitLocker keeps its own data on one volume; offsets count from the start of the volume. */
export interface BitLockerAreas {
  readonly volumeSizeInBytes: number;
  readonly sectorSizeInBytes: 512 | 4096;
  readonly metadataRegionOffsetsInBytes: readonly [number, number, number];
  readonly metadataRegionLengthInBytes: number;
  /** Where the first bytes of the file system are stored. */
  readonly bootAreaOffsetInBytes: number;
  readonly bootAreaLengthInBytes: number;
}

/** A piece of a plain range. */
export interface BitLockerPiece {
  /** `stored`: encrypted at `positionInBytes`. `reserved`: BitLocker's own; reads as zeros and takes only zeros. */
  readonly kind: "stored" | "reserved";
  /** Where the piece begins in the plain volume. */
  readonly offsetInBytes: number;
  readonly lengthInBytes: number;
  /** Where the ciphertext is stored, which is also the position it is encrypted with. Not used for `reserved`. */
  readonly positionInBytes: number;
}

/**
 * Says where each piece of a range of the plain volume is stored: the first 8 KiB in the boot area, the metadata
 * regions and the boot area itself nowhere, everything else in its own place. Pure; pieces are in ascending order and
 * neither empty nor overlapping.
 *
 * @throws BitLockerError `invalid-argument` when the range leaves the volume.
 */
export function mapBitLockerRange(
  areas: BitLockerAreas,
  offsetInBytes: number,
  lengthInBytes: number,
): readonly BitLockerPiece[] {
  const end = offsetInBytes + lengthInBytes;
  if (!(offsetInBytes >= 0 && lengthInBytes >= 0 && end <= areas.volumeSizeInBytes)) {
    throw new BitLockerError(
      "invalid-argument",
      `The range of ${lengthInBytes} bytes at ${offsetInBytes} is not inside the volume of ${areas.volumeSizeInBytes} bytes.`,
      { details: { offsetInBytes, lengthInBytes, volumeSizeInBytes: areas.volumeSizeInBytes } },
    );
  }
  const reserved = reservedRanges(areas);
  const pieces: BitLockerPiece[] = [];
  const add = (kind: BitLockerPiece["kind"], from: number, to: number, shift: number): void => {
    if (to <= from) return;
    pieces.push({ kind, offsetInBytes: from, lengthInBytes: to - from, positionInBytes: from + shift });
  };
  let at = offsetInBytes;
  const bootEnd = Math.min(end, areas.bootAreaLengthInBytes);
  add("stored", at, bootEnd, areas.bootAreaOffsetInBytes);
  at = Math.max(at, Math.min(bootEnd, end));
  for (const area of reserved) {
    if (area.end <= at || area.start >= end) continue;
    add("stored", at, area.start, 0);
    at = Math.max(at, area.start);
    const areaEnd = Math.min(area.end, end);
    add("reserved", at, areaEnd, 0);
    at = areaEnd;
  }
  add("stored", at, end, 0);
  return pieces;
}

/** Metadata regions and boot area, ascending. */
export function reservedRanges(
  areas: BitLockerAreas,
): readonly { readonly start: number; readonly end: number }[] {
  return [
    ...areas.metadataRegionOffsetsInBytes.map((start) => ({
      start,
      end: start + areas.metadataRegionLengthInBytes,
    })),
    {
      start: areas.bootAreaOffsetInBytes,
      end: areas.bootAreaOffsetInBytes + areas.bootAreaLengthInBytes,
    },
  ].toSorted((left, right) => left.start - right.start);
}
