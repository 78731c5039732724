/** Contents of the volume bitmap and the MFT bitmap, any part of them without the rest. */
import { firstUserRecord } from "../encode/constants.js";
import type { VolumePlan } from "../layout/plan-volume.js";
import { isSystemRecordInUse } from "./system-record.js";

/** Fills `target` with bytes of `$Bitmap` from `offset` on: a bit is 0 only for a free cluster that exists. */
export function writeVolumeBitmap(plan: VolumePlan, offset: number, target: Uint8Array): void {
  target.fill(0xff);
  const first = offset * 8;
  const end = first + target.length * 8;
  for (const interval of plan.freeIntervals) {
    clearBits(target, Math.max(interval.start, first) - first, Math.min(interval.end, end) - first);
  }
}

/** Fills `target` with bytes of the MFT bitmap from `offset` on: a bit is 1 for a record in use. */
export function writeMftBitmap(plan: VolumePlan, offset: number, target: Uint8Array): void {
  target.fill(0xff);
  const first = offset * 8;
  const end = first + target.length * 8;
  for (let record = first; record < Math.min(end, firstUserRecord); record++) {
    if (!isSystemRecordInUse(record)) clearBits(target, record - first, record - first + 1);
  }
  clearBits(target, Math.max(plan.hidden.endRecord - first, 0), end - first);
}

function clearBits(bytes: Uint8Array, from: number, to: number): void {
  let bit = from;
  while (bit < to && (bit & 7) !== 0) {
    bytes[bit >>> 3]! &= ~(1 << (bit & 7));
    bit++;
  }
  const wholeBytes = Math.floor((to - bit) / 8);
  if (wholeBytes > 0) {
    bytes.fill(0, bit / 8, bit / 8 + wholeBytes);
    bit += wholeBytes * 8;
  }
  for (; bit < to; bit++) bytes[bit >>> 3]! &= ~(1 << (bit & 7));
}
