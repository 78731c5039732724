/**
 * Hashes the pieces of a drive in bulk: stretches of the stored volume that hold many pieces are read as a whole into
 * slots, decrypted and hashed by threads, several stretches at once. The way a drive is written, backwards.
 */
import pLimit from "p-limit";
import { type AbortSignalLike, throwIfAborted } from "../../../shared/abort.js";
import { allEnded } from "../../../shared/all-ended.js";
import { mapBitLockerRange } from "../../bitlocker/index.js";
import type { BlockDevice } from "../../device/index.js";
import type { Slot } from "../../pipeline/index.js";
import { upperHex } from "../manifest-writer.js";
import type { DrivePiece } from "./drive-pieces.js";
import type { StoredVolume } from "./drive-source.js";
import type { HashedPiece, HashPiece, HashPiecesOptions } from "./hash-pieces.js";

/** Longest single read: what disks take as one request. */
const readLengthInBytes = 4 * 1024 * 1024;
/** One is on its way while the next is asked for. More of them look to a disk like several streams, and slow it down. */
const readsInFlight = 2;
/** Reading over a gap of this length takes less time than a read of its own. */
const smallGapInBytes = 256 * 1024;
/** Bounds what is kept of pieces that need not be read. */
const mostPiecesInStretch = 16_384;
/** The first stretches are shorter, so that the threads have something to do early. */
const firstStretchInBytes = 4 * 1024 * 1024;
/** Stretches between the oldest one not yet handed on and the newest. */
const stretchesAhead = 8;

/** A volume that is read a few requests at a time. */
interface ReadVolume extends StoredVolume {
  readonly read: BlockDevice["read"];
}

/** Pieces in their order, and the part of the volume that holds those that are to be read. */
interface Stretch {
  readonly pieces: DrivePiece[];
  /** Where on the volume each piece lies; -1 for those that this stretch does not read. */
  readonly offsets: number[];
  startInBytes: number;
  endInBytes: number;
}

/**
 * Gives every piece back, in the order they came.
 *
 * @param hashAlone reads one piece through its file: for pieces that do not lie on the volume in one piece, and for
 * those of a stretch that cannot be read as a whole, so that each failure is told of the piece that it belongs to
 */
export async function* hashStoredPieces(
  pieces: AsyncIterable<DrivePiece>,
  stored: StoredVolume,
  options: HashPiecesOptions,
  hashAlone: HashPiece,
): AsyncGenerator<HashedPiece> {
  const queue: Promise<readonly HashedPiece[]>[] = [];
  // Pieces read alone share one buffer, so they take turns.
  let lastAlone: Promise<unknown> = Promise.resolve();
  const hashInTurn: HashPiece = (piece) => {
    const turn = lastAlone.then(() => hashAlone(piece));
    lastAlone = turn.catch(() => undefined);
    return turn;
  };
  const inTurn = pLimit(readsInFlight);
  const readVolume: ReadVolume = {
    ...stored,
    read: (offset, target, access) => inTurn(() => stored.device.read(offset, target, access)),
  };
  try {
    for await (const stretch of stretchesOf(pieces, stored, options)) {
      throwIfAborted(options.abortSignal);
      const hashed = hashStretch(stretch, readVolume, options, hashInTurn);
      // Looked at when its turn comes.
      hashed.catch(() => undefined);
      queue.push(hashed);
      if (queue.length >= stretchesAhead) yield* await queue.shift()!;
    }
    while (queue.length > 0) yield* await queue.shift()!;
  } finally {
    await Promise.allSettled(queue);
  }
}

/** Joins pieces that follow each other on the volume. */
async function* stretchesOf(
  pieces: AsyncIterable<DrivePiece>,
  { workers, ahead }: StoredVolume,
  { isChosen }: HashPiecesOptions,
): AsyncGenerator<Stretch> {
  let stretch = emptyStretch();
  let longest = Math.min(firstStretchInBytes, workers.slotLengthInBytes);
  for await (const piece of pieces) {
    const { file, offsetInBytes, lengthInBytes } = piece;
    const isRead = file !== undefined && isChosen(piece.number);
    const start = isRead ? (file.locate?.(offsetInBytes, lengthInBytes) ?? -1) : -1;
    const end = start + lengthInBytes;
    if (start >= 0 && stretch.endInBytes > 0) {
      const isPartlyInMemory = stretch.startInBytes < ahead.endInBytes && end > ahead.endInBytes;
      const fits =
        start >= stretch.endInBytes &&
        start - stretch.endInBytes <= smallGapInBytes &&
        end - stretch.startInBytes <= longest &&
        !isPartlyInMemory;
      if (!fits) {
        yield stretch;
        stretch = emptyStretch();
        longest = Math.min(longest * 2, workers.slotLengthInBytes);
      }
    }
    stretch.pieces.push(piece);
    stretch.offsets.push(start);
    if (start >= 0) {
      if (stretch.endInBytes === 0) stretch.startInBytes = start;
      stretch.endInBytes = end;
    }
    if (stretch.pieces.length === mostPiecesInStretch) {
      yield stretch;
      stretch = emptyStretch();
    }
  }
  if (stretch.pieces.length > 0) yield stretch;
}

