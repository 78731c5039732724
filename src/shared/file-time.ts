/** Windows FILETIME: 100-nanosecond ticks since 1601-01-01 UTC. */

const ticksPerMillisecond = 10_000n;
const unixEpochInMilliseconds = 11_644_473_600_000n;

/** FILETIME of a Unix time in milliseconds (fractions of a millisecond are dropped). */
export function fileTimeFromUnixMs(unixTimeInMs: number): bigint {
  return (BigInt(Math.floor(unixTimeInMs)) + unixEpochInMilliseconds) * ticksPerMillisecond;
}

/** Unix time in milliseconds of a FILETIME, rounded down. */
export function unixMsFromFileTime(fileTime: bigint): number {
  return Number(fileTime / ticksPerMillisecond - unixEpochInMilliseconds);
}
