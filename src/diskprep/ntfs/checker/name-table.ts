/** All $FILE_NAME attributes of a volume: fingerprints to compare directory entries with, and parents to check. */
import { GrowingColumn } from "./growing-column.js";

const { imul } = Math;

/** A name as its record holds it. */
export interface NameRow {
  readonly record: number;
  readonly parentRecord: number;
  readonly parentSequence: number;
}

/** The names in order of record. */
export interface NameTable {
  readonly count: number;
  /** Enters a name; all names of one record one after the other, records ascending. */
  add(record: number, value: Uint8Array): void;
  row(index: number): NameRow;
  /** Rows of a record: from `first` to before `end`. */
  rowsOf(record: number): { readonly first: number; readonly end: number };
  /** The row of that record whose value has the same bytes; undefined when none has. */
  find(record: number, value: Uint8Array): number | undefined;
  /** The row of that record with the same parent and name, whatever else differs; undefined when none has. */
  findByName(record: number, value: Uint8Array): number | undefined;
  /** Counts one more directory entry for a row. */
  markSeen(index: number): void;
  timesSeen(index: number): number;
}

/** Creates an empty table. Memory: 31 bytes a name. */
export function createNameTable(): NameTable {
  const records = new GrowingColumn(new Float64Array(64));
  const parents = new GrowingColumn(new Float64Array(64));
  const parentSequences = new GrowingColumn(new Uint16Array(64));
  const firstHashes = new GrowingColumn(new Uint32Array(64));
  const secondHashes = new GrowingColumn(new Uint32Array(64));
  const nameHashes = new GrowingColumn(new Uint32Array(64));
  const seen = new GrowingColumn(new Uint8Array(64));

  const lowerBound = (record: number): number => {
    let low = 0;
    let high = records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (records.at(middle) < record) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const rowsOf = (record: number): { first: number; end: number } => {
    const first = lowerBound(record);
    let end = first;
    while (end < records.length && records.at(end) === record) end++;
    return { first, end };
  };

  return {
    get count() {
      return records.length;
    },
    add(record, value) {
      const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
      records.push(record);
      parents.push(view.getUint32(0, true) + view.getUint16(4, true) * 2 ** 32);
      parentSequences.push(view.getUint16(6, true));
      firstHashes.push(fingerprint(value, 0x811c9dc5, 0x01000193));
      secondHashes.push(fingerprint(value, 0x9747b28c, 0x5bd1e995));
      nameHashes.push(nameFingerprint(value));
      seen.push(0);
    },
    row: (index) => ({
      record: records.at(index),
      parentRecord: parents.at(index),
      parentSequence: parentSequences.at(index),
    }),
    rowsOf,
    find(record, value) {
      const { first, end } = rowsOf(record);
      if (first === end) return undefined;
      const firstHash = fingerprint(value, 0x811c9dc5, 0x01000193);
      const secondHash = fingerprint(value, 0x9747b28c, 0x5bd1e995);
      for (let index = first; index < end; index++) {
        if (firstHashes.at(index) === firstHash && secondHashes.at(index) === secondHash) return index;
      }
      return undefined;
    },
    findByName(record, value) {
      const { first, end } = rowsOf(record);
      const hash = first === end ? 0 : nameFingerprint(value);
      for (let index = first; index < end; index++) if (nameHashes.at(index) === hash) return index;
      return undefined;
    },
    markSeen(index) {
      seen.set(index, Math.min(seen.at(index) + 1, 255));
    },
    timesSeen: (index) => seen.at(index),
  };
}

/** Of the parent reference and the name alone. */
function nameFingerprint(value: Uint8Array): number {
  return fingerprint(
    value.subarray(66),
    fingerprint(value.subarray(0, 8), 0x811c9dc5, 0x01000193),
    0x01000193,
  );
}

function fingerprint(bytes: Uint8Array, seed: number, multiplier: number): number {
  let hash = seed ^ bytes.length;
  for (let index = 0; index < bytes.length; index++) {
    hash = imul(hash ^ bytes[index]!, multiplier);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}
