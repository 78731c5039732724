/**
 * Files and directories as columns of typed arrays: about 35 bytes a node and 2 bytes a name unit, no object per file.
 *
 * Columns only grow; a reader that remembers `count` and the arrays has a snapshot that later additions do not touch.
 */

/** Bits of the `flags` column. */
export const nodeFlag = { directory: 1, forcedNonResident: 2 } as const;

/** The columns; entries from `count` on are not in use. Node 0 is the root directory. */
export interface NodeColumns {
  readonly count: number;
  readonly directoryCount: number;
  /** Node of the parent directory. */
  readonly parent: Uint32Array;
  /** Where the name begins in `names`. */
  readonly nameStart: Uint32Array;
  readonly nameLength: Uint8Array;
  readonly flags: Uint8Array;
  readonly attributes: Uint16Array;
  /** Files: length in bytes. Directories: their ordinal among the directories. */
  readonly lengthOrOrdinal: Float64Array;
  /** Unix time in milliseconds; NaN when the volume's own time is to be used. */
  readonly modifiedAtInMs: Float64Array;
  /** UTF-16 units of all names, one after the other. */
  readonly names: Uint16Array;
}

/** Facts of one node to add. */
export interface NodeRow {
  readonly parent: number;
  readonly name: string;
  readonly flags: number;
  readonly attributes: number;
  readonly lengthOrOrdinal: number;
  readonly modifiedAtInMs: number;
}

/** The columns with the ability to grow and to give back their last row. */
export class GrowingNodeColumns implements NodeColumns {
  count = 0;
  directoryCount = 0;
  nameUnitCount = 0;
  parent: Uint32Array = new Uint32Array(64);
  nameStart: Uint32Array = new Uint32Array(64);
  nameLength: Uint8Array = new Uint8Array(64);
  flags: Uint8Array = new Uint8Array(64);
  attributes: Uint16Array = new Uint16Array(64);
  lengthOrOrdinal: Float64Array = new Float64Array(64);
  modifiedAtInMs: Float64Array = new Float64Array(64);
  names: Uint16Array = new Uint16Array(1024);
  /** Rows below this belong to a snapshot too. */
  private sharedCount = 0;

  /** Appends a row and returns its node number. */
  push(row: NodeRow): number {
    const node = this.count;
    if (node === this.parent.length) this.growRows();
    const length = row.name.length;
    if (this.nameUnitCount + length > this.names.length) {
      this.names = grown(this.names, Math.max(this.names.length * 1.5, this.nameUnitCount + length));
    }
    for (let index = 0; index < length; index++) {
      this.names[this.nameUnitCount + index] = row.name.charCodeAt(index);
    }
    this.parent[node] = row.parent;
    this.nameStart[node] = this.nameUnitCount;
    this.nameLength[node] = length;
    this.flags[node] = row.flags;
    this.attributes[node] = row.attributes;
    this.lengthOrOrdinal[node] = row.lengthOrOrdinal;
    this.modifiedAtInMs[node] = row.modifiedAtInMs;
    this.nameUnitCount += length;
    this.count = node + 1;
    if ((row.flags & nodeFlag.directory) !== 0) this.directoryCount++;
    return node;
  }

  /** Forgets the last row. */
  pop(): void {
    if (this.count <= this.sharedCount) this.unshare();
    const node = --this.count;
    this.nameUnitCount = this.nameStart[node]!;
    if ((this.flags[node]! & nodeFlag.directory) !== 0) this.directoryCount--;
  }

  /** The columns as they are now, unaffected by later additions. */
  snapshot(): NodeColumns {
    this.sharedCount = this.count;
    const { count, directoryCount, parent, nameStart, nameLength, flags } = this;
    const { attributes, lengthOrOrdinal, modifiedAtInMs, names } = this;
    return {
      count,
      directoryCount,
      parent,
      nameStart,
      nameLength,
      flags,
      attributes,
      lengthOrOrdinal,
      modifiedAtInMs,
      names,
    };
  }

  /** Moves to arrays of its own before a row that a snapshot still shows is given to another node. */
  private unshare(): void {
    this.names = this.names.slice();
    this.resizeRows(this.parent.length);
    this.sharedCount = 0;
  }

  private growRows(): void {
    this.resizeRows(Math.ceil(this.parent.length * 1.5));
  }

  private resizeRows(capacity: number): void {
    this.parent = grown(this.parent, capacity);
    this.nameStart = grown(this.nameStart, capacity);
    this.nameLength = grown(this.nameLength, capacity);
    this.flags = grown(this.flags, capacity);
    this.attributes = grown(this.attributes, capacity);
    this.lengthOrOrdinal = grown(this.lengthOrOrdinal, capacity);
    this.modifiedAtInMs = grown(this.modifiedAtInMs, capacity);
  }
}

/** A copy of `array` with room for `capacity` elements. */
export function grown<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
  array: T,
  capacity: number,
): T {
  const larger = new (array.constructor as new (length: number) => T)(Math.ceil(capacity));
  larger.set(array);
  return larger;
}
