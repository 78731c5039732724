/** Randomness, injected so that tests can make the same bytes twice. */
import { randomFillSync } from "node:crypto";

/** Fills buffers with random bytes. An implementation used for keys must be cryptographically secure. */
export type RandomSource = (target: Uint8Array) => void;

/** The operating system's cryptographically secure generator. */
export const systemRandomSource: RandomSource = (target) => {
  randomFillSync(target);
};

/**
 * A source that hands out recorded bytes, in order and once.
 *
 * @throws RangeError from the source, when more is asked for than was recorded
 */
export function replayedRandomSource(recorded: Uint8Array): RandomSource {
  let used = 0;
  return (target) => {
    if (used + target.length > recorded.length)
      throw new RangeError("The recorded random bytes are used up.");
    target.set(recorded.subarray(used, used + target.length));
    used += target.length;
  };
}

/** A fresh array of `lengthInBytes` random bytes. */
export function randomBytesFrom(random: RandomSource, lengthInBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthInBytes);
  random(bytes);
  return bytes;
}
