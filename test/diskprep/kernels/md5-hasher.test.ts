import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type Arena,
  createArena,
  createMd5Hasher,
  md5ScratchInBytes,
} from "../../../src/diskprep/kernels/index.js";
import { scheduleRanges } from "../../../src/diskprep/kernels/md5-schedule.js";
import { fillFromSeed, namedArenas } from "./arenas.js";

interface Range {
  readonly offset: number;
  readonly lengthInBytes: number;
}

const scratchOffset = 16;

function platformDigests(arena: Arena, ranges: readonly Range[]): readonly string[] {
  return ranges.map(({ offset, lengthInBytes }) =>
    createHash("md5")
      .update(arena.bytes.subarray(offset, offset + lengthInBytes))
      .digest("hex"),
  );
}

function digests(arena: Arena, ranges: readonly Range[]): readonly string[] {
  const result = createMd5Hasher(arena, scratchOffset).digest(
    ranges.map((range) => range.offset),
    ranges.map((range) => range.lengthInBytes),
  );
  return ranges.map((_, index) => Buffer.from(result.subarray(index * 16, index * 16 + 16)).toString("hex"));
}

describe.each(namedArenas)("MD5 of ranges: $name", ({ create }) => {
  const sizeInBytes = 1 << 20;
  const arena = create(sizeInBytes);
  fillFromSeed(arena.bytes, 20_260_101);
  const firstByte = scratchOffset + md5ScratchInBytes;

  test("any number of ranges of any length at any offset", () => {
    const length = fc.oneof(
      fc.nat(200),
      fc.nat(5000),
      fc.constantFrom(0, 55, 56, 63, 64, 65, 119, 120, 127, 128, 65_535, 65_536, 65_537, 131_072),
    );
    const range = fc.record({
      offset: fc.integer({ min: firstByte, max: sizeInBytes - 140_000 }),
      lengthInBytes: length,
    });
    fc.assert(
      fc.property(fc.array(range, { maxLength: 40 }), (ranges) => {
        expect(digests(arena, ranges)).toEqual(platformDigests(arena, ranges));
      }),
      { numRuns: 150 },
    );
  });

  test("ranges up to the very end, one beside another, and one alone", () => {
    const step = 100_003;
    const ranges = Array.from({ length: 9 }, (_, index) => ({
      offset: firstByte + index * step,
      lengthInBytes: index === 8 ? sizeInBytes - firstByte - index * step : step,
    }));
    expect(digests(arena, ranges)).toEqual(platformDigests(arena, ranges));
    expect(digests(arena, ranges.slice(8))).toEqual(platformDigests(arena, ranges.slice(8)));
  });

  test("leaves everything outside its scratch area alone", () => {
    const before = Uint8Array.from(arena.bytes);
    digests(arena, [
      { offset: firstByte, lengthInBytes: 777 },
      { offset: 5000, lengthInBytes: 900 },
    ]);
    before.copyWithin(0, 0);
    before.set(arena.bytes.subarray(scratchOffset, firstByte), scratchOffset);
    expect(Buffer.compare(before, arena.bytes)).toBe(0);
  });

  test("tells of each part before and after it is read", () => {
    const lengths = [200_000, 65_536, 63, 0, 100_001, 700, 64, 150_000, 90_000, 300_000];
    const offsets = lengths.map((_, index) => firstByte + index * 3);
    const told = { before: lengths.map(() => 0), after: lengths.map(() => 0) };
    const note = (list: number[]) => (range: number, offset: number, lengthInBytes: number) => {
      expect(offset).toBe(offsets[range]! + list[range]!);
      list[range]! += lengthInBytes;
    };
    const hashes = createMd5Hasher(arena, scratchOffset).digest(offsets, lengths, {
      before(range, offset, lengthInBytes) {
        expect(told.after[range]).toBe(told.before[range]);
        note(told.before)(range, offset, lengthInBytes);
      },
      after: note(told.after),
    });
    expect(told.after).toEqual(told.before);
    for (const [range, length] of lengths.entries()) {
      expect(length - told.after[range]!).toBeGreaterThanOrEqual(0);
      expect(length - told.after[range]!).toBeLessThan(64);
    }
    const plain = createMd5Hasher(arena, scratchOffset).digest(offsets, lengths);
    expect(Buffer.compare(hashes, plain)).toBe(0);
  });

  test("refuses what does not fit", () => {
    const hasher = createMd5Hasher(arena, scratchOffset);
    expect(() => hasher.digest([sizeInBytes - 1], [2])).toThrow(RangeError);
    expect(() => hasher.digest([-1], [1])).toThrow(RangeError);
    expect(() => hasher.digest([0.5], [1])).toThrow(RangeError);
    expect(() => hasher.digest([0, 0], [1])).toThrow(RangeError);
    expect(() => createMd5Hasher(arena, sizeInBytes - 16)).toThrow(RangeError);
    expect(() => createMd5Hasher(arena, 8)).toThrow(RangeError);
  });
});

describe("MD5 of ranges", () => {
  test("lengths in bits beyond 32 bits", () => {
    const lengthInBytes = 512 * 1024 * 1024 + 77;
    const arena = createArena(lengthInBytes + 65_536);
    arena.bytes[lengthInBytes] = 1;
    const range = { offset: 4096, lengthInBytes };
    const [expected] = platformDigests(arena, [range]);
    expect(digests(arena, [range, range])).toEqual([expected, expected]);
  });

  test("a range that is alone or much longer than the others goes to the platform, equal ones to the lanes", () => {
    const lanesOf = (lengths: readonly number[]): readonly number[] => [
      ...scheduleRanges(lengths, lengths.length).forLanes,
    ];
    expect([
      lanesOf([4]),
      lanesOf([4, 4]),
      lanesOf([1, 2, 1, 9, 1]),
      lanesOf([3, 5, 4, 5]),
      lanesOf([0, 0]),
      lanesOf([]),
    ]).toEqual([[], [0, 1], [1, 0, 2, 4], [1, 3, 2, 0], [0, 1], []]);
  });
});
