/** Bytes of one attribute, wherever they lie: in the record, in runs, in holes, beyond the initialised size. */
import type { AbortOptions } from "../../../shared/abort.js";
import type { BlockDevice } from "../../device/index.js";
import { NtfsError } from "../ntfs-error.js";
import { corrupt } from "./field-access.js";
import type { ParsedAttribute } from "./parse-record.js";
import type { StreamRun } from "./parse-run-list.js";

/** A readable attribute. */
export interface NtfsStream {
  readonly sizeInBytes: number;
  readonly allocatedSizeInBytes: number;
  readonly isResident: boolean;
  /** Ascending without gaps; empty when resident. */
  readonly runs: readonly StreamRun[];
  /** Fills `target` from `offsetInBytes` on. @throws NtfsError `out-of-range`; DeviceError */
  read(offsetInBytes: number, target: Uint8Array, options?: AbortOptions): Promise<void>;
  /** Where on the volume bytes lie that are stored as they are and in one piece; undefined for others. */
  locate(offsetInBytes: number, lengthInBytes: number): number | undefined;
}

const compressionFlags = 0x00ff;
const encryptedFlag = 0x4000;

/**
 * Joins the parts of an attribute (several when an attribute list spreads it over records) into a stream.
 * @throws NtfsError `corrupt`, `unsupported-compressed`, `unsupported-encrypted`
 */
export function createNtfsStream(
  device: BlockDevice,
  clusterSizeInBytes: number,
  parts: readonly ParsedAttribute[],
  record: number,
): NtfsStream {
  const ordered = [...parts].sort((left, right) => left.firstVcn - right.firstVcn);
  const first = ordered[0];
  if (first?.firstVcn !== 0) throw corrupt("the first part of an attribute is missing", { record });
  if ((first.flags & encryptedFlag) !== 0) {
    throw new NtfsError(
      "unsupported-encrypted",
      `The data of record ${record} is encrypted by EFS and cannot be read.`,
      {
        details: { record },
      },
    );
  }
  const size = first.dataSizeInBytes;
  const checkRange = (offset: number, length: number): void => {
    if (offset < 0 || offset + length > size) {
      throw new NtfsError(
        "out-of-range",
        `Bytes ${offset} + ${length} lie beyond the ${size} bytes of record ${record}.`,
        {
          details: { record, offsetInBytes: offset, lengthInBytes: length, sizeInBytes: size },
        },
      );
    }
  };
  if (first.value) {
    // Copied, so that the stream does not keep the whole record alive.
    const value = first.value.slice();
    return {
      sizeInBytes: size,
      allocatedSizeInBytes: size,
      isResident: true,
      runs: [],
      read(offset, target) {
        return Promise.resolve().then(() => {
          checkRange(offset, target.length);
          target.set(value.subarray(offset, offset + target.length));
        });
      },
      locate: () => undefined,
    };
  }
  if ((first.flags & compressionFlags) !== 0) {
    throw new NtfsError(
      "unsupported-compressed",
      `The data of record ${record} is compressed by NTFS and cannot be read.`,
      { details: { record } },
    );
  }
  const runs = joinRuns(ordered, record);
  const last = runs[runs.length - 1];
  const mappedSize = last ? (last.vcn + last.clusterCount) * clusterSizeInBytes : 0;
  const initialised = Math.min(first.initialisedSizeInBytes, size);
  if (!Number.isSafeInteger(size) || size > mappedSize) {
    throw corrupt("an attribute is longer than its clusters", { record, sizeInBytes: size, mappedSize });
  }
  return {
    sizeInBytes: size,
    allocatedSizeInBytes: first.allocatedSizeInBytes,
    isResident: false,
    runs,
    async read(offset, target, options) {
      checkRange(offset, target.length);
      let done = 0;
      for (
        let index = runIndexAt(runs, Math.floor(offset / clusterSizeInBytes));
        done < target.length;
        index++
      ) {
        const run = runs[index]!;
        const position = offset + done;
        const inRun = position - run.vcn * clusterSizeInBytes;
        const length = Math.min(target.length - done, run.clusterCount * clusterSizeInBytes - inRun);
        const part = target.subarray(done, done + length);
        const readable = run.lcn === undefined ? 0 : Math.max(0, Math.min(length, initialised - position));
        if (readable > 0) {
          await device.read(run.lcn! * clusterSizeInBytes + inRun, part.subarray(0, readable), options);
        }
        part.fill(0, readable);
        done += length;
      }
    },
    locate(offset, length) {
      if (offset < 0 || length <= 0 || offset + length > initialised) return undefined;
      const run = runs[runIndexAt(runs, Math.floor(offset / clusterSizeInBytes))]!;
      const inRun = offset - run.vcn * clusterSizeInBytes;
      const isInOnePiece = inRun + length <= run.clusterCount * clusterSizeInBytes;
      return run.lcn === undefined || !isInOnePiece ? undefined : run.lcn * clusterSizeInBytes + inRun;
    },
  };
}

function joinRuns(parts: readonly ParsedAttribute[], record: number): StreamRun[] {
  const runs: StreamRun[] = [];
  let next = 0;
  for (const part of parts) {
    if (!part.runs || part.firstVcn !== next)
      throw corrupt("the parts of an attribute do not join", { record });
    for (const run of part.runs) runs.push(run);
    next = part.lastVcn + 1;
  }
  return runs;
}

function runIndexAt(runs: readonly StreamRun[], vcn: number): number {
  let low = 0;
  let high = runs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (runs[middle]!.vcn <= vcn) low = middle;
    else high = middle - 1;
  }
  return low;
}
