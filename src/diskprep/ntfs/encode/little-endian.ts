/** 64-bit fields without BigInt: numbers up to 2^53 and times, each split into two 32-bit halves. */

const unixEpochInMs = 11_644_473_600_000;
const twoTo32 = 4_294_967_296;
/** Last millisecond whose FILETIME is below 2^63. */
const latestInMs = 922_337_203_685_476 - unixEpochInMs;

export function setUint64(view: DataView, position: number, value: number): void {
  view.setUint32(position, value >>> 0, true);
  view.setUint32(position + 4, Math.floor(value / twoTo32), true);
}

/** A Unix time that FILETIME can hold, in whole milliseconds; times before 1601 or after 30828 move to the nearest. */
export function clampUnixMs(unixTimeInMs: number): number {
  return Math.min(Math.max(Math.floor(unixTimeInMs), -unixEpochInMs), latestInMs);
}

/** FILETIME (100 ns since 1601) of a clamped Unix time. */
export function setFileTime(view: DataView, position: number, unixTimeInMs: number): void {
  const milliseconds = unixTimeInMs + unixEpochInMs;
  const high = Math.floor(milliseconds / twoTo32) * 10_000;
  const low = (milliseconds % twoTo32) * 10_000;
  view.setUint32(position, low >>> 0, true);
  view.setUint32(position + 4, high + Math.floor(low / twoTo32), true);
}
