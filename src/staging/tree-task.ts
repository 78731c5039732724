/**
 * What the threads that read a tree are told and what they answer. Many small files travel as columns (one array a fact, one position
 * a file), because an object for each of millions of files costs more than reading it.
 */
import type { ResolvedCompression } from "./compression-choice.js";
import type { ContentHashReply, ContentHashTask } from "./content-hash-task.js";
import type { SymlinkPolicy } from "./directory-walk.js";

/** What a listed entry is, as a number in a column. */
export const entryTypes = { file: 0, folder: 1, symlink: 2, special: 3, failed: 4 } as const;

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
  /** Relative to the root, with forward slashes. */
  readonly paths: readonly string[];
  readonly types: readonly number[];
  /** 0 for everything that is no file. */
  readonly sizes: readonly number[];
  readonly modifiedAtInMs: readonly number[];
  readonly modes: readonly number[];
  /** Target of a link; device and inode of a file with several names; code of the error of what failed; else empty. */
  readonly details: readonly string[];
  readonly skippedLinks: number;
  /** Whether there is more. */
  readonly done: boolean;
}

/** Files, empty folders and links to be read together. */
export interface TreeBatch {
  readonly paths: string[];
  readonly types: number[];
  readonly sizes: number[];
  readonly modifiedAtInMs: number[];
  readonly modes: number[];
  /** Of links, else empty. */
  readonly targets: string[];
}

/** A batch and the part of the shared memory that is the thread's while it works on it. */
export interface ReadTreeTask extends TreeBatch {
  readonly slotOffset: number;
  readonly slotSize: number;
}

/** What threads can be asked. */
export type TreeTask =
  | { readonly kind: "list" }
  | { readonly kind: "hash"; readonly step: ContentHashTask }
  | ({ readonly kind: "blobs" } & ReadTreeTask)
  | ({ readonly kind: "bundle"; readonly bundle: string } & ReadTreeTask);

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
  /** Undefined when the bytes lie at the beginning of the slot. */
  readonly bytes: Uint8Array | undefined;
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
  readonly bundle: BundleReply;
}

/** An empty batch. */
export function newTreeBatch(): TreeBatch {
  return { paths: [], types: [], sizes: [], modifiedAtInMs: [], modes: [], targets: [] };
}
