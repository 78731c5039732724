import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isAllZero } from "../../../src/diskprep/kernels/index.js";
import { namedArenas } from "./arenas.js";

describe.each(namedArenas)("zero scan: $name", ({ create }) => {
  const arena = create(4 << 20);

  test("sees one single byte inside the range and none outside it", () => {
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.oneof(fc.nat(400), fc.nat(300_000), fc.constant(3 << 20)),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (offset, lengthInBytes, where, value) => {
          arena.bytes[offset + lengthInBytes] = 1;
          if (offset > 0) arena.bytes[offset - 1] = 1;
          expect(isAllZero(arena, offset, lengthInBytes)).toBe(true);
          if (lengthInBytes > 0) {
            const place = offset + (where % lengthInBytes);
            arena.bytes[place] = value;
            expect(isAllZero(arena, offset, lengthInBytes)).toBe(false);
            arena.bytes[place] = 0;
          }
          arena.bytes[offset + lengthInBytes] = 0;
          if (offset > 0) arena.bytes[offset - 1] = 0;
        },
      ),
    );
  });

  test("reads to the very end and refuses more", () => {
    const { length } = arena.bytes;
    expect(isAllZero(arena, 0, length)).toBe(true);
    arena.bytes[length - 1] = 1;
    expect(isAllZero(arena, 0, length)).toBe(false);
    arena.bytes[length - 1] = 0;
    expect(() => isAllZero(arena, 1, length)).toThrow(RangeError);
    expect(() => isAllZero(arena, -1, 1)).toThrow(RangeError);
  });
});
