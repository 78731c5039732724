/** What the threads that read a tree are told and what they answer. */
import type { ResolvedCompression } from "./compression-choice.js";
import type { ContentHashReply, ContentHashTask } from "./content-hash-task.js";
import type { SymlinkPolicy } from "./directory-walk.js";
import type { PackedColumns } from "./tree-columns.js";

/** Given to every thread when it starts. */
export interface TreeThreadData {
  /** The folder whose tree is read. */
  readonly root: string;
  readonly symlinks: SymlinkPolicy;
  readonly include: readonly string[] | undefined;
  readonly exclude: readonly string[] | undefined;
  /** Paths below the root that are not entered. */
  readonly leftOut: readonly string[];
  /** What is needed to read contents; undefined for threads that only list. */
  readonly reading: TreeReadingData | undefined;
}

/** What threads need to read contents. */
export interface TreeReadingData {
  /** Memory that all threads share: scratch areas and slots. */
  readonly memory: { readonly buffer: ArrayBufferLike };
  readonly namePrefix: string;
  readonly keepAttributes: boolean;
  readonly compression: ResolvedCompression | undefined;
  /** Of the package that compresses zstd where Node does not. */
  readonly zstdPackagePath: string | undefined;
}

/** Entries of a tree in the order of the walk. */
export interface TreeListing {
  readonly entries: PackedColumns;
  readonly skippedLinks: number;
  /** Whether this was the last. */
  readonly done: boolean;
}

/** The part of the shared memory that is a thread's while it works on a task. */
export interface TreeSlot {
  readonly slotOffset: number;
  readonly slotSize: number;
}

/** What threads can be asked. */
export type TreeTask =
  | { readonly kind: "list" }
  | { readonly kind: "hash"; readonly step: ContentHashTask }
  | ({ readonly kind: "blobs"; readonly entries: PackedColumns } & TreeSlot)
  | ({ readonly kind: "bundles"; readonly bundles: readonly PlannedBundle[] } & TreeSlot);

/** Files, empty folders and links that become one archive. */
export interface PlannedBundle {
  readonly name: string;
  readonly entries: PackedColumns;
}

/** A batch whose contents lie in the slot, each to become a blob. Columns have one position for each entry of the batch. */
export interface BlobsReply {
  /** 0 for a file that is not as it was listed; it is not in the slot. */
  readonly valid: Uint8Array;
  /** Relative to the slot. */
  readonly offsets: Float64Array;
  readonly lengths: Float64Array;
  /** Catalog lines up to and after the place of the bytes, each line ended by a line feed. */
  readonly heads: string;
  readonly tails: string;
  /** Bytes in the slot. */
  readonly lengthInBytes: number;
}

/** Something that was put together, compressed and hashed. */
export interface EncodedPiece {
  readonly lengthInBytes: number;
  readonly rawLengthInBytes: number;
  readonly isCompressed: boolean;
  readonly md5: string;
  /** 16 bytes for each range of the default size. */
  readonly rangeHashes: Uint8Array;
  /** The bytes themselves, or where in the slot they begin. */
  readonly place: Uint8Array | number;
}

/** A batch that became an archive. */
export interface BundleReply {
  /** 0 for a file that is not as it was listed; it is not in the archive. */
  readonly valid: Uint8Array;
  /** Undefined when no entry was valid. */
  readonly archive: EncodedPiece | undefined;
  readonly index: EncodedPiece | undefined;
}

/** What threads answer, by the kind of the task. */
export interface TreeReplies {
  readonly list: TreeListing;
  readonly hash: ContentHashReply;
  readonly blobs: BlobsReply;
  readonly bundles: readonly BundleReply[];
}
