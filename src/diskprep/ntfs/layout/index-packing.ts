/**
 * Packs the sorted entries of a directory into index blocks, bottom-up, without building the blocks.
 *
 * What is kept is where each block begins; a block is rendered from that and the sorted entries whenever it is asked
 * for. Blocks are numbered level by level from the leaves; the last block is the top of the tree. A key lies in
 * exactly one node (a B-tree): the entry after a full block moves up as its separator.
 */
import { grown } from "../tree/node-columns.js";

/** Bytes of an index block that entries can use, the end entry of a leaf already taken off. */
const leafCapacityInBytes = 4096 - 0x40 - 16;
/** The same for an inner block, whose end entry carries a child. */
const innerCapacityInBytes = 4096 - 0x40 - 24;

/** A growing list of 32-bit numbers. */
export class NumberList {
  values: Uint32Array = new Uint32Array(64);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) this.values = grown(this.values, this.length * 1.5);
    this.values[this.length++] = value;
  }
}

/**
 * Packs `count` entries, whose leaf lengths `entryLength` tells, and appends the tree's shape to `shapes`:
 * number of levels, number of blocks of each level, then for each level the index of the first item of each block.
 * Returns the number of blocks. Items of a level above the leaves are the separators of the level below.
 */
export function packIndex(
  count: number,
  entryLength: (position: number) => number,
  shapes: NumberList,
): number {
  const levels: Uint32Array[] = [];
  let positions: Uint32Array | undefined;
  let itemCount = count;
  for (;;) {
    const capacity = positions === undefined ? leafCapacityInBytes : innerCapacityInBytes;
    const starts = new NumberList();
    let used = 0;
    starts.push(0);
    for (let item = 0; item < itemCount; item++) {
      const length = positions === undefined ? entryLength(item) : entryLength(positions[item]!) + 8;
      if (used + length <= capacity) {
        used += length;
        continue;
      }
      // This item would become the separator; as the last of all it would leave the next block empty, so the entry
      // before it moves up instead.
      const nextStart = item === itemCount - 1 ? item : item + 1;
      starts.push(nextStart);
      used = nextStart === item ? length : 0;
    }
    const blockStarts = starts.values.slice(0, starts.length);
    levels.push(blockStarts);
    if (blockStarts.length === 1) break;
    const above = new Uint32Array(blockStarts.length - 1);
    for (let block = 1; block < blockStarts.length; block++) {
      const separator = blockStarts[block]! - 1;
      above[block - 1] = positions === undefined ? separator : positions[separator]!;
    }
    positions = above;
    itemCount = above.length;
  }
  shapes.push(levels.length);
  for (const starts of levels) shapes.push(starts.length);
  let blockCount = 0;
  for (const starts of levels) {
    blockCount += starts.length;
    for (const start of starts) shapes.push(start);
  }
  return blockCount;
}

/** One block of a packed index: the items it holds and how they resolve to positions among the sorted entries. */
export interface PackedBlock {
  /** 0 for leaves. */
  readonly level: number;
  readonly firstItem: number;
  /** One past the last item. */
  readonly endItem: number;
  /** Number of the first block of the level below, where children are counted from. */
  readonly firstChildBlock: number;
}

/** Reads the shape that `packIndex` stored at `shapeStart` in `shapes`. */
export function packedBlock(
  shapes: Uint32Array,
  shapeStart: number,
  entryCount: number,
  blockNumber: number,
): PackedBlock {
  const levelCount = shapes[shapeStart]!;
  let level = 0;
  let firstBlock = 0;
  let firstChildBlock = 0;
  let starts = shapeStart + 1 + levelCount;
  let itemCount = entryCount;
  for (; level < levelCount; level++) {
    const blocks = shapes[shapeStart + 1 + level]!;
    if (blockNumber < firstBlock + blocks) break;
    firstChildBlock = firstBlock;
    firstBlock += blocks;
    starts += blocks;
    itemCount = blocks - 1;
  }
  const blocks = shapes[shapeStart + 1 + level]!;
  const index = blockNumber - firstBlock;
  const firstItem = shapes[starts + index]!;
  const endItem = index + 1 < blocks ? shapes[starts + index + 1]! - 1 : itemCount;
  return { level, firstItem, endItem, firstChildBlock };
}

/** Position among the sorted entries of an item of a level. */
export function itemPosition(shapes: Uint32Array, shapeStart: number, level: number, item: number): number {
  const levelCount = shapes[shapeStart]!;
  let position = item;
  for (let below = level - 1; below >= 0; below--) {
    let starts = shapeStart + 1 + levelCount;
    for (let each = 0; each < below; each++) starts += shapes[shapeStart + 1 + each]!;
    position = shapes[starts + position + 1]! - 1;
  }
  return position;
}