function emptyStretch(): Stretch {
  return { pieces: [], offsets: [], startInBytes: 0, endInBytes: 0 };
}

async function hashStretch(
  stretch: Stretch,
  stored: ReadVolume,
  options: HashPiecesOptions,
  hashAlone: HashPiece,
): Promise<readonly HashedPiece[]> {
  const hashes = stretch.endInBytes > 0 ? await hashTogether(stretch, stored, options) : undefined;
  const results: HashedPiece[] = [];
  let number = 0;
  for (const [index, piece] of stretch.pieces.entries()) {
    const hash = stretch.offsets[index]! >= 0 ? hashes?.[number++] : undefined;
    results.push(hash === undefined ? await hashAlone(piece) : { piece, hash, failure: undefined });
  }
  return results;
}

/** The hashes of the located pieces; undefined when the stretch cannot be read, or not be decrypted, as a whole. */
async function hashTogether(
  stretch: Stretch,
  stored: ReadVolume,
  { abortSignal }: HashPiecesOptions,
): Promise<readonly string[] | undefined> {
  const { device, areas, workers, cipherNumber, ahead } = stored;
  const unit = Math.max(device.preferredAlignmentInBytes, areas.sectorSizeInBytes);
  const start = Math.floor(stretch.startInBytes / unit) * unit;
  const end = Math.min(Math.ceil(stretch.endInBytes / unit) * unit, areas.volumeSizeInBytes);
  const lengthInBytes = end - start;
  if (lengthInBytes > workers.slotLengthInBytes) return undefined;
  const decrypt = mapBitLockerRange(areas, start, lengthInBytes).filter(({ kind }) => kind === "stored");
  if (decrypt.some(({ offsetInBytes, positionInBytes }) => offsetInBytes !== positionInBytes))
    return undefined;
  const bytes = ahead.take(start, end) ?? (await readIntoSlot(start, lengthInBytes, stored, abortSignal));
  if (!bytes) return undefined;
  try {
    const located = stretch.pieces.flatMap(({ lengthInBytes: length }, index) => {
      const offset = stretch.offsets[index]!;
      return offset < 0 ? [] : [{ offset: offset - start, length }];
    });
    const result = await workers.run({
      slotOffset: bytes.offset,
      lengthInBytes,
      cipherNumber,
      decrypt: {
        offsets: decrypt.map(({ offsetInBytes }) => offsetInBytes - start),
        lengths: decrypt.map((piece) => piece.lengthInBytes),
        positionsInBytes: decrypt.map(({ positionInBytes }) => positionInBytes),
      },
      hash: { offsets: located.map(({ offset }) => offset), lengths: located.map(({ length }) => length) },
    });
    return result.kind === "done"
      ? located.map((_, index) => upperHex(result.hashes, index * 16))
      : undefined;
  } finally {
    bytes.release();
  }
}

/** Bytes of the volume in a slot of their own; undefined when they cannot all be read. */
async function readIntoSlot(
  offsetInBytes: number,
  lengthInBytes: number,
  { workers, read }: ReadVolume,
  abortSignal: AbortSignalLike | undefined,
): Promise<Slot | undefined> {
  const slot = await workers.acquireSlot();
  try {
    throwIfAborted(abortSignal);
    const reads: Promise<void>[] = [];
    for (let at = 0; at < lengthInBytes; at += readLengthInBytes) {
      const part = slot.bytes.subarray(at, Math.min(lengthInBytes, at + readLengthInBytes));
      reads.push(read(offsetInBytes + at, part, { abortSignal }));
    }
    await allEnded(reads);
    throwIfAborted(abortSignal);
    return slot;
  } catch {
    slot.release();
    throwIfAborted(abortSignal);
    return undefined;
  }
}
