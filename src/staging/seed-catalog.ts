/**
 * The catalog of one seed: the ordered list of blobs it consists of. Made by this room, read by the drive and import
 * job rooms. Reading is lazy, so a catalog of millions of blobs costs no more memory than its index.
 */
import type { AbortOptions } from "../shared/abort.js";

/** Kind of blob the datacentre creates. */
export type SeedBlobKind = "block" | "page";

/** HTTP headers stored with a blob. Absent means: the service's default. */
export interface SeedBlobHeaders {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly cacheControl?: string;
}

/** A part of a blob that is transferred and hashed on its own: a block of a block blob, a page range of a page blob. */
export interface SeedBlobRange {
  readonly offsetInBytes: number;
  readonly lengthInBytes: number;
}

/** One entry of the catalog. Plain frozen data. */
export interface SeedBlob {
  /** Position in the catalog, from 0. */
  readonly index: number;
  /** Blob name within the container, exactly as it will be in Azure. */
  readonly name: string;
  readonly kind: SeedBlobKind;
  /** Length of the blob, and of the staged file, in bytes. */
  readonly lengthInBytes: number;
  /** Hexadecimal MD5 (32 lower-case digits) of the whole content; undefined when hashing was left to the drive copy. */
  readonly md5: string | undefined;
  /** Modification time of the source in milliseconds since 1970 UTC. */
  readonly modifiedAtInMs: number;
  readonly headers: SeedBlobHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  /** Length of every range except the last of a contiguous run; a multiple of 512. Usually 4 MiB. */
  readonly rangeSizeInBytes: number;
  /**
   * Only for page blobs with holes: the stretches that hold data, ascending, 512-aligned, not touching. Undefined means
   * the whole blob. Each stretch is cut into ranges of `rangeSizeInBytes` from its own start.
   */
  readonly dataStretches: readonly SeedBlobRange[] | undefined;
}

/** Random access to the staged bytes of one blob. */
export interface StagedBlobReader {
  /** Fills `target` from `offsetInBytes`. @throws StagingError `staged-file-changed` when the file is shorter or unreadable */
  read(offsetInBytes: number, target: Uint8Array): Promise<void>;
  /** May be repeated. */
  close(): Promise<void>;
}

/** Where the bytes of a blob lie in a file. */
export interface StagedExtent {
  readonly path: string;
  readonly offsetInBytes: number;
}

/** What one seed consists of, in order. Immutable once sealed. */
export interface SeedCatalog {
  /** Random GUID of the seed. */
  readonly seedId: string;
  /** Name of the import job this seed is for. */
  readonly jobName: string;
  /** Destination container. */
  readonly containerName: string;
  readonly blobCount: number;
  /** Sum of the blob lengths. */
  readonly totalBytes: number;

  /** All blobs in catalog order, or those from `startIndex` on. */
  blobs(options?: AbortOptions & { readonly startIndex?: number }): AsyncIterable<SeedBlob>;
  /**
   * The MD5 hashes (16 bytes each) of `count` ranges of a blob, from range `firstRange` on.
   * Undefined when hashing was left to the drive copy.
   */
  readRangeHashes(blob: SeedBlob, firstRange: number, count: number): Promise<Uint8Array | undefined>;
  /** Absolute path of the staged file when the content is a plain local file; undefined otherwise. */
  stagedFilePath(blob: SeedBlob): string | undefined;
  /**
   * File and offset of the staged bytes, which many small blobs share, for programs that read them in bulk. Undefined for an empty
   * blob, for a blob this catalog did not give out, and when there is no plain local file. A catalog need not have this method.
   */
  stagedFileExtent?(blob: SeedBlob): StagedExtent | undefined;
  /** Opens the staged bytes. @throws StagingError `staged-file-missing`, `staged-file-changed` */
  openStagedBlob(blob: SeedBlob): Promise<StagedBlobReader>;
  /** Releases file handles. May be repeated. */
  close(): Promise<void>;
}

/**
 * Whether the hash of the whole is also the hash of the blob's only range, so that no range hash needs to be stored. An empty
 * blob, which has no range, counts as such.
 */
export function hashOfWholeIsRangeHash(blob: Omit<SeedBlob, "index">): boolean {
  return blob.dataStretches === undefined && blob.lengthInBytes <= blob.rangeSizeInBytes;
}

/** How many ranges {@link seedBlobRanges} yields for a blob. */
export function countSeedBlobRanges(blob: SeedBlob): number {
  const stretches = blob.dataStretches ?? [{ offsetInBytes: 0, lengthInBytes: blob.lengthInBytes }];
  return stretches.reduce(
    (count, stretch) => count + Math.ceil(stretch.lengthInBytes / blob.rangeSizeInBytes),
    0,
  );
}

/** The ranges of a blob in ascending order; none for an empty blob. */
export function* seedBlobRanges(blob: SeedBlob): Generator<SeedBlobRange> {
  const stretches = blob.dataStretches ?? [{ offsetInBytes: 0, lengthInBytes: blob.lengthInBytes }];
  for (const stretch of stretches) {
    const end = stretch.offsetInBytes + stretch.lengthInBytes;
    for (let offset = stretch.offsetInBytes; offset < end; offset += blob.rangeSizeInBytes) {
      yield { offsetInBytes: offset, lengthInBytes: Math.min(blob.rangeSizeInBytes, end - offset) };
    }
  }
}
