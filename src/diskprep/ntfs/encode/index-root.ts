/** Values of $INDEX_ROOT attributes: small indexes whole, large ones as a pointer to their top block. */

import { directoryEntryLength } from "./constants.js";
import type { FileNameFields } from "./file-name-value.js";
import { writeFileNameValue } from "./file-name-value.js";
import { setUint64 } from "./little-endian.js";
import { type ViewIndexEntry, viewEntryLength } from "./security-descriptors.js";

/** Sort orders of indexes. */
export const collation = {
  fileName: 1,
  uint32: 0x10,
  sid: 0x11,
  securityHash: 0x12,
  uint32Array: 0x13,
} as const;

/** Bytes before the first entry. */
export const indexRootHeaderLengthInBytes = 0x20;
const entryFlag = { hasChild: 1, end: 2 } as const;

function writeRootHeader(
  view: DataView,
  position: number,
  indexedType: number,
  collationRule: number,
  clusterSizeInBytes: number,
  entryBytes: number,
  hasChildren: boolean,
): void {
  const blockSize = 4096;
  view.setUint32(position, indexedType, true);
  view.setUint32(position + 4, collationRule, true);
  view.setUint32(position + 8, blockSize, true);
  view.setUint8(
    position + 12,
    blockSize >= clusterSizeInBytes ? blockSize / clusterSizeInBytes : blockSize / 512,
  );
  view.setUint32(position + 0x10, 0x10, true);
  view.setUint32(position + 0x14, 0x10 + entryBytes, true);
  view.setUint32(position + 0x18, 0x10 + entryBytes, true);
  view.setUint8(position + 0x1c, hasChildren ? 1 : 0);
}

/** Writes a directory entry at `position` and returns its length. `childVcn` is undefined in leaves. */
export function writeDirectoryEntry(
  view: DataView,
  position: number,
  fields: FileNameFields,
  childVcn: number | undefined,
): number {
  const length = directoryEntryLength(fields.nameLength) + (childVcn === undefined ? 0 : 8);
  view.setUint32(position, fields.record, true);
  view.setUint16(position + 6, fields.sequence, true);
  view.setUint16(position + 8, length, true);
  view.setUint16(position + 10, writeFileNameValue(view, position + 0x10, fields), true);
  if (childVcn !== undefined) {
    view.setUint16(position + 12, entryFlag.hasChild, true);
    setUint64(view, position + length - 8, childVcn);
  }
  return length;
}

/** Writes the entry that ends a node and returns its length. */
export function writeEndEntry(view: DataView, position: number, childVcn: number | undefined): number {
  const length = childVcn === undefined ? 0x10 : 0x18;
  view.setUint16(position + 8, length, true);
  view.setUint16(position + 12, entryFlag.end | (childVcn === undefined ? 0 : entryFlag.hasChild), true);
  if (childVcn !== undefined) setUint64(view, position + 0x10, childVcn);
  return length;
}

/** Finishes a directory's root at `position` around `entryBytes` already written entries (end entry included). */
export function finishDirectoryRoot(
  view: DataView,
  position: number,
  clusterSizeInBytes: number,
  entryBytes: number,
  hasChildren: boolean,
): void {
  writeRootHeader(view, position, 0x30, collation.fileName, clusterSizeInBytes, entryBytes, hasChildren);
}

/** A whole view index (quota, security, object ids) as an index root value. */
export function encodeViewIndexRoot(
  collationRule: number,
  clusterSizeInBytes: number,
  entries: readonly ViewIndexEntry[],
): Uint8Array {
  const entryBytes = entries.reduce((sum, entry) => sum + viewEntryLength(entry), 0x10);
  const bytes = new Uint8Array(indexRootHeaderLengthInBytes + entryBytes);
  const view = new DataView(bytes.buffer);
  let at = indexRootHeaderLengthInBytes;
  for (const entry of entries) {
    const dataOffset = 0x10 + entry.key.length;
    view.setUint16(at, dataOffset, true);
    view.setUint16(at + 2, entry.data.length, true);
    view.setUint16(at + 8, viewEntryLength(entry), true);
    view.setUint16(at + 10, entry.key.length, true);
    bytes.set(entry.key, at + 0x10);
    bytes.set(entry.data, at + dataOffset);
    if (entry.padding) bytes.set(entry.padding, at + dataOffset + entry.data.length);
    at += viewEntryLength(entry);
  }
  writeEndEntry(view, at, undefined);
  writeRootHeader(view, 0, 0, collationRule, clusterSizeInBytes, entryBytes, false);
  return bytes;
}
