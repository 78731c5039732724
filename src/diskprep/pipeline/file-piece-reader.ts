/**
 * Reads pieces of files into memory.
 *
 * Synchronously: opening, reading and closing a small file costs some twenty microseconds that way and several times
 * that through promises, and a drive may hold millions of them.
 */
import { fstatSync, openSync, readvSync } from "node:fs";
import { errorMessageOf } from "../../shared/error-message.js";
import { systemErrorCode } from "../../shared/room-error.js";
import { createReadPath, type ReadPath } from "./read-path.js";
import type { FilePieceFailure, FilePieces } from "./volume-task.js";

/** Most buffers that one system call fills, the limit of Linux. */
const maximumBuffersInCall = 1024;

/** Reads pieces and keeps the last file open, because the next group probably continues it. */
export interface FilePieceReader {
  /**
   * Fills the pieces' places in `slot`. A file's length is checked when it is opened.
   *
   * @returns why a piece could not be had; undefined when all could
   */
  read(pieces: FilePieces, slot: Uint8Array): FilePieceFailure | undefined;
  /** Closes the file. May be repeated. */
  close(): void;
}

/** A reader with no file open. */
export function createFilePieceReader(): FilePieceReader {
  let openPath: string | undefined;
  let descriptor = -1;
  let readPath: ReadPath | undefined;

  const close = (): void => {
    openPath = undefined;
    readPath?.close();
    readPath = undefined;
  };

  /** The length of the file when it was opened anew and is not the expected one. */
  const open = (path: string, expectedLength: number): number | undefined => {
    if (path === openPath) return undefined;
    close();
    descriptor = openSync(path, "r");
    readPath = createReadPath(path, descriptor, { fileLengthInBytes: expectedLength });
    openPath = path;
    if (expectedLength < 0) return undefined;
    const { size } = fstatSync(descriptor);
    return size === expectedLength ? undefined : size;
  };

  /** Fills buffers with consecutive bytes; how many there were. */
  const fill = (buffers: readonly Uint8Array[], fileOffset: number, lengthInBytes: number): number => {
    if (buffers.length > 1) {
      const count = readvSync(descriptor, buffers, fileOffset);
      if (count === lengthInBytes) return count;
    }
    let done = 0;
    for (const buffer of buffers) {
      for (let position = 0; position < buffer.length; ) {
        const count = readPath!.read(buffer.subarray(position), fileOffset + done);
        if (count === 0) return done;
        position += count;
        done += count;
      }
    }
    return done;
  };

  return {
    read(pieces, slot) {
      const { paths, pathLengths, pathNumbers, fileOffsets, slotOffsets, lengths } = pieces;
      for (let piece = 0; piece < pathNumbers.length; ) {
        const pathNumber = pathNumbers[piece]!;
        const first = piece;
        try {
          const otherLength = open(paths[pathNumber]!, pathLengths[pathNumber]!);
          if (otherLength !== undefined) {
            return { kind: "length-differs", piece, actualLengthInBytes: otherLength };
          }
          const start = fileOffsets[piece]!;
          const buffers: Uint8Array[] = [];
          let runLength = 0;
          // Small files of a pack follow each other in it and only their places on the drive have gaps.
          let bufferStart = slotOffsets[piece]!;
          let bufferEnd = bufferStart;
          do {
            const target = slotOffsets[piece]!;
            if (target !== bufferEnd) {
              buffers.push(slot.subarray(bufferStart, bufferEnd));
              bufferStart = target;
            }
            bufferEnd = target + lengths[piece]!;
            runLength += lengths[piece]!;
            piece += 1;
          } while (
            buffers.length < maximumBuffersInCall - 1 &&
            pathNumbers[piece] === pathNumber &&
            fileOffsets[piece] === start + runLength
          );
          buffers.push(slot.subarray(bufferStart, bufferEnd));
          const count = fill(buffers, start, runLength);
          if (count < runLength) {
            close();
            return { kind: "length-differs", piece: first, actualLengthInBytes: start + count };
          }
          if (start + runLength === pathLengths[pathNumber]) close();
        } catch (error) {
          close();
          return {
            kind: "unreadable",
            piece: first,
            systemCode: systemErrorCode(error),
            message: errorMessageOf(error),
          };
        }
      }
      return undefined;
    },
    close,
  };
}
