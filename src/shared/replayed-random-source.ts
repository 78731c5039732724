/** Randomness of an earlier run, so that the same keys are made again. */
import type { RandomSource } from "./random-source.js";

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
