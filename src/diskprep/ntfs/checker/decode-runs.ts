/** Decodes run lists (mapping pairs) strictly: lengths and places are signed, as Windows reads them. */

/** A piece of a non-resident attribute. */
export interface InspectedRun {
  readonly vcn: number;
  readonly count: number;
  /** Undefined for a hole. */
  readonly lcn: number | undefined;
}

/** Decodes a run list up to its end or the first impossible entry. */
export function decodeRuns(
  bytes: Uint8Array,
  start: number,
  firstVcn: number,
  clusterCount: number,
): { readonly runs: InspectedRun[]; readonly problem: { position: number; what: string } | undefined } {
  const runs: InspectedRun[] = [];
  let position = start;
  let vcn = firstVcn;
  let lcn = 0;
  const failed = (what: string): { runs: InspectedRun[]; problem: { position: number; what: string } } => ({
    runs,
    problem: { position: Math.min(position, bytes.length - 1), what },
  });
  while (position < bytes.length && bytes[position] !== 0) {
    const countBytes = bytes[position]! % 16;
    const deltaBytes = bytes[position]! >>> 4;
    const next = position + 1 + countBytes + deltaBytes;
    if (countBytes === 0 || countBytes > 8 || deltaBytes > 8 || next > bytes.length)
      return failed("a run is malformed");
    const count = signedNumber(bytes, position + 1, countBytes);
    if (count <= 0) return failed(`a run has ${count} clusters`);
    const isHole = deltaBytes === 0;
    if (!isHole) lcn += signedNumber(bytes, position + 1 + countBytes, deltaBytes);
    if (!isHole && (lcn < 0 || lcn + count > clusterCount)) {
      return failed(`a run of ${count} clusters at ${lcn} lies outside the volume`);
    }
    if (vcn + count > 2 ** 53) return failed("its runs are longer than any file");
    runs.push({ vcn, count, lcn: isHole ? undefined : lcn });
    vcn += count;
    position = next;
  }
  return position < bytes.length ? { runs, problem: undefined } : failed("its run list has no end");
}

function signedNumber(bytes: Uint8Array, position: number, length: number): number {
  let value = bytes[position + length - 1]! > 127 ? -1 : 0;
  for (let index = length - 1; index >= 0; index--) value = value * 256 + bytes[position + index]!;
  return value;
}
