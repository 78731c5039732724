/** All directories of a volume: their sorted entries and the shapes of their indexes. */
import {
  directoryEntryLength,
  extendRecord,
  firstUserRecord,
  rootRecord,
  systemFileCount,
} from "../encode/constants.js";
import { compareNtfsNames } from "../names/name-rules.js";
import type { NodeColumns } from "../tree/node-columns.js";
import { nodeFlag } from "../tree/node-columns.js";
import { sortNodesByName } from "../tree/sort-by-name.js";
import { residentRootRoom } from "../tree/space-bound.js";
import type { HiddenRecords } from "./hidden-records.js";
import { NumberList, packIndex } from "./index-packing.js";
import { systemFileNames } from "./system-files.js";

/** The first user node is 1 and has record 64. */
export const recordOffsetOfNodes: number = firstUserRecord - 1;

/** Directories by ordinal: the root, those of the tree, and System Volume Information if there is one. */
export interface DirectoryPlan {
  readonly count: number;
  /** MFT record of each directory. */
  readonly records: Uint32Array;
  /** Where the entries of each directory begin in `entries`; one element more than directories. */
  readonly entryStart: Uint32Array;
  /** MFT records of the entries of all directories, sorted by name within each. */
  readonly entries: Uint32Array;
  /** Blocks of each directory's index; 0 when it is small enough for the record. */
  readonly blockCount: Uint32Array;
  /** Where the shape of each directory's index lies in `shapes`. */
  readonly shapeStart: Uint32Array;
  readonly shapes: Uint32Array;
}

/** Sorts and packs every directory. Deterministic; takes about a second per million names. */
export function planDirectories(
  columns: NodeColumns,
  hidden: HiddenRecords,
  recordSizeInBytes: number,
): DirectoryPlan {
  const count = columns.directoryCount + (hidden.files.length > 0 ? 1 : 0);
  const records = new Uint32Array(count);
  const entryStart = new Uint32Array(count + 1);
  records[0] = rootRecord;
  for (let node = 1; node < columns.count; node++) {
    if ((columns.flags[node]! & nodeFlag.directory) !== 0) {
      records[columns.lengthOrOrdinal[node]!] = node + recordOffsetOfNodes;
    }
    entryStart[columns.lengthOrOrdinal[columns.parent[node]!]! + 1]!++;
  }
  const rootExtras = rootEntries(hidden);
  const userEntriesInRoot = entryStart[1]!;
  entryStart[1] = userEntriesInRoot + rootExtras.length;
  if (hidden.files.length > 0) {
    records[count - 1] = hidden.directoryRecord;
    entryStart[count] = hidden.files.length;
  }
  for (let directory = 0; directory < count; directory++)
    entryStart[directory + 1]! += entryStart[directory]!;

  const entries = new Uint32Array(entryStart[count]!);
  const next = entryStart.slice();
  for (let node = 1; node < columns.count; node++) {
    const directory = columns.lengthOrOrdinal[columns.parent[node]!]!;
    entries[next[directory]!++] = node;
  }
  for (let directory = 0; directory < columns.directoryCount; directory++) {
    sortNodesByName(columns, entries, entryStart[directory]!, next[directory]!);
  }
  for (let at = 0; at < entries.length; at++) entries[at]! += recordOffsetOfNodes;
  insertIntoRoot(entries, userEntriesInRoot, rootExtras, columns);
  if (hidden.files.length > 0) entries.set(hidden.sortedFileRecords, entryStart[count - 1]!);

  return packAll(columns, hidden, recordSizeInBytes, { count, records, entryStart, entries });
}

interface ExtraEntry {
  readonly record: number;
  readonly name: string;
}

function rootEntries(hidden: HiddenRecords): ExtraEntry[] {
  const extras = systemFileNames.map((name, record) => ({ record, name }));
  if (hidden.files.length > 0) extras.push({ record: hidden.directoryRecord, name: hidden.directoryName });
  return extras.sort((left, right) => compareNtfsNames(left.name, right.name));
}

/** Moves the sorted user entries of the root apart where the system's entries belong. */
function insertIntoRoot(
  entries: Uint32Array,
  userCount: number,
  extras: readonly ExtraEntry[],
  columns: NodeColumns,
): void {
  const nameOfEntry = (at: number): string => {
    const node = entries[at]! - recordOffsetOfNodes;
    const start = columns.nameStart[node]!;
    return String.fromCharCode(...columns.names.subarray(start, start + columns.nameLength[node]!));
  };
  let end = userCount;
  for (let index = extras.length - 1; index >= 0; index--) {
    const { name, record } = extras[index]!;
    let low = 0;
    let high = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareNtfsNames(nameOfEntry(middle), name) < 0) low = middle + 1;
      else high = middle;
    }
    entries.copyWithin(low + index + 1, low, end);
    entries[low + index] = record;
    end = low;
  }
}

function packAll(
  columns: NodeColumns,
  hidden: HiddenRecords,
  recordSizeInBytes: number,
  base: Pick<DirectoryPlan, "count" | "records" | "entryStart" | "entries">,
): DirectoryPlan {
  const { count, records, entryStart, entries } = base;
  const blockCount = new Uint32Array(count);
  const shapeStart = new Uint32Array(count);
  const shapes = new NumberList();
  const nameLengthOf = (record: number): number =>
    record < systemFileCount
      ? systemFileNames[record]!.length
      : record < hidden.directoryRecord
        ? columns.nameLength[record - recordOffsetOfNodes]!
        : hidden.nameLengthOf(record);

  for (let directory = 0; directory < count; directory++) {
    const start = entryStart[directory]!;
    const end = entryStart[directory + 1]!;
    const room = residentRootRoom(recordSizeInBytes, nameLengthOf(records[directory]!));
    let used = 0;
    let at = start;
    while (at < end && used <= room) used += directoryEntryLength(nameLengthOf(entries[at++]!));
    if (used <= room) continue;
    shapeStart[directory] = shapes.length;
    blockCount[directory] = packIndex(
      end - start,
      (position) => directoryEntryLength(nameLengthOf(entries[start + position]!)),
      shapes,
    );
  }
  return { ...base, blockCount, shapeStart, shapes: shapes.values };
}

/** Ordinal of the directory that an MFT record describes; undefined when it describes none of ours. */
export function directoryOrdinalOf(
  record: number,
  columns: NodeColumns,
  hidden: HiddenRecords,
): number | undefined {
  if (record === rootRecord) return 0;
  if (record === extendRecord || record < firstUserRecord) return undefined;
  if (record === hidden.directoryRecord && hidden.files.length > 0) return columns.directoryCount;
  if (record >= hidden.directoryRecord) return undefined;
  const node = record - recordOffsetOfNodes;
  return (columns.flags[node]! & nodeFlag.directory) !== 0 ? columns.lengthOrOrdinal[node]! : undefined;
}
