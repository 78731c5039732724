/** Who owns which clusters: found double use, and compared with the volume's bitmap. */
import { type AbortOptions, throwIfAborted } from "../../../shared/abort.js";
import type { CheckedGeometry } from "./check-boot-sector.js";
import type { FindingList, NtfsFindingCode } from "./finding.js";
import { GrowingColumn } from "./growing-column.js";
import type { CheckedStream } from "./volume-streams.js";

const bitmapRecord = 6;
const chunkSize = 1024 * 1024;

/** Runs of all files. Memory: 28 bytes a run, not a bit a cluster. */
export interface ClusterLedger {
  add(lcn: number, count: number, record: number, offsetInBytes: number): void;
  /** Reports clusters with two owners. */
  reportOverlaps(list: FindingList): void;
  /** Compares with `$Bitmap`. */
  compareWith(bitmap: CheckedStream, list: FindingList, options: AbortOptions): Promise<void>;
}

/** Creates an empty ledger. */
export function createClusterLedger(geometry: CheckedGeometry): ClusterLedger {
  const starts = new GrowingColumn(new Float64Array(64));
  const counts = new GrowingColumn(new Float64Array(64));
  const records = new GrowingColumn(new Float64Array(64));
  const offsets = new GrowingColumn(new Float64Array(64));
  let sorted: Uint32Array | undefined;

  const order = (): Uint32Array => {
    if (sorted?.length === starts.length) return sorted;
    const indexes = Uint32Array.from({ length: starts.length }, (_, index) => index);
    let isAscending = true;
    for (let index = 1; index < indexes.length && isAscending; index++) {
      isAscending = starts.at(index) >= starts.at(index - 1);
    }
    if (!isAscending) indexes.sort((left, right) => starts.at(left) - starts.at(right));
    sorted = indexes;
    return indexes;
  };
  /** Who owns a cluster: index of a run, or undefined. */
  const ownerOf = (cluster: number): number | undefined => {
    const indexes = order();
    let low = 0;
    let high = indexes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts.at(indexes[middle]!) <= cluster) low = middle + 1;
      else high = middle;
    }
    const run = indexes[low - 1];
    return run !== undefined && cluster < starts.at(run) + counts.at(run) ? run : undefined;
  };

  return {
    add(lcn, count, record, offsetInBytes) {
      starts.push(lcn);
      counts.push(count);
      records.push(record);
      offsets.push(offsetInBytes);
    },
    reportOverlaps(list) {
      let previous: number | undefined;
      for (const run of order()) {
        if (previous !== undefined && starts.at(run) < starts.at(previous) + counts.at(previous)) {
          // The later record is named: the earlier one had the clusters first.
          const [first, second] = records.at(previous) <= records.at(run) ? [previous, run] : [run, previous];
          list.add(
            "cluster-doubly-used",
            records.at(second),
            offsets.at(second),
            `cluster ${starts.at(run)} belongs to record ${records.at(first)} and to record ${records.at(second)}`,
          );
        }
        if (
          previous === undefined ||
          starts.at(run) + counts.at(run) > starts.at(previous) + counts.at(previous)
        ) {
          previous = run;
        }
      }
    },
    async compareWith(bitmap, list, options) {
      const indexes = order();
      const { clusterCount } = geometry;
      const neededSize = Math.ceil(clusterCount / 64) * 8;
      if (bitmap.size !== neededSize) {
        list.add(
          "bitmap-size",
          bitmapRecord,
          bitmap.offsetOf(0),
          `$Bitmap has ${bitmap.size} bytes; ${clusterCount} clusters need ${neededSize}`,
        );
      }
      const actual = new Uint8Array(chunkSize);
      const expected = new Uint8Array(chunkSize);
      let next = 0;
      const size = Math.min(bitmap.size, neededSize);
      for (let position = 0; position < size; position += chunkSize) {
        throwIfAborted(options.abortSignal);
        const length = Math.min(chunkSize, size - position);
        const firstCluster = position * 8;
        const endCluster = firstCluster + length * 8;
        expected.fill(0);
        while (next > 0 && starts.at(indexes[next - 1]!) + counts.at(indexes[next - 1]!) > firstCluster)
          next--;
        for (; next < indexes.length && starts.at(indexes[next]!) < endCluster; next++) {
          const start = starts.at(indexes[next]!);
          setBits(
            expected,
            start - firstCluster,
            start + counts.at(indexes[next]!) - firstCluster,
            length * 8,
          );
        }
        if (endCluster > clusterCount) setBits(expected, clusterCount - firstCluster, length * 8, length * 8);
        const part = actual.subarray(0, length);
        await bitmap.read(position, part, options);
        if (Buffer.compare(part, expected.subarray(0, length)) === 0) continue;
        reportDifferences(part, expected, position, bitmap, list);
      }
    },
  };

  /** Neighbouring clusters with the same fault and owner make one finding. */
  function reportDifferences(
    actual: Uint8Array,
    expected: Uint8Array,
    position: number,
    bitmap: CheckedStream,
    list: FindingList,
  ): void {
    let open:
      | { code: NtfsFindingCode; run: number | undefined; first: number; last: number; offset: number }
      | undefined;
    const close = (): void => {
      if (!open) return;
      const { code, run, first, last, offset } = open;
      const record = run === undefined ? bitmapRecord : records.at(run);
      const range = first === last ? `cluster ${first}` : `clusters ${first} to ${last}`;
      const what = {
        "bitmap-tail": "beyond the end of the volume: marked free",
        "cluster-marked-free": `of record ${record}: marked free`,
        "cluster-without-owner": "marked as used, but no file has them",
      }[code as string];
      list.add(code, record, offset, `${range} ${what}`);
      open = undefined;
    };
    for (let index = 0; index < actual.length; index++) {
      const difference = actual[index]! ^ expected[index]!;
      for (let bit = 0; difference !== 0 && bit < 8; bit++) {
        if (((difference >>> bit) & 1) === 0) continue;
        const cluster = (position + index) * 8 + bit;
        const isOwned = ((expected[index]! >>> bit) & 1) === 1;
        const code =
          cluster >= geometry.clusterCount
            ? "bitmap-tail"
            : isOwned
              ? "cluster-marked-free"
              : "cluster-without-owner";
        const run = code === "cluster-marked-free" ? ownerOf(cluster) : undefined;
        if (open?.code === code && open.run === run && open.last === cluster - 1) open.last = cluster;
        else {
          close();
          open = { code, run, first: cluster, last: cluster, offset: bitmap.offsetOf(position + index) };
        }
      }
    }
    close();
  }
}

/** Sets bits `from … to` as far as they lie within 0 … `limit`. */
export function setBits(bytes: Uint8Array, from: number, to: number, limit: number): void {
  let bit = Math.max(from, 0);
  const end = Math.min(to, limit);
  for (; bit < end && bit % 8 !== 0; bit++) bytes[bit >>> 3]! |= 1 << (bit & 7);
  if (bit < end) {
    const wholeBytes = Math.floor((end - bit) / 8);
    bytes.fill(0xff, bit / 8, bit / 8 + wholeBytes);
    bit += wholeBytes * 8;
  }
  for (; bit < end; bit++) bytes[bit >>> 3]! |= 1 << (bit & 7);
}
