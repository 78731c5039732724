/** Undoes the multi-sector protection of FILE and INDX records. */
import { viewOf } from "./field-access.js";

/** Why a record cannot be used. */
export type ProtectionProblem = "wrong-magic" | "bad-update-array" | "torn";

/**
 * Restores the protected words of `bytes` in place.
 * @returns undefined, or what is wrong; the bytes are then not to be used
 */
export function unprotectRecord(bytes: Uint8Array, magic: string): ProtectionProblem | undefined {
  for (let index = 0; index < 4; index++) {
    if (bytes[index] !== magic.charCodeAt(index)) return "wrong-magic";
  }
  const view = viewOf(bytes);
  const arrayOffset = view.getUint16(4, true);
  const count = view.getUint16(6, true);
  if (
    count !== bytes.length / 512 + 1 ||
    arrayOffset < 0x28 ||
    (arrayOffset & 1) !== 0 ||
    arrayOffset + 2 * count > 510
  ) {
    return "bad-update-array";
  }
  const updateNumber = view.getUint16(arrayOffset, true);
  for (let stride = 1; stride < count; stride++) {
    if (view.getUint16(stride * 512 - 2, true) !== updateNumber) return "torn";
  }
  for (let stride = 1; stride < count; stride++) {
    view.setUint16(stride * 512 - 2, view.getUint16(arrayOffset + 2 * stride, true), true);
  }
  return undefined;
}
