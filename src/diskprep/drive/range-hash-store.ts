/**
 * The MD5 hashes of a drive's ranges: from the catalog where it has them, otherwise collected while copying.
 */
import type { SeedBlob, SeedCatalog } from "../../staging/index.js";
import type { VolumeGroup } from "./volume-group.js";

/** Hashes by range number, counted over the whole drive. */
export interface RangeHashStore {
  /** Keeps the hashes of a written group, as far as the catalog lacks them. Groups must come in order. */
  add(group: VolumeGroup, hashes: Uint8Array): void;
  /** Takes the hashes kept since the last call, for the journal. */
  takeNew(): Uint8Array;
  /** Hashes of all ranges of a blob, 16 bytes each. */
  hashesOf(blob: SeedBlob, firstRangeNumber: number, rangeCount: number): Promise<Uint8Array>;
}

/** A store that begins with the hashes an interrupted run had kept. */
export function createRangeHashStore(catalog: SeedCatalog, kept: Uint8Array): RangeHashStore {
  // Hashes are kept for every range as soon as one blob lacks them: their place is then their number.
  let hashes = new Uint8Array(kept);
  let length = kept.length;
  let newFrom = length;
  let isNeeded = kept.length > 0;

  const append = (bytes: Uint8Array): void => {
    if (length + bytes.length > hashes.length) {
      const larger = new Uint8Array(Math.max(hashes.length * 2, length + bytes.length, 4096));
      larger.set(hashes.subarray(0, length));
      hashes = larger;
    }
    hashes.set(bytes, length);
    length += bytes.length;
  };

  return {
    add(group, groupHashes) {
      isNeeded ||= group.expectedHashes.some((expected) => expected === undefined);
      if (!isNeeded) return;
      // Ranges before the first one without a hash have hashes in the catalog; their places stay empty.
      const place = group.firstRangeNumber * 16;
      if (place > length) append(new Uint8Array(place - length));
      append(groupHashes);
    },
    takeNew() {
      const fresh = hashes.slice(newFrom, length);
      newFrom = length;
      return fresh;
    },
    async hashesOf(blob, firstRangeNumber, rangeCount) {
      if (rangeCount === 1 && blob.md5 !== undefined && blob.dataStretches === undefined) {
        return Buffer.from(blob.md5, "hex");
      }
      const known = await catalog.readRangeHashes(blob, 0, rangeCount);
      return known ?? hashes.subarray(firstRangeNumber * 16, (firstRangeNumber + rangeCount) * 16);
    },
  };
}
