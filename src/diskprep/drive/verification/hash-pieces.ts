/** Reads and hashes pieces of a drive. Judges nothing. */
import { createHash } from "node:crypto";
import { type AbortOptions, throwIfAborted } from "../../../shared/abort.js";
import { allocatePageAligned } from "../../../shared/page-aligned-memory.js";
import type { DrivePiece } from "./drive-pieces.js";
import type { StoredVolume } from "./drive-source.js";
import { hashStoredPieces } from "./hash-stored-pieces.js";

const bufferLengthInBytes = 4 * 1024 * 1024;

/** What became of a piece: its hash, or why it could not be read, or neither when it was not to be read. */
export interface HashedPiece {
  readonly piece: DrivePiece;
  /** MD5, 32 upper-case hexadecimal digits. */
  readonly hash: string | undefined;
  readonly failure: unknown;
}

/** Options of {@link hashPieces}. */
export interface HashPiecesOptions extends AbortOptions {
  /** Whether a piece is read. */
  isChosen(number: number): boolean;
  /** The volume below the files. Without it they are read one after the other. */
  readonly stored?: StoredVolume | undefined;
}

/** Reads and hashes one piece through its file. */
export type HashPiece = (piece: DrivePiece) => Promise<HashedPiece>;

/**
 * Hashes the chosen pieces that have a file. Gives every piece back, in the order they came. A failing read ends its piece
 * only; whether the work goes on is for the caller to say.
 *
 * @throws AbortError, and whatever the pieces throw
 */
export async function* hashPieces(
  pieces: AsyncIterable<DrivePiece>,
  { isChosen, stored, abortSignal }: HashPiecesOptions,
): AsyncGenerator<HashedPiece> {
  const buffer = allocatePageAligned(bufferLengthInBytes);
  const hashPiece: HashPiece = async (piece) => {
    throwIfAborted(abortSignal);
    if (!piece.file || !isChosen(piece.number)) return { piece, hash: undefined, failure: undefined };
    try {
      return { piece, hash: await hashOf(piece, buffer, { abortSignal }), failure: undefined };
    } catch (failure) {
      throwIfAborted(abortSignal);
      return { piece, hash: undefined, failure };
    }
  };
  if (stored) yield* hashStoredPieces(pieces, stored, { isChosen, abortSignal }, hashPiece);
  else for await (const piece of pieces) yield await hashPiece(piece);
}

async function hashOf(piece: DrivePiece, buffer: Uint8Array, options: AbortOptions): Promise<string> {
  const hash = createHash("md5");
  for (let done = 0; done < piece.lengthInBytes; ) {
    throwIfAborted(options.abortSignal);
    const part = buffer.subarray(0, Math.min(buffer.length, piece.lengthInBytes - done));
    await piece.file!.read(piece.offsetInBytes + done, part, options);
    hash.update(part);
    done += part.length;
  }
  return hash.digest("hex").toUpperCase();
}
