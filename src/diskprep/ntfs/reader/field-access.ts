/** Reads little-endian fields of on-disk structures whose content nobody vouches for. */
import { NtfsError } from "../ntfs-error.js";

/** A view over exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An unsigned 64-bit field; numbers above 2^53 lose their low bits and are caught by later range checks. */
export function readUint64(view: DataView, position: number): number {
  return view.getUint32(position + 4, true) * 4_294_967_296 + view.getUint32(position, true);
}

/** The record number of a file reference. */
export function readRecordNumber(view: DataView, position: number): number {
  return view.getUint16(position + 4, true) * 4_294_967_296 + view.getUint32(position, true);
}

/** Unix milliseconds of a FILETIME field. */
export function readFileTimeInMs(view: DataView, position: number): number {
  const high = view.getUint32(position + 4, true);
  const low = view.getUint32(position, true);
  // 2^32 ticks of 100 ns are 429,496.7296 ms; the split keeps whole milliseconds exact.
  const milliseconds = high * 429_496 + (high * 7_296 + low) / 10_000;
  return Math.floor(milliseconds) - 11_644_473_600_000;
}

/** A name of at most 255 UTF-16 code units. */
export function readUtf16(view: DataView, position: number, lengthInUnits: number): string {
  const units: number[] = [];
  for (let index = 0; index < lengthInUnits; index++) units.push(view.getUint16(position + 2 * index, true));
  return String.fromCharCode(...units);
}

/** The error of a structure that contradicts the format. */
export function corrupt(
  what: string,
  details: Readonly<Record<string, number | string | undefined>> = {},
): NtfsError {
  const where = Object.entries(details)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${value}`)
    .join(", ");
  return new NtfsError("corrupt", `The NTFS volume is damaged: ${what}${where ? ` (${where})` : ""}.`, {
    details,
  });
}
