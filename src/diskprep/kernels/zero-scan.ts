/** Whether a range holds only zeros: such ranges of page blobs and sparse files need not be written. */
import type { Arena } from "./arena.js";
import { assertRange } from "./assert-range.js";
import { isAllZeroReference } from "./zero-scan-reference.js";

/** The engine replaces the first, slower translation of a kernel only between calls, so no call may take long. */
const sliceInBytes = 1024 * 1024;

/** Whether the `lengthInBytes` bytes of the arena from `offset` are all zero. True for an empty range. */
export function isAllZero(arena: Arena, offset: number, lengthInBytes: number): boolean {
  assertRange(arena, offset, lengthInBytes);
  const kernel = arena.kernel("zero-scan");
  const end = offset + lengthInBytes;
  if (!kernel) return isAllZeroReference(arena.bytes.subarray(offset, end));
  for (let start = offset; start < end; start += sliceInBytes) {
    if (kernel.isAllZero(start, Math.min(sliceInBytes, end - start)) === 0) return false;
  }
  return true;
}
