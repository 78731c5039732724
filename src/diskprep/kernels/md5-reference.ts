/** The plain implementation of the range hasher: the platform's MD5, one range after the other. */
import { createHash } from "node:crypto";

/** Writes the 16 bytes of the MD5 of `bytes` to `target` from `targetOffset`. */
export function digestRange(bytes: Uint8Array, target: Uint8Array, targetOffset: number): void {
  target.set(createHash("md5").update(bytes).digest(), targetOffset);
}
