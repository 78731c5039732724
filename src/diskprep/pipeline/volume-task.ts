/**
 * What is done with a stretch of a volume while it lies in memory: bring file contents in, decrypt, hash, encrypt, in
 * this order and each only where asked for. Plain columns that can be posted to another thread.
 *
 * All offsets without another word count from the start of the slot that the task works on.
 */

/** Pieces of files to be read into the slot. The columns have one entry a piece, ascending by `slotOffsets`. */
export interface FilePieces {
  /** Absolute paths; pieces name them by number. */
  readonly paths: readonly string[];
  /** Length each file must have as a whole; -1 where that is not known. */
  readonly pathLengths: readonly number[];
  readonly pathNumbers: readonly number[];
  readonly fileOffsets: readonly number[];
  readonly slotOffsets: readonly number[];
  readonly lengths: readonly number[];
}

/** Stretches of the slot; one entry a stretch, ascending, not overlapping. */
export interface SlotStretches {
  readonly offsets: readonly number[];
  readonly lengths: readonly number[];
}

/** Stretches of whole sectors and where on the volume each is stored. */
export interface SectorStretches extends SlotStretches {
  readonly positionsInBytes: readonly number[];
}

/** Work on one slot. */
export interface VolumeTask {
  /** Where the slot begins in the arena. */
  readonly slotOffset: number;
  readonly lengthInBytes: number;
  /** Number of the cipher, for tasks that encrypt or decrypt. */
  readonly cipherNumber?: number;
  /** Everything of the slot but these pieces and `kept` is zeroed. Without it nothing is read and nothing zeroed. */
  readonly pieces?: FilePieces;
  /** What lies in the slot already and stays. */
  readonly kept?: SlotStretches;
  readonly decrypt?: SectorStretches;
  /** Stretches to be hashed, each on its own. */
  readonly hash?: SlotStretches;
  readonly encrypt?: SectorStretches;
}

/** Why a piece of a file could not be had. */
export type FilePieceFailure =
  | { readonly kind: "length-differs"; readonly piece: number; readonly actualLengthInBytes: number }
  | {
      readonly kind: "unreadable";
      readonly piece: number;
      readonly systemCode: string | undefined;
      readonly message: string;
    };

/** What became of a task. After a failure the content of the slot is undefined. */
export type VolumeResult =
  | { readonly kind: "done" /** MD5, 16 bytes a stretch. */; readonly hashes: Uint8Array }
  | { readonly kind: "failed"; readonly failure: FilePieceFailure };
