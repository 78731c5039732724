/**
 * MD5 (RFC 1321) of many ranges of the arena. MD5 of one message cannot be split, but the blocks of a drive manifest are
 * independent messages, so eight are hashed at once.
 */
import type { Arena } from "./arena.js";
import { assertRange } from "./assert-range.js";
import type { Md5LanesKernel } from "./kernel-exports.js";
import { digestRange } from "./md5-reference.js";
import { laneCount, scheduleRanges } from "./md5-schedule.js";

/**
 * Work on the bytes of a range while they are near the processor anyway. Called for each part of a range, ascending within
 * the range; the ranges of several lanes take turns.
 *
 * @param range number of the range
 * @param offset of the part in the arena
 */
export type HashedPartWork = (range: number, offset: number, lengthInBytes: number) => void;

/** What is done beside hashing. */
export interface HashedParts {
  /** Called before the part is read: it may be changed into what is to be hashed. */
  readonly before?: HashedPartWork | undefined;
  /** Called when the part is not read any more. The last bytes of a range, fewer than 64, may belong to no part. */
  readonly after?: HashedPartWork | undefined;
}

/** Hashes ranges. Not thread-safe beyond one JavaScript thread; calls are synchronous. */
export interface Md5Hasher {
  /**
   * Hashes range i: `lengthsInBytes[i]` bytes of the arena from `offsets[i]`. Ranges may have any offset and length and
   * may overlap; eight or more of similar length are hashed fastest.
   *
   * @param parts Work beside it. Default: none.
   * @returns 16 bytes for each range, one after the other.
   * @throws RangeError when a range does not lie in the arena, or `lengthsInBytes` is too short.
   */
  digest(offsets: ArrayLike<number>, lengthsInBytes: ArrayLike<number>, parts?: HashedParts): Uint8Array;
}

/** Size of the scratch area that a hasher needs to itself for as long as it lives. */
export const md5ScratchInBytes = 2560;

const digestInBytes = 16;
const blockInBytes = 64;
/** Fields of the kernel's state, see md5-lanes.wat, and the padding blocks that are kept behind it. */
const addressesOffset = 128;
const stridesOffset = 160;
const paddingOffset = 1536;
const paddingInBytes = 2 * blockInBytes;
/**
 * The engine replaces the first, slower translation of a kernel only between calls, so no call may take long; and what is
 * done with a part before or after should find it in the processor's own cache.
 */
const blocksInSlice = 1024;

const initialHash = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476] as const;
const noRange = -1;

/**
 * Creates a hasher.
 *
 * @param scratchOffset Start of {@link md5ScratchInBytes} bytes of the arena; a multiple of 16.
 * @throws RangeError when the scratch area does not fit.
 */
export function createMd5Hasher(arena: Arena, scratchOffset: number): Md5Hasher {
  assertRange(arena, scratchOffset, md5ScratchInBytes);
  if (scratchOffset % 16 !== 0) throw new RangeError(`Scratch at ${scratchOffset} is not a multiple of 16.`);
  const kernel = arena.kernel("md5-lanes");
  const lanes = kernel && createLanes(arena, kernel, scratchOffset);

  return Object.freeze({
    digest(
      offsets: ArrayLike<number>,
      lengthsInBytes: ArrayLike<number>,
      parts: HashedParts = {},
    ): Uint8Array {
      const count = offsets.length;
      if (lengthsInBytes.length < count) {
        throw new RangeError(`There are ${count} offsets and ${lengthsInBytes.length} lengths.`);
      }
      const digests = new Uint8Array(count * digestInBytes);
      for (let range = 0; range < count; range++) assertRange(arena, offsets[range]!, lengthsInBytes[range]!);
      const { forLanes, forPlatform } = lanes
        ? scheduleRanges(lengthsInBytes, count)
        : { forLanes: [], forPlatform: Array.from({ length: count }, (_, range) => range) };
      for (const range of forPlatform) {
        const start = offsets[range]!;
        const length = lengthsInBytes[range]!;
        parts.before?.(range, start, length);
        digestRange(arena.bytes.subarray(start, start + length), digests, range * digestInBytes);
        parts.after?.(range, start, length);
      }
      if (forLanes.length > 0) lanes?.(forLanes, offsets, lengthsInBytes, digests, parts);
      return digests;
    },
  });
}

type DigestInLanes = (
  ranges: ArrayLike<number>,
  offsets: ArrayLike<number>,
  lengthsInBytes: ArrayLike<number>,
  digests: Uint8Array,
  parts: HashedParts,
) => void;

