/** Run lists ("mapping pairs") of non-resident NTFS attributes. */

/** One contiguous piece of a stream. */
export interface ClusterRun {
  /** First cluster on the volume; undefined for a hole. */
  readonly firstCluster: number | undefined;
  readonly clusterCount: number;
}

/** Fewest bytes that hold `value` as a signed number: readers sign-extend lengths too, so 128 takes two bytes. */
function signedLength(value: number): number {
  let length = 1;
  let limit = 128;
  while (value >= limit || value < -limit) {
    length++;
    limit *= 256;
  }
  return length;
}

/** Bytes the encoded run list takes, with its terminator. */
export function mappingPairsLength(runs: readonly ClusterRun[]): number {
  let length = 1;
  let previous = 0;
  for (const { firstCluster, clusterCount } of runs) {
    length += 1 + signedLength(clusterCount);
    if (firstCluster !== undefined) {
      length += signedLength(firstCluster - previous);
      previous = firstCluster;
    }
  }
  return length;
}

/** Writes the run list at `position` and returns the position after its terminator. */
export function writeMappingPairs(view: DataView, position: number, runs: readonly ClusterRun[]): number {
  let at = position;
  let previous = 0;
  for (const { firstCluster, clusterCount } of runs) {
    const header = at++;
    const countBytes = signedLength(clusterCount);
    at = writeSigned(view, at, clusterCount, countBytes);
    let deltaBytes = 0;
    if (firstCluster !== undefined) {
      const delta = firstCluster - previous;
      deltaBytes = signedLength(delta);
      at = writeSigned(view, at, delta, deltaBytes);
      previous = firstCluster;
    }
    view.setUint8(header, (deltaBytes << 4) | countBytes);
  }
  view.setUint8(at, 0);
  return at + 1;
}

function writeSigned(view: DataView, position: number, value: number, byteCount: number): number {
  let rest = value;
  for (let index = 0; index < byteCount; index++) {
    const byte = ((rest % 256) + 256) % 256;
    view.setUint8(position + index, byte);
    rest = (rest - byte) / 256;
  }
  return position + byteCount;
}
