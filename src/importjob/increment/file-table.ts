/**
 * The files of a seed by path, in typed columns: 37 bytes a file plus 6 to 12 for the hash table, however long the paths
 * are. A path is known by 64 bits of its hash.
 */
import { createHash } from "node:crypto";
import type { SeedFile } from "../../staging/index.js";

/** What is kept of a file. */
export interface KnownSeedFile {
  readonly type: SeedFile["type"];
  readonly lengthInBytes: number | undefined;
  readonly modifiedAtInMs: number;
  readonly blobIndex: number;
  readonly isBundled: boolean;
  /** Whether the catalog has the hash of the content. */
  readonly hasHash: boolean;
}

/** Files by path, with a mark on those that were looked up. */
export interface FileTable {
  add(file: SeedFile): void;
  /** Finds a file and marks it. */
  take(path: string): KnownSeedFile | undefined;
  /** Whether {@link FileTable.take} found this path. */
  wasTaken(path: string): boolean;
  readonly size: number;
}

const types: readonly SeedFile["type"][] = ["file", "folder", "symlink", "hard-link"];
const typeMask = 3;
const bundledFlag = 4;
const hashFlag = 8;
const takenFlag = 16;

/** An empty table. */
export function createFileTable(): FileTable {
  let capacity = 1024;
  let size = 0;
  let hashes = new Uint32Array(capacity * 2);
  let lengths = new Float64Array(capacity);
  let times = new Float64Array(capacity);
  let blobs = new Uint32Array(capacity);
  let flags = new Uint8Array(capacity);
  let slots = new Uint32Array(capacity * 2);

  const slotOf = (low: number, high: number): number => {
    const mask = slots.length - 1;
    let slot = low & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const at = slots[slot]! - 1;
      if (hashes[at * 2] === low && hashes[at * 2 + 1] === high) break;
    }
    return slot;
  };
  const grow = (): void => {
    capacity *= 2;
    hashes = grown(hashes, new Uint32Array(capacity * 2));
    lengths = grown(lengths, new Float64Array(capacity));
    times = grown(times, new Float64Array(capacity));
    blobs = grown(blobs, new Uint32Array(capacity));
    flags = grown(flags, new Uint8Array(capacity));
    slots = new Uint32Array(capacity * 2);
    for (let at = 0; at < size; at += 1) slots[slotOf(hashes[at * 2]!, hashes[at * 2 + 1]!)] = at + 1;
  };
  const find = (path: string): number | undefined => {
    const slot = slots[slotOf(...hashPath(path))]!;
    return slot === 0 ? undefined : slot - 1;
  };

  return {
    get size() {
      return size;
    },
    add(file) {
      if (size === capacity) grow();
      const [low, high] = hashPath(file.path);
      const slot = slotOf(low, high);
      // A later blob of the same path is the one that extraction leaves.
      const at = slots[slot] === 0 ? size++ : slots[slot]! - 1;
      slots[slot] = at + 1;
      hashes[at * 2] = low;
      hashes[at * 2 + 1] = high;
      lengths[at] = file.lengthInBytes ?? -1;
      times[at] = file.modifiedAtInMs;
      blobs[at] = file.blobIndex;
      flags[at] =
        types.indexOf(file.type) |
        (file.isBundled ? bundledFlag : 0) |
        (file.md5 === undefined ? 0 : hashFlag);
    },
    take(path) {
      const at = find(path);
      if (at === undefined) return undefined;
      flags[at]! |= takenFlag;
      return {
        type: types[flags[at]! & typeMask]!,
        lengthInBytes: lengths[at]! < 0 ? undefined : lengths[at]!,
        modifiedAtInMs: times[at]!,
        blobIndex: blobs[at]!,
        isBundled: (flags[at]! & bundledFlag) !== 0,
        hasHash: (flags[at]! & hashFlag) !== 0,
      };
    },
    wasTaken(path) {
      const at = find(path);
      return at !== undefined && (flags[at]! & takenFlag) !== 0;
    },
  };
}

function grown<T extends Uint32Array | Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function hashPath(path: string): [number, number] {
  const digest = createHash("sha1").update(path, "utf8").digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}