/** Runs ranges through the lanes: each lane takes the next range as soon as it has finished one. */
function createLanes(arena: Arena, kernel: Md5LanesKernel, scratchOffset: number): DigestInLanes {
  kernel.initialize(scratchOffset);
  const { buffer } = arena.bytes;
  const stateWords = new Uint32Array(buffer, scratchOffset, addressesOffset / 4);
  const addresses = new Uint32Array(buffer, scratchOffset + addressesOffset, laneCount);
  const strides = new Uint32Array(buffer, scratchOffset + stridesOffset, laneCount);
  const padding = new Uint8Array(buffer, scratchOffset + paddingOffset, laneCount * paddingInBytes);
  const paddingNumbers = new DataView(padding.buffer, padding.byteOffset, padding.length);

  /** The range in each lane, how many blocks are left of the part it is in, and whether that part is the padding. */
  const rangeOfLane = new Int32Array(laneCount);
  const blocksLeft = new Float64Array(laneCount);
  const isPadding = new Uint8Array(laneCount);

  /** Hash words a to d of lanes 0 to 3 come first, then those of lanes 4 to 7. */
  const stateIndex = (lane: number, word: number): number => (lane >> 2) * 16 + word * 4 + (lane & 3);

  const begin = (lane: number, range: number, offset: number, lengthInBytes: number): void => {
    rangeOfLane[lane] = range;
    blocksLeft[lane] = Math.floor(lengthInBytes / blockInBytes);
    isPadding[lane] = 0;
    addresses[lane] = offset;
    strides[lane] = blockInBytes;
    for (let word = 0; word < 4; word++) stateWords[stateIndex(lane, word)] = initialHash[word]!;
  };

  /** The bytes after the last whole block, 0x80, zeros, and the length in bits in the last eight bytes. */
  const beginPadding = (lane: number, offset: number, lengthInBytes: number): void => {
    const start = lane * paddingInBytes;
    const tailInBytes = lengthInBytes % blockInBytes;
    const tailStart = offset + lengthInBytes - tailInBytes;
    const end = start + (tailInBytes < blockInBytes - 8 ? blockInBytes : paddingInBytes);
    padding.set(arena.bytes.subarray(tailStart, tailStart + tailInBytes), start);
    padding[start + tailInBytes] = 0x80;
    padding.fill(0, start + tailInBytes + 1, end - 8);
    paddingNumbers.setUint32(end - 8, (lengthInBytes * 8) % 0x1_0000_0000, true);
    paddingNumbers.setUint32(end - 4, Math.floor(lengthInBytes / 0x2000_0000), true);
    blocksLeft[lane] = (end - start) / blockInBytes;
    isPadding[lane] = 1;
    addresses[lane] = padding.byteOffset + start;
  };

  /** An idle lane hashes the same block of scratch over and over. */
  const idle = (lane: number): void => {
    rangeOfLane[lane] = noRange;
    blocksLeft[lane] = Number.POSITIVE_INFINITY;
    addresses[lane] = padding.byteOffset + lane * paddingInBytes;
    strides[lane] = 0;
  };

  return (ranges, offsets, lengthsInBytes, digests, { before, after }) => {
    const target = new DataView(digests.buffer, digests.byteOffset, digests.length);
    let nextRange = 0;
    let busyLanes = 0;

    const beginNext = (lane: number): void => {
      if (nextRange === ranges.length) {
        idle(lane);
        return;
      }
      const range = ranges[nextRange++]!;
      busyLanes++;
      begin(lane, range, offsets[range]!, lengthsInBytes[range]!);
    };
    const finish = (lane: number): void => {
      for (let word = 0; word < 4; word++) {
        const place = rangeOfLane[lane]! * digestInBytes + word * 4;
        target.setUint32(place, stateWords[stateIndex(lane, word)]!, true);
      }
      busyLanes--;
    };

    const forEachPart = (work: HashedPartWork | undefined, blockCount: number, blocksDone: number): void => {
      if (!work) return;
      for (let lane = 0; lane < laneCount; lane++) {
        const range = rangeOfLane[lane]!;
        if (range === noRange || isPadding[lane] !== 0 || blockCount === 0) continue;
        work(range, addresses[lane]! - blocksDone * blockInBytes, blockCount * blockInBytes);
      }
    };

    for (let lane = 0; lane < laneCount; lane++) beginNext(lane);
    while (busyLanes > 0) {
      let blockCount = blocksInSlice;
      for (let lane = 0; lane < laneCount; lane++) blockCount = Math.min(blockCount, blocksLeft[lane]!);
      forEachPart(before, blockCount, 0);
      kernel.digestBlocks(scratchOffset, blockCount);
      forEachPart(after, blockCount, blockCount);
      for (let lane = 0; lane < laneCount; lane++) {
        blocksLeft[lane] = blocksLeft[lane]! - blockCount;
        if (blocksLeft[lane] !== 0) continue;
        const range = rangeOfLane[lane]!;
        if (isPadding[lane] === 0) {
          beginPadding(lane, offsets[range]!, lengthsInBytes[range]!);
        } else {
          finish(lane);
          beginNext(lane);
        }
      }
    }
  };
}
