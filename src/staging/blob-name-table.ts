/** Finds the index of a blob by its name among millions: eight bytes a name, collisions settled by the caller. */

/** Names seen so far, as hashes. */
export interface BlobNameTable {
  add(name: string, index: number): void;
  /** Indexes whose names have the same hash; almost always none or the right one. */
  candidates(name: string): readonly number[];
}

/** Creates an empty table. */
export function createBlobNameTable(): BlobNameTable {
  let slots = 1 << 12;
  let count = 0;
  // Open addressing; an index is stored plus one, so that zero means free.
  let hashes = new Uint32Array(slots);
  let indexes = new Uint32Array(slots);

  const insert = (hash: number, storedIndex: number): void => {
    let slot = hash & (slots - 1);
    while (indexes[slot] !== 0) slot = (slot + 1) & (slots - 1);
    hashes[slot] = hash;
    indexes[slot] = storedIndex;
  };

  return {
    add(name, index) {
      if (count * 10 >= slots * 6) {
        const [oldHashes, oldIndexes] = [hashes, indexes];
        slots *= 2;
        hashes = new Uint32Array(slots);
        indexes = new Uint32Array(slots);
        for (let slot = 0; slot < oldIndexes.length; slot += 1) {
          if (oldIndexes[slot] !== 0) insert(oldHashes[slot]!, oldIndexes[slot]!);
        }
      }
      insert(hashOf(name), index + 1);
      count += 1;
    },
    candidates(name) {
      const hash = hashOf(name);
      const found: number[] = [];
      for (let slot = hash & (slots - 1); indexes[slot] !== 0; slot = (slot + 1) & (slots - 1)) {
        if (hashes[slot] === hash) found.push(indexes[slot]! - 1);
      }
      return found;
    },
  };
}

/** FNV-1a over UTF-16 code units, with a final mix so that the low bits are good too. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
