/** What other parts of this room may do with a writer. */
import type { BlobSource } from "./blob-source.js";
import type { CatalogEntry } from "./catalog-entry.js";
import type { HashThreads } from "./hash-threads.js";
import type { PackedBlobs, PendingBlob } from "./pending-blob.js";
import type { SeedBlob, SeedBlobHeaders } from "./seed-catalog.js";
import type { SeedLayout } from "./seed-layout.js";
import type { SeedWriter, WriteBlobOptions } from "./seed-writer.js";

/** A block blob whose bytes are in memory and hashed already. */
export interface PreparedBlob {
  readonly name: string;
  readonly headers: SeedBlobHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  readonly modifiedAtInMs: number;
  readonly md5: string;
  /** Needed when the bytes are longer than a range of the default size. */
  readonly rangeHashes: Uint8Array | undefined;
  readonly lengthInBytes: number;
  readonly content: PendingBlob["content"];
}

/** What other parts of this room may do with a writer. */
export interface SeedWriterInternals {
  /**
   * Records prepared blobs as neighbours in the catalog. One with a name that cannot be used is left out; of the others all are
   * recorded, or none when they cannot be written. Their bytes must not change until then.
   */
  recordPrepared(blobs: readonly PreparedBlob[]): Promise<readonly PromiseSettledResult<SeedBlob>[]>;
  /**
   * Records many small blobs as neighbours. Those with a name that is there already are left out; of the others all are recorded, or none
   * when they cannot be written. Their memory must not change until then. Returns what went wrong, by position.
   */
  recordPacked(blobs: PackedBlobs): Promise<ReadonlyMap<number, unknown>>;
  /** False when the seed certainly has no such blob. */
  mayHave(name: string): boolean;
  /** Records a blob whose bytes stay where they are. */
  recordAdopted(
    blob: Omit<SeedBlob, "index">,
    rangeHashes: Uint8Array | undefined,
    root: number,
    path: string,
  ): Promise<SeedBlob>;
  /** Like `writeBlob`, but long contents are hashed in the caller's threads. */
  writeBlobWith(
    threads: HashThreads,
    name: string,
    source: BlobSource,
    options: WriteBlobOptions,
  ): Promise<SeedBlob>;
  /** Place of a recorded blob. */
  find(name: string): Promise<CatalogEntry | undefined>;
  readonly layout: SeedLayout;
  /** Closed with the writer. */
  readonly threads: HashThreads;
}

const internals = new WeakMap<SeedWriter, SeedWriterInternals>();

/** Called once for each writer. */
export function setInternals(writer: SeedWriter, its: SeedWriterInternals): void {
  internals.set(writer, its);
}

/** The internals of a writer; undefined for writers that are not this room's own, such as a caller's wrapper. */
export function internalsOf(writer: SeedWriter): SeedWriterInternals | undefined {
  return internals.get(writer);
}
