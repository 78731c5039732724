/**
 * Brings the staged bytes of a group into memory and hashes them.
 *
 * Reads synchronously: opening, reading and closing a small file costs some twenty microseconds that way and several
 * times that through promises, and a drive may hold millions of them.
 */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { stagedFileChanged, stagedFileLengthChanged, stagedFileUnreadable } from "./staged-file-error.js";
import type { VolumeGroup } from "./volume-group.js";

/** Keeps the file open that the next group probably continues. */
export interface StagedFileReader {
  /** Fills a part of the target from a staged file, checking the file's length when it is opened. */
  read(group: VolumeGroup, piece: number, blobName: string, target: Uint8Array): void;
  /** May be repeated. */
  close(): void;
}

/** Creates a reader with no file open. */
export function createStagedFileReader(): StagedFileReader {
  let openPath = "";
  let descriptor = -1;
  const close = (): void => {
    if (descriptor === -1) return;
    const closing = descriptor;
    descriptor = -1;
    openPath = "";
    closeSync(closing);
  };
  return {
    read(group, piece, blobName, target) {
      const path = group.pieceFiles[piece]!;
      if (path === "") return;
      const expectedLength = group.pieceFileLengths[piece]!;
      let fileOffset = group.pieceFileOffsets[piece]!;
      let position = group.pieceBufferOffsets[piece]!;
      const end = position + group.pieceLengths[piece]!;
      try {
        if (path !== openPath) {
          close();
          descriptor = openSync(path, "r");
          openPath = path;
          const actualLength = fstatSync(descriptor).size;
          if (actualLength !== expectedLength)
            throw stagedFileLengthChanged(blobName, expectedLength, actualLength);
        }
        while (position < end) {
          const count = readSync(descriptor, target, position, end - position, fileOffset);
          if (count === 0) throw stagedFileLengthChanged(blobName, expectedLength, fileOffset);
          position += count;
          fileOffset += count;
        }
        if (fileOffset === expectedLength) close();
      } catch (error) {
        close();
        throw isOurs(error) ? error : stagedFileUnreadable(blobName, error);
      }
    },
    close,
  };
}

function isOurs(error: unknown): boolean {
  return typeof error === "object" && error !== null && "name" in error && error.name === "DriveError";
}

/**
 * Reads all pieces of a group and hashes its ranges.
 *
 * @returns the MD5 of each range, 16 bytes each
 * @throws DriveError `staged-file-changed`, `staged-file-shorter`, `staged-file-longer`, `staged-file-unreadable`
 */
export function readAndHashGroup(
  group: VolumeGroup,
  buffer: Uint8Array,
  files: StagedFileReader,
): Uint8Array {
  const rangeCount = group.rangeFirstPieces.length;
  const hashes = new Uint8Array(rangeCount * 16);
  for (let range = 0; range < rangeCount; range += 1) {
    const firstPiece = group.rangeFirstPieces[range]!;
    const endPiece = group.rangeFirstPieces[range + 1] ?? group.pieceLengths.length;
    const blobName = group.rangeBlobNames[range]!;
    const hash = createHash("md5");
    let rangeLength = 0;
    for (let piece = firstPiece; piece < endPiece; piece += 1) {
      files.read(group, piece, blobName, buffer);
      const start = group.pieceBufferOffsets[piece]!;
      const length = group.pieceLengths[piece]!;
      hash.update(buffer.subarray(start, start + length));
      rangeLength += length;
    }
    const digest = hash.digest();
    const expected = group.expectedHashes[range];
    if (expected && digest.compare(expected) !== 0) {
      throw stagedFileChanged(blobName, group.pieceFileOffsets[firstPiece]!, rangeLength);
    }
    hashes.set(digest, range * 16);
  }
  return hashes;
}
