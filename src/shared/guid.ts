/** GUIDs in text form and in Microsoft's mixed byte order (first three fields little-endian). */
import { type RandomSource, randomBytesFrom } from "./random-source.js";

const byteOrder = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** A random version-4 GUID as lower-case text with dashes (RFC 4122 §4.4). */
export function createGuid(random: RandomSource): string {
  const bytes = randomBytesFrom(random, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return formatFields(Array.from(bytes));
}

/** The 16 bytes of a GUID as Microsoft formats store them. Accepts upper or lower case. */
export function guidToBytes(guid: string): Uint8Array {
  const digits = guid.replaceAll("-", "");
  if (!/^[0-9a-fA-F]{32}$/.test(digits)) throw new RangeError(`'${guid}' is not a GUID`);
  return Uint8Array.from(byteOrder, (index) => Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16));
}

/** The lower-case text of a GUID stored in Microsoft's byte order at `offset`. */
export function guidFromBytes(bytes: Uint8Array, offset = 0): string {
  return formatFields(byteOrder.map((index) => bytes[offset + index]!));
}

function formatFields(bytes: readonly number[]): string {
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [8, 12, 16, 20, 32]
    .map((end, field, ends) => hex.slice(field === 0 ? 0 : ends[field - 1], end))
    .join("-");
}
