/**
 * A group: a contiguous stretch of the volume that is filled, hashed, encrypted and written as one unit of work.
 *
 * No hashed range lies in two groups, so groups are independent of each other. What a thread needs is in plain columns
 * that can be posted to it.
 */
import type { RangeSource } from "./range-source.js";

/** Work description of one group. Buffer offsets count from the start of the group. */
export interface VolumeGroup {
  readonly volumeOffsetInBytes: number;
  /** A multiple of the sector size. */
  lengthInBytes: number;
  /** Pieces of staged files to be read into the group, ascending. */
  readonly pieces: GroupPieces;
  /** Ranges to be hashed, ascending. */
  readonly ranges: GroupRanges;
  /** Bytes the main thread puts into the group itself: metadata, side files, parts of the manifest; ascending. */
  readonly fills: GroupFill[];
  /** Whether a fill needs the hashes of all groups before this one, as the manifest does. */
  needsEarlierHashes: boolean;
}

/** Columns with one entry a piece, and the files that pieces name by number. */
export interface GroupPieces {
  readonly paths: string[];
  readonly pathLengths: number[];
  readonly pathNumbers: number[];
  readonly fileOffsets: number[];
  readonly slotOffsets: number[];
  readonly lengths: number[];
  /** Which range of the group each piece is. */
  readonly rangeIndexes: number[];
}

/** Columns with one entry a range. */
export interface GroupRanges {
  readonly offsets: number[];
  readonly lengths: number[];
  /** Where each range begins in its blob. */
  readonly blobOffsets: number[];
  readonly blobNames: string[];
  readonly blobLengths: number[];
  /** Position of each range in the sequence of all ranges of the drive. */
  readonly numbers: number[];
  /** The 16-byte MD5 each range must have, from the catalog; undefined when the catalog has none. */
  readonly expectedHashes: (Uint8Array | undefined)[];
}

/** Bytes put into a group. */
export interface GroupFill {
  readonly bufferOffset: number;
  readonly lengthInBytes: number;
  /** Fills the whole target; called once, in volume order. */
  readonly fill: (target: Uint8Array) => void | Promise<void>;
}

/** An empty group at the given place. */
export function createVolumeGroup(volumeOffsetInBytes: number): VolumeGroup {
  return {
    volumeOffsetInBytes,
    lengthInBytes: 0,
    pieces: {
      paths: [],
      pathLengths: [],
      pathNumbers: [],
      fileOffsets: [],
      slotOffsets: [],
      lengths: [],
      rangeIndexes: [],
    },
    ranges: {
      offsets: [],
      lengths: [],
      blobOffsets: [],
      blobNames: [],
      blobLengths: [],
      numbers: [],
      expectedHashes: [],
    },
    fills: [],
    needsEarlierHashes: false,
  };
}

/** Adds the last range of the group, at its end, to be read from a file. */
export function addPiece(
  group: VolumeGroup,
  { path, offsetInBytes, pathLengthInBytes }: RangeSource,
  blobOffsetInBytes: number,
): void {
  const { pieces, ranges } = group;
  const rangeIndex = ranges.offsets.length - 1;
  // Ranges come in the order of the files, so a file seen before is nearly always the last one.
  if (pieces.paths.at(-1) !== path) {
    pieces.paths.push(path);
    pieces.pathLengths.push(pathLengthInBytes);
  }
  pieces.pathNumbers.push(pieces.paths.length - 1);
  pieces.fileOffsets.push(offsetInBytes + blobOffsetInBytes);
  pieces.slotOffsets.push(ranges.offsets[rangeIndex]!);
  pieces.lengths.push(ranges.lengths[rangeIndex]!);
  pieces.rangeIndexes.push(rangeIndex);
}
