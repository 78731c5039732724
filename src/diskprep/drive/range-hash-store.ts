/**
 * The MD5 hashes of a drive's ranges: from the catalog where it has them, otherwise collected while copying.
 */
import { hashOfWholeIsRangeHash, type SeedBlob, type SeedCatalog } from "../../staging/index.js";

/** A record of the journal: range number (two little-endian 32-bit halves) and hash. */
const recordLengthInBytes = 24;

/** Hashes by range number, counted over all blobs of the drive. */
export interface RangeHashStore {
  /** Keeps the hash of a range that has none in the catalog. */
  keep(rangeNumber: number, hash: Uint8Array): void;
  /** Takes what was kept since the last call, for the journal. */
  takeNew(): Uint8Array;
  /** Hashes of all ranges of a blob, 16 bytes each. */
  hashesOf(blob: SeedBlob, firstRangeNumber: number, rangeCount: number): Promise<Uint8Array>;
}

/** A store that begins with what an interrupted run had put into its journal. */
export function createRangeHashStore(catalog: SeedCatalog, journalled: Uint8Array): RangeHashStore {
  let hashes = new Uint8Array(0);
  let fresh: Uint8Array[] = [];

  const set = (rangeNumber: number, hash: Uint8Array): void => {
    const end = (rangeNumber + 1) * 16;
    if (end > hashes.length) {
      const larger = new Uint8Array(Math.max(hashes.length * 2, end, 4096));
      larger.set(hashes);
      hashes = larger;
    }
    hashes.set(hash, rangeNumber * 16);
  };

  const view = new DataView(journalled.buffer, journalled.byteOffset, journalled.length);
  for (let at = 0; at + recordLengthInBytes <= journalled.length; at += recordLengthInBytes) {
    const rangeNumber = view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
    set(rangeNumber, journalled.subarray(at + 8, at + recordLengthInBytes));
  }

  return {
    keep(rangeNumber, hash) {
      set(rangeNumber, hash);
      const record = Buffer.alloc(recordLengthInBytes);
      record.writeUInt32LE(rangeNumber % 0x1_0000_0000, 0);
      record.writeUInt32LE(Math.floor(rangeNumber / 0x1_0000_0000), 4);
      record.set(hash, 8);
      fresh.push(record);
    },
    takeNew() {
      const taken = Buffer.concat(fresh);
      fresh = [];
      return taken;
    },
    async hashesOf(blob, firstRangeNumber, rangeCount) {
      if (rangeCount > 0 && blob.md5 !== undefined && hashOfWholeIsRangeHash(blob)) {
        return Buffer.from(blob.md5, "hex");
      }
      const known = await catalog.readRangeHashes(blob, 0, rangeCount);
      return known ?? hashes.subarray(firstRangeNumber * 16, (firstRangeNumber + rangeCount) * 16);
    },
  };
}
