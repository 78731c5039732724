/**
 * A group: a contiguous stretch of the volume that is filled, hashed, encrypted and written as one unit of work.
 *
 * No hashed range lies in two groups, so groups are independent of each other. Everything a worker needs is in plain
 * columns that can be posted to another thread.
 */

/** Work description of one group. Buffer offsets count from the start of the group. */
export interface VolumeGroup {
  readonly volumeOffsetInBytes: number;
  /** A multiple of the sector size. */
  lengthInBytes: number;
  /** Pieces of staged files to be read into the group, ascending. */
  readonly pieceFiles: StagedFileName[];
  /** Length each of these files must have as a whole. */
  readonly pieceFileLengths: number[];
  readonly pieceFileOffsets: number[];
  readonly pieceBufferOffsets: number[];
  readonly pieceLengths: number[];
  /** Ranges to be hashed: index of their first piece; a range ends where the next one begins. */
  readonly rangeFirstPieces: number[];
  /** Position of each range in the sequence of all ranges of the drive. */
  readonly rangeNumbers: number[];
  /** The 16-byte MD5 each range must have, from the catalog; undefined when the catalog has none. */
  readonly expectedHashes: (Uint8Array | undefined)[];
  /** Blob names of the ranges, for messages. */
  readonly rangeBlobNames: string[];
  /** Bytes the main thread puts into the group itself: metadata, side files, parts of the manifest. */
  readonly fills: GroupFill[];
}

/** Absolute path of a staged file; empty when the bytes come from a fill because it is no plain local file. */
export type StagedFileName = string;

/** Bytes put into a group. */
export interface GroupFill {
  readonly bufferOffset: number;
  readonly lengthInBytes: number;
  /** Fills the target; called once, in volume order. */
  readonly fill: (target: Uint8Array) => void | Promise<void>;
}

/** An empty group at the given place. */
export function createVolumeGroup(volumeOffsetInBytes: number): VolumeGroup {
  return {
    volumeOffsetInBytes,
    lengthInBytes: 0,
    pieceFiles: [],
    pieceFileLengths: [],
    pieceFileOffsets: [],
    pieceBufferOffsets: [],
    pieceLengths: [],
    rangeFirstPieces: [],
    rangeNumbers: [],
    expectedHashes: [],
    rangeBlobNames: [],
    fills: [],
  };
}
