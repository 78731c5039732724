/** Undoes the multi-sector protection of records, index blocks and restart pages, and says what is wrong with it. */
import { viewOf } from "./little-endian-fields.js";

/** Result of undoing the multi-sector protection: undefined when fine, else what is wrong and where. */
export function removeProtection(
  bytes: Uint8Array,
  magic: string,
): { readonly kind: "magic" | "array" | "torn"; readonly position: number } | undefined {
  const view = viewOf(bytes);
  for (let index = 0; index < 4; index++) {
    if (bytes[index] !== magic.charCodeAt(index)) return { kind: "magic", position: 0 };
  }
  const array = view.getUint16(4, true);
  const words = view.getUint16(6, true);
  if (words !== bytes.length / 512 + 1) return { kind: "array", position: 6 };
  // Restart pages of the log have a shorter header than records.
  const headerLength = magic === "RSTR" ? 0x1e : 0x28;
  if (array % 2 !== 0 || array < headerLength || array + 2 * words > 510)
    return { kind: "array", position: 4 };
  const number = view.getUint16(array, true);
  if (number === 0 || number === 0xffff) return { kind: "array", position: array };
  for (let block = 1; block < words; block++) {
    if (view.getUint16(512 * block - 2, true) !== number) return { kind: "torn", position: 512 * block - 2 };
  }
  for (let block = 1; block < words; block++) {
    view.setUint16(512 * block - 2, view.getUint16(array + 2 * block, true), true);
  }
  return undefined;
}
