/** Long contents: cut into blocks, runs of zeros found, hashed in threads and written at the same time. */
import type { AbortSignalLike } from "../shared/index.js";
import { throwIfAborted } from "../shared/index.js";
import { maximumStretches } from "./catalog-entry.js";
import type { ContentHashes } from "./content-hasher.js";
import type { HashThreads } from "./hash-threads.js";
import type { SeedBlob, SeedBlobKind } from "./seed-catalog.js";
import { directUnitInBytes } from "./seed-layout.js";

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

/** Gives a content piece by piece, into memory of the caller. */
export interface ContentReader {
  /** Fills as much as there is; fewer bytes only at the end of the content. */
  fill(target: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** Reads a content that comes in chunks. */
export function readerOfChunks(source: AsyncIterable<Uint8Array>): ContentReader {
  const chunks = source[Symbol.asyncIterator]();
  let chunk = new Uint8Array(0) as Uint8Array;
  let ended = false;
  return {
    async fill(target) {
      let filled = 0;
      while (filled < target.length && !ended) {
        if (chunk.length === 0) {
          const next = await chunks.next();
          ended = next.done === true;
          if (next.done !== true) chunk = next.value;
          continue;
        }
        const count = Math.min(chunk.length, target.length - filled);
        target.set(chunk.subarray(0, count), filled);
        chunk = chunk.subarray(count);
        filled += count;
      }
      return filled;
    },
    async close() {
      await chunks.return?.();
    },
  };
}

/** Hashes a content and writes it. Waits for everything it began, also when it fails; closes the reader. */
export async function hashContent(
  content: ContentReader,
  options: HashContentOptions,
): Promise<ContentHashes> {
  const session = options.threads.open(options.rangeSizeInBytes);
  const memory = options.threads.takeMemory(blocksInFlight * blockSizeInBytes);
  const busy: Promise<unknown>[] = Array.from({ length: blocksInFlight }, () => Promise.resolve());
  const findHoles = options.leaveOutZeros ? createHoleFinder() : undefined;
  let done = 0;

  /** Writes data; the last bytes of a content in whole units with zeros behind, which the writer cuts off. */
  const write = async (block: Uint8Array, start: number, length: number): Promise<void> => {
    const end = Math.ceil((start + length) / directUnitInBytes) * directUnitInBytes;
    block.fill(0, start + length, end);
    await options.write!(block.subarray(start, end), done + start);
  };
  const endBlock = (block: Uint8Array, filled: number): Promise<unknown> => {
    const runs = findHoles?.(block.subarray(0, filled)) ?? [0, filled, 0];
    const work: Promise<unknown>[] = [
      session.append(memory.buffer as SharedArrayBuffer, shifted(runs, block.byteOffset)),
    ];
    for (let at = 0; at < runs.length && options.write !== undefined; at += 3) {
      if (runs[at + 2] !== 1) work.push(write(block, runs[at]!, runs[at + 1]!));
    }
    const both = Promise.all(work);
    // A failure is seen when the block's turn comes again, or at the end.
    both.catch(() => undefined);
    return both;
  };

  let finished = false;
  try {
    for (let turn = 0; ; turn = (turn + 1) % blocksInFlight) {
      await busy[turn];
      throwIfAborted(options.abortSignal);
      const block = memory.subarray(turn * blockSizeInBytes, (turn + 1) * blockSizeInBytes);
      const filled = await content.fill(block);
      if (filled === 0) break;
      options.onLength(done + filled);
      busy[turn] = endBlock(block, filled);
      done += filled;
      if (filled < blockSizeInBytes) break;
    }
    throwIfAborted(options.abortSignal);
    await Promise.all(busy);
    const hashes = await session.finish();
    finished = true;
    return hashes;
  } finally {
    await Promise.allSettled(busy);
    if (!finished) session.abandon();
    options.threads.giveMemory(memory);
    await content.close();
  }
}

function shifted(runs: readonly number[], offset: number): readonly number[] {
  return offset === 0 ? runs : runs.map((value, at) => (at % 3 === 0 ? value + offset : value));
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
