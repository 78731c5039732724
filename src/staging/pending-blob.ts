/** Blobs that are hashed and wait to be recorded. */
import type { FileHandle } from "node:fs/promises";
import type { StagedPlace } from "./catalog-entry.js";
import type { SeedBlob } from "./seed-catalog.js";

/** A blob that is hashed and only needs to be recorded. */
export interface PendingBlob {
  readonly blob: Omit<SeedBlob, "index">;
  /** Undefined when there is none to store (see `hashOfWholeIsRangeHash`). */
  readonly rangeHashes: Uint8Array | undefined;
  readonly content:
    | { readonly type: "bytes"; readonly bytes: Uint8Array }
    /** The blob lies at the beginning of page-aligned memory, followed by zeros up to a multiple of `directUnitInBytes`. */
    | { readonly type: "units"; readonly bytes: Uint8Array }
    | { readonly type: "file"; readonly file: number; readonly handle: FileHandle; readonly folder: string }
    | { readonly type: "place"; readonly place: StagedPlace };
}

/** Block blobs whose contents lie one after the other in page-aligned memory, as columns: one position a blob. */
export interface PackedBlobs {
  readonly names: readonly string[];
  /** Relative to `bytes`. */
  readonly offsets: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
  /** Catalog lines before and after the place of the bytes. */
  readonly heads: readonly string[];
  readonly tails: readonly string[];
  /** A multiple of `directUnitInBytes`. */
  readonly bytes: Uint8Array;
}
