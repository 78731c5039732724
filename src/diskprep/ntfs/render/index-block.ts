/** Blocks of directory indexes ("INDX"), made on demand from the packed shape of the index. */
import { fixupStrideInBytes } from "../encode/constants.js";
import { protectRecord } from "../encode/fixup.js";
import { writeDirectoryEntry, writeEndEntry } from "../encode/index-root.js";
import { setUint64 } from "../encode/little-endian.js";
import { itemPosition, packedBlock } from "../layout/index-packing.js";
import type { VolumePlan } from "../layout/plan-volume.js";
import type { NameSource } from "./name-source.js";
import { indexBlockVcn } from "./user-record.js";

const updateArrayOffset = 0x28;
const headerOffset = 0x18;
const firstEntryOffset = 0x40;

/** Writes one block of a directory's index at `base`, where the bytes must be zero. */
export function writeIndexBlock(
  plan: VolumePlan,
  names: NameSource,
  view: DataView,
  base: number,
  directory: number,
  block: number,
): void {
  const { directories, geometry } = plan;
  const { clusterSizeInBytes, indexBlockSizeInBytes } = geometry;
  const entriesFrom = directories.entryStart[directory]!;
  const entryCount = directories.entryStart[directory + 1]! - entriesFrom;
  const shapeStart = directories.shapeStart[directory]!;
  const { level, firstItem, endItem, firstChildBlock } = packedBlock(
    directories.shapes,
    shapeStart,
    entryCount,
    block,
  );
  view.setUint32(base, 0x5844_4e49, true);
  view.setUint16(base + 4, updateArrayOffset, true);
  view.setUint16(base + 6, indexBlockSizeInBytes / fixupStrideInBytes + 1, true);
  setUint64(view, base + 0x10, indexBlockVcn(block, clusterSizeInBytes));
  let at = base + firstEntryOffset;
  for (let item = firstItem; item < endItem; item++) {
    const position = itemPosition(directories.shapes, shapeStart, level, item);
    const fields = names.fieldsOf(directories.entries[entriesFrom + position]!);
    const child = level === 0 ? undefined : indexBlockVcn(firstChildBlock + item, clusterSizeInBytes);
    at += writeDirectoryEntry(view, at, fields, child);
  }
  at += writeEndEntry(
    view,
    at,
    level === 0 ? undefined : indexBlockVcn(firstChildBlock + endItem, clusterSizeInBytes),
  );
  view.setUint32(base + headerOffset, firstEntryOffset - headerOffset, true);
  view.setUint32(base + headerOffset + 4, at - base - headerOffset, true);
  view.setUint32(base + headerOffset + 8, indexBlockSizeInBytes - headerOffset, true);
  view.setUint8(base + headerOffset + 12, level === 0 ? 0 : 1);
  protectRecord(view, base, indexBlockSizeInBytes, updateArrayOffset);
}
