/** The check that stands before every kernel. */
import type { Arena } from "./arena.js";

/** @throws RangeError unless the range lies in the arena: a kernel must never touch what is not meant. */
export function assertRange(arena: Arena, offset: number, lengthInBytes: number): void {
  if (
    !Number.isSafeInteger(offset) ||
    !Number.isSafeInteger(lengthInBytes) ||
    offset < 0 ||
    lengthInBytes < 0 ||
    offset + lengthInBytes > arena.bytes.length
  ) {
    throw new RangeError(
      `The range of ${lengthInBytes} bytes at ${offset} does not lie in the arena of ${arena.bytes.length} bytes.`,
    );
  }
}
