/** Decides which ranges the eight lanes take, in which order, and which are better left to the platform's MD5. */

export const laneCount = 8;

/** Speed of one lane as a share of the platform's MD5. With all eight busy they are more than four times faster. */
const laneSpeed = 0.55;

/** Which ranges go where. */
export interface Md5Schedule {
  /** Numbers of the ranges for the lanes, longest first, so that no lane is left with a long one at the end. */
  readonly forLanes: Uint32Array;
  /** Numbers of the ranges for the platform's MD5. */
  readonly forPlatform: Uint32Array;
}

/**
 * A range goes to the platform when hashing it there takes less time than the lanes would be running longer for it:
 * when it is alone, or much longer than the others.
 */
export function scheduleRanges(lengthsInBytes: ArrayLike<number>, count: number): Md5Schedule {
  const order = Uint32Array.from({ length: count }, (_, range) => range);
  order.sort((a, b) => lengthsInBytes[b]! - lengthsInBytes[a]!);
  let remaining = 0;
  for (let range = 0; range < count; range++) remaining += lengthsInBytes[range]!;

  let platformCount = 0;
  for (; platformCount < count; platformCount++) {
    const longest = lengthsInBytes[order[platformCount]!]!;
    const next = platformCount + 1 < count ? lengthsInBytes[order[platformCount + 1]!]! : 0;
    const timeWith = Math.max(longest, remaining / laneCount) / laneSpeed;
    const timeWithout = Math.max(next, (remaining - longest) / laneCount) / laneSpeed;
    if (timeWith - timeWithout <= longest) break;
    remaining -= longest;
  }
  return { forLanes: order.subarray(platformCount), forPlatform: order.subarray(0, platformCount) };
}
