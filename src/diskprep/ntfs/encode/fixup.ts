/** Multi-sector protection of FILE and INDX records: the last word of every 512 bytes moves into the update array. */
import { fixupStrideInBytes } from "./constants.js";

/** Any value but 0 and FFFF; a fresh volume has no earlier write to tell apart. */
const firstUpdateNumber = 1;

/** Protects the finished record at `base`; must be the last step. */
export function protectRecord(
  view: DataView,
  base: number,
  sizeInBytes: number,
  arrayOffset: number,
  updateSequenceNumber: number = firstUpdateNumber,
): void {
  view.setUint16(base + arrayOffset, updateSequenceNumber, true);
  const strides = sizeInBytes / fixupStrideInBytes;
  for (let stride = 1; stride <= strides; stride++) {
    const tail = base + stride * fixupStrideInBytes - 2;
    view.setUint16(base + arrayOffset + 2 * stride, view.getUint16(tail, true), true);
    view.setUint16(tail, updateSequenceNumber, true);
  }
}
