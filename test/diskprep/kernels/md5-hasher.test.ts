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

  test("writes into the caller's array, and refuses what does not fit", () => {
    const hasher = createMd5Hasher(arena, scratchOffset);
    const target = new Uint8Array(40).fill(7);
    expect(hasher.digest([firstByte, firstByte], [0, 0], target.subarray(4), 2)).toEqual(target.subarray(4));
    expect(Buffer.from(target).toString("hex")).toBe(
      `${"07".repeat(4)}${"d41d8cd98f00b204e9800998ecf8427e".repeat(2)}${"07".repeat(4)}`,
    );
    expect(() => hasher.digest([sizeInBytes - 1], [2])).toThrow(RangeError);
    expect(() => hasher.digest([-1], [1])).toThrow(RangeError);
    expect(() => hasher.digest([0.5], [1])).toThrow(RangeError);
    expect(() => hasher.digest([0, 0], [1])).toThrow(RangeError);
    expect(() => hasher.digest([0], [1], new Uint8Array(15))).toThrow(RangeError);
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
