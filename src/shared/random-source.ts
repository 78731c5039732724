/** Randomness, injected so that tests can make the same bytes twice. */
import { randomFillSync } from "node:crypto";

/** Fills buffers with random bytes. An implementation used for keys must be cryptographically secure. */
export type RandomSource = (target: Uint8Array) => void;

/** The operating system's cryptographically secure generator. */
export const systemRandomSource: RandomSource = (target) => {
  randomFillSync(target);
};

/** A fresh array of `lengthInBytes` random bytes. */
export function randomBytesFrom(random: RandomSource, lengthInBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthInBytes);
  random(bytes);
  return bytes;
}
