/** Packing of directory indexes: every entry once and in order, every block full but not too full, none empty. */
import { describe, expect, test } from "@jest/globals";
import {
  itemPosition,
  NumberList,
  packedBlock,
  packIndex,
} from "../../../src/diskprep/ntfs/layout/index-packing.js";
import { seededRandom } from "./sample-volumes.js";

const blockRoom = 4096 - 0x40;

/** Walks a packed index the way a reader walks the blocks, and tells what it saw. */
function walk(lengths: readonly number[]): {
  order: number[];
  visited: number[];
  depths: Set<number>;
  used: number[];
} {
  const shapes = new NumberList();
  shapes.push(4711);
  const start = shapes.length;
  const blockCount = packIndex(lengths.length, (position) => lengths[position]!, shapes);
  const order: number[] = [];
  const visited: number[] = [];
  const depths = new Set<number>();
  const used: number[] = [];
  const visit = (block: number, depth: number): void => {
    visited.push(block);
    const { level, firstItem, endItem, firstChildBlock } = packedBlock(
      shapes.values,
      start,
      lengths.length,
      block,
    );
    let bytes = level === 0 ? 16 : 24;
    for (let item = firstItem; item < endItem; item++) {
      if (level > 0) visit(firstChildBlock + item, depth + 1);
      const position = itemPosition(shapes.values, start, level, item);
      bytes += lengths[position]! + (level > 0 ? 8 : 0);
      order.push(position);
    }
    if (level > 0) visit(firstChildBlock + endItem, depth + 1);
    else depths.add(depth);
    used.push(endItem > firstItem ? bytes : 0);
  };
  visit(blockCount - 1, 0);
  expect(visited.length).toBe(blockCount);
  return { order, visited: visited.sort((left, right) => left - right), depths, used };
}

describe("a packed index", () => {
  const random = seededRandom(31);
  const shapes: [string, (count: number) => number[]][] = [
    ["short names", (count) => Array.from({ length: count }, () => 88)],
    ["names of 255 units", (count) => Array.from({ length: count }, () => 592)],
    [
      "all kinds of names",
      (count) => Array.from({ length: count }, () => 88 + 8 * Math.floor(random() ** 2 * 64)),
    ],
    // Entries that fill a leaf to the last byte: 4016 = 8 * 502.
    ["entries that fill leaves exactly", (count) => Array.from({ length: count }, () => 502 - (502 % 8) + 8)],
  ];
  test.each(shapes)("is a proper B-tree for any number of entries: %s", (_, lengthsOf) => {
    for (let count = 1; count < 700; count += count < 120 ? 1 : 7) {
      const { order, visited, depths, used } = walk(lengthsOf(count));
      expect(order).toEqual(Array.from({ length: count }, (__, index) => index));
      expect(visited).toEqual(Array.from({ length: visited.length }, (__, index) => index));
      expect([depths.size, Math.min(...used) > 0, Math.max(...used) <= blockRoom]).toEqual([1, true, true]);
    }
  });

  test("wastes little room", () => {
    const { used } = walk(Array.from({ length: 20_000 }, () => 120));
    const average = used.reduce((sum, bytes) => sum + bytes, 0) / used.length;
    expect(average / blockRoom).toBeGreaterThan(0.95);
  });
});
