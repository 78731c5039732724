/** Checks `$Secure`: the descriptors in $SDS, their second copy, and the indexes $SII and $SDH. */

import { firstDifference } from "./check-boot-sector.js";
import type { CheckContext, CheckedFile } from "./check-context.js";
import { uint64At, viewOf } from "./little-endian-fields.js";
import type { CheckedStream } from "./volume-streams.js";
import { walkIndex } from "./walk-index.js";

const secureRecord = 9;
/** Blocks of descriptors and their copies alternate in pieces of this size. */
const blockSize = 0x40000;
const entryHeaderLength = 20;
/** Far more than any real volume has. */
const maxStreamSize = 256 * 1024 * 1024;

interface Descriptor {
  readonly id: number;
  readonly hash: number;
  readonly position: number;
  readonly header: Uint8Array;
}

/** Checks the file and returns the ids of all descriptors; undefined when the stream cannot be read. */
export async function readSecurityIds(
  context: Omit<CheckContext, "securityIds">,
  file: CheckedFile,
): Promise<Map<number, Descriptor> | undefined> {
  const stream = context.open(file, 0x80, "$SDS");
  if (!stream || stream.size > maxStreamSize) {
    context.list.add("security-stream", secureRecord, file.record.offset, "$Secure has no usable $SDS");
    return undefined;
  }
  const descriptors = new Map<number, Descriptor>();
  for (let start = 0; start < stream.size; start += 2 * blockSize) {
    await readBlock(context, stream, start, descriptors);
  }
  return descriptors;
}

async function readBlock(
  { list, options }: Omit<CheckContext, "securityIds">,
  stream: CheckedStream,
  start: number,
  descriptors: Map<number, Descriptor>,
): Promise<void> {
  const block = new Uint8Array(Math.min(blockSize, stream.size - start));
  await stream.read(start, block, options);
  const copy = new Uint8Array(Math.max(0, Math.min(blockSize, stream.size - start - blockSize)));
  await stream.read(start + blockSize, copy, options);
  const complain = (position: number, what: string): void =>
    list.add("security-stream", secureRecord, stream.offsetOf(start + position), `$SDS: ${what}`);
  const view = viewOf(block);
  let position = 0;
  while (position + entryHeaderLength <= block.length) {
    const length = view.getUint32(position + 16, true);
    if (length === 0) break;
    const id = view.getUint32(position + 4, true);
    if (length < entryHeaderLength + 20 || position + length > block.length) {
      complain(position + 16, `an entry has the impossible length ${length}`);
      return;
    }
    if (uint64At(view, position + 8) !== start + position)
      complain(position + 8, `descriptor 0x${id.toString(16)} is misplaced`);
    const hash = view.getUint32(position, true);
    if (hashOf(block.subarray(position + entryHeaderLength, position + length)) !== hash) {
      complain(position, `descriptor 0x${id.toString(16)} does not match its hash`);
    }
    if (descriptors.has(id)) complain(position + 4, `there are two descriptors 0x${id.toString(16)}`);
    descriptors.set(id, {
      id,
      hash,
      position: start + position,
      header: block.slice(position, position + entryHeaderLength),
    });
    position += Math.ceil(length / 16) * 16;
  }
  const difference = firstDifference(block.subarray(0, Math.min(copy.length, block.length)), copy);
  if (difference !== undefined) {
    list.add(
      "security-stream",
      secureRecord,
      stream.offsetOf(start + blockSize + Math.min(difference, Math.max(0, copy.length - 1))),
      `$SDS: its second copy differs in byte ${difference}`,
    );
  }
}

function hashOf(descriptor: Uint8Array): number {
  const view = viewOf(descriptor);
  let hash = 0;
  for (let at = 0; at + 4 <= descriptor.length; at += 4) {
    hash = (view.getUint32(at, true) + (((hash << 3) | (hash >>> 29)) >>> 0)) >>> 0;
  }
  return hash;
}

/** Compares both indexes with the descriptors of the stream. */
export async function checkSecurityIndexes(
  context: CheckContext,
  file: CheckedFile,
  descriptors: ReadonlyMap<number, Descriptor>,
): Promise<void> {
  await checkIndex(context, file, descriptors, { name: "$SII", collation: 0x10, keyLength: 4 });
  await checkIndex(context, file, descriptors, { name: "$SDH", collation: 0x12, keyLength: 8 });
}

async function checkIndex(
  context: CheckContext,
  file: CheckedFile,
  descriptors: ReadonlyMap<number, Descriptor>,
  {
    name,
    collation,
    keyLength,
  }: { readonly name: string; readonly collation: number; readonly keyLength: number },
): Promise<void> {
  const { list } = context;
  let previous: readonly [number, number] = [-1, -1];
  let count = 0;
  const complain = (offset: number, what: string): void =>
    list.add("security-index", secureRecord, offset, `${name}: ${what}`);
  await walkIndex(context, file, { name, indexedType: 0, collation }, ({ bytes, key, offset }) => {
    count++;
    const view = viewOf(bytes);
    const dataOffset = view.getUint16(0, true);
    const dataLength = view.getUint16(2, true);
    if (
      key.length !== keyLength ||
      dataLength !== entryHeaderLength ||
      dataOffset + dataLength > bytes.length
    ) {
      complain(offset, "an entry has the wrong lengths");
      return;
    }
    const keyView = viewOf(key);
    const id = keyView.getUint32(keyLength - 4, true);
    const hash = keyLength === 8 ? keyView.getUint32(0, true) : 0;
    const descriptor = descriptors.get(id);
    if (!descriptor) complain(offset + 0x10, `descriptor 0x${id.toString(16)} is not in $SDS`);
    else {
      if (keyLength === 8 && hash !== descriptor.hash)
        complain(offset + 0x10, `descriptor 0x${id.toString(16)} has another hash`);
      const difference = firstDifference(
        bytes.subarray(dataOffset, dataOffset + dataLength),
        descriptor.header,
      );
      if (difference !== undefined) {
        complain(
          offset + dataOffset + difference,
          `the entry of descriptor 0x${id.toString(16)} differs from $SDS`,
        );
      }
    }
    if (previous[0] > hash || (previous[0] === hash && previous[1] >= id))
      complain(offset, "its entries are not sorted");
    previous = [hash, id];
  });
  if (count !== descriptors.size)
    complain(file.record.offset, `it has ${count} entries for ${descriptors.size} descriptors`);
}
