/** Where the content of a blob comes from, in one shape. */
import { read as readCallback } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { errorMessageOf, hasErrorName, systemErrorCode } from "../shared/index.js";
import { readFully } from "./catalog-groups.js";
import { isStagingError, StagingError } from "./errors.js";

const readFile = promisify(readCallback);

/** A file of this computer. It is read once, and refused when it changes meanwhile. */
export interface FileBlobSource {
  readonly file: string;
}

/**
 * Content of a blob: bytes in memory, anything that yields byte chunks (Node streams, web streams, generators), or a file.
 * A chunk is not used any more once the next one is asked for.
 */
export type BlobSource = Uint8Array | AsyncIterable<Uint8Array> | FileBlobSource;

/** An opened source. */
export interface OpenedBlobSource {
  /** Known for bytes and files. */
  readonly lengthInBytes: number | undefined;
  /** Known for files. */
  readonly modifiedAtInMs: number | undefined;
  /** The whole content when it is in memory already. */
  readonly bytes: Uint8Array | undefined;
  chunks(): AsyncIterable<Uint8Array>;
  /** Only for files, instead of `chunks`: reads the next bytes; fewer than asked for only at the end. */
  readonly fill: ((target: Uint8Array) => Promise<number>) | undefined;
  /** @throws StagingError `source-changed` when a file is not what it was at opening */
  checkUnchanged(bytesRead: number): Promise<void>;
  /** May be repeated. */
  close(): Promise<void>;
}

const readSizeInBytes = 1024 * 1024;

/**
 * Opens a source.
 *
 * @throws StagingError `source-invalid`, `source-unreadable`
 */
export async function openBlobSource(source: BlobSource, name: string): Promise<OpenedBlobSource> {
  if (ArrayBuffer.isView(source)) return openBytes(source);
  if (typeof source === "object" && source !== null) {
    if (Symbol.asyncIterator in source) return openChunks(source, name);
    if ("file" in source && typeof source.file === "string") return openFile(source.file);
  }
  throw new StagingError(
    "source-invalid",
    `The source of blob '${name}' is of a kind that cannot be read. Give a Uint8Array, a stream or async iterable of Uint8Array chunks, or { file: path }.`,
    { details: { name } },
  );
}

function openBytes(bytes: Uint8Array): OpenedBlobSource {
  return {
    lengthInBytes: bytes.byteLength,
    modifiedAtInMs: undefined,
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    fill: undefined,
    async *chunks() {
      yield new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    checkUnchanged: async () => undefined,
    close: async () => undefined,
  };
}

function openChunks(source: AsyncIterable<Uint8Array>, name: string): OpenedBlobSource {
  return {
    lengthInBytes: undefined,
    modifiedAtInMs: undefined,
    bytes: undefined,
    fill: undefined,
    async *chunks() {
      try {
        for await (const chunk of source) {
          if (!ArrayBuffer.isView(chunk)) {
            throw new StagingError(
              "source-invalid",
              `The source of blob '${name}' yielded a ${typeof chunk} instead of bytes. Do not set an encoding on the stream.`,
              { details: { name } },
            );
          }
          yield chunk;
        }
      } catch (error) {
        if (isStagingError(error) || hasErrorName(error, "AbortError")) throw error;
        throw new StagingError(
          "source-unreadable",
          `Reading the source of blob '${name}' failed: ${errorMessageOf(error)}. The blob was not staged; the seed is intact.`,
          { cause: error, details: { name, systemCode: systemErrorCode(error) } },
        );
      }
    },
    checkUnchanged: async () => undefined,
    close: async () => undefined,
  };
}

async function openFile(path: string): Promise<OpenedBlobSource> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    const opened = handle;
    const before = await opened.stat();
    if (!before.isFile()) {
      throw new StagingError("source-invalid", `'${path}' is no regular file, so it cannot be a blob.`, {
        details: { path },
      });
    }
    let closed = false;
    let position = 0;
    return {
      lengthInBytes: before.size,
      modifiedAtInMs: Math.floor(before.mtimeMs),
      bytes: undefined,
      chunks: () => fileChunks(opened, path, before.size),
      async fill(target) {
        try {
          const count = await readFully(opened, target, position);
          position += count;
          return count;
        } catch (error) {
          throw unreadable(path, error);
        }
      },
      async checkUnchanged(bytesRead) {
        const after = await opened.stat();
        const same =
          bytesRead === before.size &&
          after.size === before.size &&
          after.mtimeMs === before.mtimeMs &&
          after.ctimeMs === before.ctimeMs;
        if (same) return;
        throw new StagingError(
          "source-changed",
          `'${path}' changed while it was read. Stage it from a snapshot, or again when nothing writes to it.`,
          { details: { path } },
        );
      },
      async close() {
        if (closed) return;
        closed = true;
        await opened.close();
      },
    };
  } catch (error) {
    await handle?.close();
    throw unreadable(path, error);
  }
}

/** Reads ahead by one chunk, so that the disk works while the chunk before is hashed and written. */
async function* fileChunks(
  handle: FileHandle,
  path: string,
  sizeInBytes: number,
): AsyncGenerator<Uint8Array> {
  // One byte more than expected, so that a file that grew is noticed.
  const bufferSize = Math.min(readSizeInBytes, sizeInBytes + 1);
  const buffers = [
    Buffer.allocUnsafe(bufferSize),
    sizeInBytes < bufferSize ? undefined : Buffer.allocUnsafe(bufferSize),
  ];
  let position = 0;
  const readNext = async (buffer: Buffer): Promise<Uint8Array> => {
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await readFile(handle.fd, buffer, filled, buffer.length - filled, position);
      if (bytesRead === 0) break;
      filled += bytesRead;
      position += bytesRead;
    }
    return buffer.subarray(0, filled);
  };
  let pending: Promise<Uint8Array> | undefined = readNext(buffers[0]!);
  try {
    for (let turn = 1; pending !== undefined; turn += 1) {
      const chunk: Uint8Array = await pending;
      pending = chunk.length < bufferSize ? undefined : readNext(buffers[turn % 2] ?? buffers[0]!);
      if (chunk.length > 0) yield chunk;
    }
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    // Nothing may read into the buffers or from the handle once the caller has stopped.
    await pending?.catch(() => undefined);
  }
}

/** The error for a source file that cannot be read; room errors pass through. */
export function unreadable(path: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (isStagingError(error) || code === undefined) return error;
  return new StagingError(
    "source-unreadable",
    `'${path}' cannot be read (${code}). Check that it still exists and that this account may read it.`,
    { cause: error, details: { path, systemCode: code } },
  );
}
