/** Reads attributes for the checker and tells where on the volume each of their bytes lies. */
import type { AbortOptions } from "../../../shared/abort.js";
import type { BlockDevice } from "../../device/index.js";
import type { CheckedGeometry } from "./check-boot-sector.js";
import type { InspectedRun } from "./decode-runs.js";
import type { InspectedAttribute, InspectedRecord } from "./inspect-record.js";

/** Bytes of an attribute. */
export interface CheckedStream {
  /** Length of the data, at most the size of the device. */
  readonly size: number;
  /** Volume offset of a byte of the stream; in holes and beyond the end the nearest byte before. */
  offsetOf(position: number): number;
  /** Fills `target`; bytes that no run covers are zero. Never reads outside the device. */
  read(position: number, target: Uint8Array, options?: AbortOptions): Promise<void>;
}

/** Opens the parts of one attribute, all from one file. `owners` holds the record of each part. */
export function openCheckedStream(
  device: BlockDevice,
  geometry: CheckedGeometry,
  parts: readonly { readonly attribute: InspectedAttribute; readonly owner: InspectedRecord }[],
): CheckedStream | undefined {
  const first = parts.find(({ attribute }) => attribute.firstVcn === 0);
  if (!first) return undefined;
  const { attribute, owner } = first;
  if (attribute.value) {
    const { value } = attribute;
    return {
      size: value.length,
      offsetOf: (position) => owner.offset + attribute.valuePosition + position,
      read(position, target) {
        target.fill(0);
        target.set(value.subarray(position, position + target.length));
        return Promise.resolve();
      },
    };
  }
  const runs = parts.flatMap((part) => part.attribute.runs).sort((left, right) => left.vcn - right.vcn);
  const { clusterSize } = geometry;
  const runAt = (position: number): InspectedRun | undefined => {
    const vcn = Math.floor(position / clusterSize);
    let low = 0;
    let high = runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (runs[middle]!.vcn <= vcn) low = middle + 1;
      else high = middle;
    }
    return runs[low - 1];
  };
  return {
    // Nothing the checker reads is longer than the device; a hostile size must not decide how much is allocated.
    size: Math.min(attribute.size, device.sizeInBytes),
    offsetOf(position) {
      const run = runAt(position);
      if (run?.lcn === undefined) return owner.offset + attribute.position;
      return run.lcn * clusterSize + Math.min(position - run.vcn * clusterSize, run.count * clusterSize - 1);
    },
    async read(position, target, options) {
      target.fill(0);
      for (let done = 0; done < target.length; ) {
        const at = position + done;
        const run = runAt(at);
        const inRun = run ? at - run.vcn * clusterSize : 0;
        if (!run || inRun >= run.count * clusterSize) return;
        const length = Math.min(target.length - done, run.count * clusterSize - inRun);
        if (run.lcn !== undefined) {
          await device.read(run.lcn * clusterSize + inRun, target.subarray(done, done + length), options);
        }
        done += length;
      }
    },
  };
}
