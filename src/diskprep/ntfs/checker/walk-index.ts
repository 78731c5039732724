/**
 * Walks an index (B-tree of $INDEX_ROOT and $INDEX_ALLOCATION) in order and reports everything wrong with its nodes.
 * The meaning of the entries is the caller's business.
 */
import { throwIfAborted } from "../../../shared/abort.js";
import type { CheckContext, CheckedFile } from "./check-context.js";
import { roundUp, uint64At, viewOf } from "./little-endian-fields.js";
import { removeProtection } from "./remove-protection.js";

/** An entry with a key. */
export interface IndexEntry {
  /** The whole entry; valid during the call only. */
  readonly bytes: Uint8Array;
  readonly key: Uint8Array;
  /** Where the entry lies on the volume. */
  readonly offset: number;
}

/** What an index should look like. */
export interface IndexExpectation {
  readonly name: string;
  readonly indexedType: number;
  readonly collation: number;
}

const maxDepth = 32;

/** Walks the index of that name; `onEntry` gets the entries in order. Nothing happens when the index has no root. */
export async function walkIndex(
  context: CheckContext,
  file: CheckedFile,
  expectation: IndexExpectation,
  onEntry: (entry: IndexEntry) => void,
): Promise<void> {
  const { geometry, list, options } = context;
  const { name } = expectation;
  const record = file.record.record;
  const rootPart = file.attributes.find(
    ({ attribute }) => attribute.type === 0x90 && attribute.name === name,
  );
  if (!rootPart) return;
  const rootOffset = rootPart.owner.offset + rootPart.attribute.valuePosition;
  const root = rootPart.attribute.value;
  const label = `index ${name} of record ${record}`;
  if (!root || root.length < 0x30) {
    list.add("index-root", record, rootOffset, `${label}: its root is too short`);
    return;
  }
  const blockSize = checkRoot(context, record, root, rootOffset, expectation);
  if (blockSize === undefined) return;
  const allocation = context.open(file, 0xa0, name);
  const blockCount = allocation ? Math.floor(allocation.size / blockSize) : 0;
  const vcnUnit = blockSize >= geometry.clusterSize ? geometry.clusterSize : 512;
  const visited = new Uint8Array(Math.ceil(blockCount / 8));
  let leafDepth: number | undefined;

  const visitNode = async (
    bytes: Uint8Array,
    header: number,
    offsetOf: (position: number) => number,
    depth: number,
  ): Promise<void> => {
    const view = viewOf(bytes);
    const complain = (at: number, what: string): void =>
      list.add("index-node", record, offsetOf(at), `${label}: ${what}`);
    const firstEntry = header + view.getUint32(header, true);
    const end = header + view.getUint32(header + 4, true);
    const allocated = view.getUint32(header + 8, true);
    const isInner = view.getUint8(header + 12) === 1;
    if (end > bytes.length || firstEntry >= end || firstEntry % 8 !== 0) {
      complain(header, "the header of a node points outside it");
      return;
    }
    if (header + allocated < end || header + allocated > bytes.length) {
      complain(header + 8, `a node says ${allocated} bytes are allocated, but uses ${end - header}`);
    }
    if (!isInner) {
      leafDepth ??= depth;
      if (depth !== leafDepth) {
        list.add(
          "index-depth",
          record,
          offsetOf(header),
          `${label}: its leaves lie at depths ${leafDepth} and ${depth}`,
        );
      }
    }
    for (let at = firstEntry; ; ) {
      if (at + 0x10 > end) return complain(Math.min(at, bytes.length - 1), "a node has no end entry");
      const length = view.getUint16(at + 8, true);
      const keyLength = view.getUint16(at + 10, true);
      const flags = view.getUint16(at + 12, true);
      const isEnd = (flags & 2) !== 0;
      const hasChild = (flags & 1) !== 0;
      if (length < 0x10 + keyLength + (hasChild ? 8 : 0) || length % 8 !== 0 || at + length > end) {
        return complain(at + 8, `an entry has the impossible length ${length}`);
      }
      if (hasChild !== isInner)
        complain(at + 12, "an entry and its node disagree on whether there are children");
      if (hasChild) await visitChild(uint64At(view, at + length - 8), offsetOf(at + length - 8), depth + 1);
      if (isEnd) {
        if (at === firstEntry && depth > 0) complain(at, "a block has no keys");
        if (at + length !== end) complain(at, "a node goes on after its end entry");
        return;
      }
      onEntry({
        bytes: bytes.subarray(at, at + length),
        key: bytes.subarray(at + 0x10, at + 0x10 + keyLength),
        offset: offsetOf(at),
      });
      at += length;
    }
  };

  const visitChild = async (vcn: number, pointerOffset: number, depth: number): Promise<void> => {
    throwIfAborted(options.abortSignal);
    const block = (vcn * vcnUnit) / blockSize;
    if (!allocation || !Number.isInteger(block) || block >= blockCount) {
      list.add(
        "index-block",
        record,
        pointerOffset,
        `${label}: it points to block VCN ${vcn}, which does not exist`,
      );
      return;
    }
    if ((visited[block >>> 3]! & (1 << (block & 7))) !== 0 || depth > maxDepth) {
      list.add("index-block", record, pointerOffset, `${label}: block VCN ${vcn} is reached twice`);
      return;
    }
    visited[block >>> 3]! |= 1 << (block & 7);
    const position = block * blockSize;
    const offsetOf = (at: number): number => allocation.offsetOf(position + at);
    const bytes = new Uint8Array(blockSize);
    await allocation.read(position, bytes, options);
    const protection = removeProtection(bytes, "INDX");
    if (protection) {
      list.add(
        "index-fixup",
        record,
        offsetOf(protection.position),
        `${label}: block VCN ${vcn} is damaged (${protection.kind})`,
      );
      return;
    }
    if (uint64At(viewOf(bytes), 0x10) !== vcn) {
      list.add(
        "index-block",
        record,
        offsetOf(0x10),
        `${label}: block VCN ${vcn} says it is ${uint64At(viewOf(bytes), 0x10)}`,
      );
    }
    await visitNode(bytes, 0x18, offsetOf, depth);
  };

  await visitNode(root, 0x10, (at) => rootOffset + at, 0);
  await checkBitmap(context, file, name, visited, blockCount, label);
}

