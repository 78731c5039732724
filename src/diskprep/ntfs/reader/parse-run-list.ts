/** Decodes run lists ("mapping pairs") of non-resident attributes. */
import { corrupt } from "./field-access.js";

/** A contiguous piece of a stream. */
export interface StreamRun {
  /** Cluster of the stream at which the piece begins. */
  readonly vcn: number;
  readonly clusterCount: number;
  /** Cluster on the volume; undefined for a hole, which reads as zeros. */
  readonly lcn: number | undefined;
}

/**
 * Decodes the run list in `bytes[start … end)`, which covers the stream from cluster `firstVcn` on.
 * Lengths and places are signed numbers of minimal size, as Windows reads them.
 *
 * @throws NtfsError `corrupt`
 */
export function parseRunList(
  bytes: Uint8Array,
  start: number,
  end: number,
  firstVcn: number,
  clusterCount: number,
): StreamRun[] {
  const runs: StreamRun[] = [];
  let at = start;
  let vcn = firstVcn;
  let lcn = 0;
  for (;;) {
    if (at >= end) throw corrupt("a run list has no end");
    const header = bytes[at++]!;
    if (header === 0) return runs;
    const countLength = header & 0x0f;
    const deltaLength = header >>> 4;
    if (countLength === 0 || countLength > 8 || deltaLength > 8 || at + countLength + deltaLength > end) {
      throw corrupt("a run list has an impossible entry", { header });
    }
    const count = readSigned(bytes, at, countLength);
    at += countLength;
    if (count <= 0 || !Number.isSafeInteger(vcn + count))
      throw corrupt("a run has an impossible length", { count });
    if (deltaLength === 0) runs.push({ vcn, clusterCount: count, lcn: undefined });
    else {
      lcn += readSigned(bytes, at, deltaLength);
      at += deltaLength;
      if (lcn < 0 || !(lcn + count <= clusterCount)) {
        throw corrupt("a run lies outside the volume", { lcn, count, clusterCount });
      }
      runs.push({ vcn, clusterCount: count, lcn });
    }
    vcn += count;
  }
}

function readSigned(bytes: Uint8Array, start: number, length: number): number {
  let value = (bytes[start + length - 1]! << 24) >> 24;
  for (let at = start + length - 2; at >= start; at--) value = value * 256 + bytes[at]!;
  return value;
}
