/** Walks the hashed ranges of one blob in ascending order, with the hash each must have. */
import {
  hashOfWholeIsRangeHash,
  type SeedBlob,
  type SeedBlobRange,
  type SeedCatalog,
  seedBlobRanges,
} from "../../staging/index.js";

/** How many hashes of a large blob are fetched from the catalog at a time. */
const hashesPerRead = 4096;

/** A range and its MD5 of 16 bytes, when the catalog has one. */
export interface HashedRange extends SeedBlobRange {
  readonly expectedHash: Uint8Array | undefined;
  /** Number of the range within its blob. */
  readonly index: number;
}

/** Cursor over the ranges of one blob. */
export class RangeWalker {
  readonly #blob: SeedBlob;
  readonly #rangeCount: number;
  readonly #catalog: SeedCatalog;
  readonly #ranges: Iterator<SeedBlobRange>;
  #current: HashedRange | undefined;
  #index = -1;
  #hashes: Uint8Array | undefined;

  constructor(blob: SeedBlob, rangeCount: number, catalog: SeedCatalog) {
    this.#blob = blob;
    this.#rangeCount = rangeCount;
    this.#catalog = catalog;
    this.#ranges = seedBlobRanges(blob);
  }

  /** The range that holds an offset, or the next one after it; undefined behind the last. Offsets must ascend. */
  async rangeAt(fileOffsetInBytes: number): Promise<HashedRange | undefined> {
    while (
      this.#index < this.#rangeCount &&
      (this.#current === undefined || endOf(this.#current) <= fileOffsetInBytes)
    ) {
      const next = this.#ranges.next();
      this.#index += 1;
      if (next.done) {
        this.#current = undefined;
        break;
      }
      const { offsetInBytes, lengthInBytes } = next.value;
      const expectedHash = await this.#hashOf(this.#index);
      this.#current = { offsetInBytes, lengthInBytes, index: this.#index, expectedHash };
    }
    return this.#current;
  }

  async #hashOf(index: number): Promise<Uint8Array | undefined> {
    const { md5 } = this.#blob;
    // Without a hash of the whole there are none of the ranges.
    if (md5 === undefined) return undefined;
    if (hashOfWholeIsRangeHash(this.#blob)) return Buffer.from(md5, "hex");
    if (index % hashesPerRead === 0) {
      const count = Math.min(hashesPerRead, this.#rangeCount - index);
      this.#hashes = await this.#catalog.readRangeHashes(this.#blob, index, count);
    }
    const start = (index % hashesPerRead) * 16;
    return this.#hashes?.subarray(start, start + 16);
  }
}

function endOf(range: SeedBlobRange): number {
  return range.offsetInBytes + range.lengthInBytes;
}