function checkRoot(
  { geometry, list }: CheckContext,
  record: number,
  root: Uint8Array,
  rootOffset: number,
  { name, indexedType, collation }: IndexExpectation,
): number | undefined {
  const view = viewOf(root);
  const label = `index ${name} of record ${record}`;
  const complain = (at: number, what: string): void =>
    list.add("index-root", record, rootOffset + at, `${label}: ${what}`);
  if (view.getUint32(0, true) !== indexedType) complain(0, "it indexes the wrong attribute type");
  if (view.getUint32(4, true) !== collation) complain(4, `it is sorted by rule ${view.getUint32(4, true)}`);
  const blockSize = view.getUint32(8, true);
  if (blockSize < 512 || blockSize > 65_536 || !Number.isInteger(Math.log2(blockSize))) {
    complain(8, `blocks of ${blockSize} bytes do not exist`);
    return undefined;
  }
  const expected = blockSize >= geometry.clusterSize ? blockSize / geometry.clusterSize : blockSize / 512;
  if (root[12] !== expected) complain(12, `its block length is given as ${root[12]} instead of ${expected}`);
  return blockSize;
}

async function checkBitmap(
  context: CheckContext,
  file: CheckedFile,
  name: string,
  visited: Uint8Array,
  blockCount: number,
  label: string,
): Promise<void> {
  const { list, options } = context;
  const record = file.record.record;
  const bitmap = context.open(file, 0xb0, name);
  if (!bitmap) {
    if (blockCount > 0)
      list.add("index-bitmap", record, file.record.offset, `${label}: it has blocks, but no bitmap`);
    return;
  }
  const size = roundUp(Math.ceil(blockCount / 8), 8);
  if (bitmap.size < Math.ceil(blockCount / 8) || bitmap.size > size + 4096) {
    list.add(
      "index-bitmap",
      record,
      bitmap.offsetOf(0),
      `${label}: its bitmap has ${bitmap.size} bytes for ${blockCount} blocks`,
    );
    return;
  }
  const bytes = new Uint8Array(bitmap.size);
  await bitmap.read(0, bytes, options);
  for (let index = 0; index < bytes.length; index++) {
    const difference = bytes[index]! ^ (visited[index] ?? 0);
    if (difference === 0) continue;
    const block = index * 8 + Math.log2(difference & -difference);
    const state =
      ((bytes[index]! >>> (block & 7)) & 1) === 1
        ? "marked, but not part of the tree"
        : "in the tree, but not marked";
    list.add("index-bitmap", record, bitmap.offsetOf(index), `${label}: block ${block} is ${state}`);
  }
}
