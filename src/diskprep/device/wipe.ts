/** Overwriting parts of a device, so that nothing of what it held before travels with it. */
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import { allEnded } from "../../shared/all-ended.js";
import { allocatePageAligned } from "../../shared/page-aligned-memory.js";
import { createProgressReporter, type ProgressOptions } from "../../shared/progress.js";
import type { BlockDevice } from "./block-device.js";

/** A part of a device. */
export interface DeviceRange {
  readonly offsetInBytes: number;
  readonly lengthInBytes: number;
}

/** Options of {@link wipeRanges}. */
export interface WipeOptions extends AbortOptions, ProgressOptions {}

const pieceInBytes = 4 * 1024 * 1024;
const piecesInFlight = 2;

/**
 * Overwrites ranges with zeros, in their order, and flushes. On the plain view of a BitLocker volume the medium gets
 * what looks like noise, which hides where data is and where not.
 *
 * DESTRUCTIVE for these ranges. The same ranges give the same bytes, so an interrupted run is simply repeated.
 * Progress counts bytes, phase `"wiping"`.
 *
 * @throws DeviceError; AbortError between pieces of 4 MiB.
 */
export async function wipeRanges(
  device: BlockDevice,
  ranges: Iterable<DeviceRange>,
  options: WipeOptions = {},
): Promise<void> {
  const wanted = [...ranges];
  const progress = createProgressReporter(options.onProgress);
  progress.begin("wiping", { bytes: wanted.reduce((sum, range) => sum + range.lengthInBytes, 0) });
  const zeros = allocatePageAligned(pieceInBytes);
  const pieces = piecesOf(wanted);
  let hasFailed = false;
  const work = async (): Promise<void> => {
    for (const piece of pieces) {
      if (hasFailed) return;
      throwIfAborted(options.abortSignal);
      await device.write(piece.offsetInBytes, zeros.subarray(0, piece.lengthInBytes), options);
      progress.advance(piece.lengthInBytes, 0);
    }
  };
  // Both take from one iterator; the first failure stops the other at its next piece.
  const workers = Array.from({ length: piecesInFlight }, () =>
    work().catch((error: unknown) => {
      hasFailed = true;
      throw error;
    }),
  );
  await allEnded(workers);
  await device.flush(options);
  progress.flush();
}

function* piecesOf(ranges: readonly DeviceRange[]): Generator<DeviceRange, void, undefined> {
  for (const { offsetInBytes, lengthInBytes } of ranges) {
    for (let done = 0; done < lengthInBytes; ) {
      const at = offsetInBytes + done;
      const length = Math.min(lengthInBytes - done, pieceInBytes - (at % pieceInBytes));
      yield { offsetInBytes: at, lengthInBytes: length };
      done += length;
    }
  }
}
