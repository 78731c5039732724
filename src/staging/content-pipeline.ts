/** Long contents: cut into blocks, runs of zeros found, hashed in threads and written at the same time. */
import type { AbortSignalLike } from "../shared/index.js";
import { throwIfAborted } from "../shared/index.js";
import { maximumStretches } from "./catalog-entry.js";
import type { ContentHashes } from "./content-hasher.js";
import type { HashThreads } from "./hash-threads.js";
import type { SeedBlob, SeedBlobKind } from "./seed-catalog.js";

/** Zeros are left out of page blobs in units of this length. */
export const holeUnitInBytes: number = 64 * 1024;

const blockSizeInBytes = 2 * 1024 * 1024;
const blocksInFlight = 3;
const zeros = new Uint8Array(holeUnitInBytes);

/** Options of {@link hashContent}. */
export interface HashContentOptions {
  readonly threads: HashThreads;
  readonly rangeSizeInBytes: number;
  /** Whether runs of zeros belong to no range; only page blobs can have them. */
  readonly leaveOutZeros: boolean;
  readonly abortSignal: AbortSignalLike | undefined;
  /** Called with the length so far; throws to stop. */
  readonly onLength: (lengthInBytes: number) => void;
  /** Writes bytes that are no hole. */
  readonly write?: (bytes: Uint8Array, offsetInBytes: number) => Promise<void>;
}

/** Hashes a content and writes it. Waits for everything it began, also when it fails. */
export async function hashContent(
  chunks: AsyncIterable<Uint8Array>,
  options: HashContentOptions,
): Promise<ContentHashes> {
  const session = options.threads.open(options.rangeSizeInBytes);
  const blocks = Array.from({ length: blocksInFlight }, () => new SharedArrayBuffer(blockSizeInBytes));
  const busy: Promise<unknown>[] = blocks.map(() => Promise.resolve());
  const findHoles = options.leaveOutZeros ? createHoleFinder() : undefined;
  let turn = 0;
  let filled = 0;
  let done = 0;

  const endBlock = (): void => {
    const block = blocks[turn]!;
    const runs = findHoles?.(new Uint8Array(block, 0, filled)) ?? [0, filled, 0];
    const work: Promise<unknown>[] = [session.append(block, runs)];
    for (let at = 0; at < runs.length && options.write !== undefined; at += 3) {
      if (runs[at + 2] === 1) continue;
      work.push(options.write(new Uint8Array(block, runs[at], runs[at + 1]), done + runs[at]!));
    }
    const both = Promise.all(work);
    // A failure is seen when the block's turn comes again, or at the end.
    both.catch(() => undefined);
    busy[turn] = both;
    done += filled;
    filled = 0;
    turn = (turn + 1) % blocksInFlight;
  };

  let finished = false;
  try {
    for await (const chunk of chunks) {
      throwIfAborted(options.abortSignal);
      for (let start = 0; start < chunk.length; ) {
        if (filled === 0) await busy[turn];
        const count = Math.min(chunk.length - start, blockSizeInBytes - filled);
        new Uint8Array(blocks[turn]!, filled, count).set(chunk.subarray(start, start + count));
        filled += count;
        start += count;
        if (filled === blockSizeInBytes) endBlock();
      }
      options.onLength(done + filled);
    }
    throwIfAborted(options.abortSignal);
    if (filled > 0) endBlock();
    await Promise.all(busy);
    const hashes = await session.finish();
    finished = true;
    return hashes;
  } finally {
    await Promise.allSettled(busy);
    if (!finished) session.abandon();
  }
}

/** The data stretches to record: undefined when the whole blob is data. */
export function dataStretchesOf(kind: SeedBlobKind, hashes: ContentHashes): SeedBlob["dataStretches"] {
  const { stretches, lengthInBytes } = hashes;
  if (kind === "block" || lengthInBytes === 0) return undefined;
  if (stretches.length === 1 && stretches[0]!.lengthInBytes === lengthInBytes) return undefined;
  return Object.freeze(stretches.map((stretch) => Object.freeze({ ...stretch })));
}

/** Finds whole units of zeros in blocks that follow each other; gives runs as triples: offset, length, 1 for a hole. */
function createHoleFinder(): (block: Uint8Array) => number[] {
  let stretches = 0;
  let afterHole = true;
  return (block) => {
    const runs: number[] = [];
    for (let start = 0; start < block.length; start += holeUnitInBytes) {
      const unit = block.subarray(start, Math.min(block.length, start + holeUnitInBytes));
      // Beyond so many stretches, zeros count as data: the catalog has to stay readable.
      const isHole =
        stretches < maximumStretches && Buffer.compare(unit, zeros.subarray(0, unit.length)) === 0;
      if (!isHole && afterHole) stretches += 1;
      afterHole = isHole;
      const last = runs.length - 3;
      if (last >= 0 && (runs[last + 2] === 1) === isHole) runs[last + 1]! += unit.length;
      else runs.push(start, unit.length, isHole ? 1 : 0);
    }
    return runs;
  };
}
