/**
 * Compression of blobs in formats that HTTP knows (RFC 9110 §8.4.1 gzip, RFC 7932 brotli, RFC 8878 zstd), so that any client that
 * honours `Content-Encoding` gets the original bytes back.
 */
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { brotliOptions, isWorthwhile, type ResolvedCompression } from "./compression-choice.js";
import { StagingError } from "./errors.js";
import { compressZstd, decompressZstd } from "./zstd.js";

const sampleSizeInBytes = 256 * 1024;

const gzipAsync = promisify(zlib.gzip);
const brotliAsync: (bytes: Uint8Array, options: zlib.BrotliOptions) => Promise<Buffer> = promisify(
  zlib.brotliCompress,
);

/** Compresses bytes in memory, outside this thread where the method allows it. */
export async function compressBytes(
  bytes: Uint8Array,
  compression: ResolvedCompression,
): Promise<Uint8Array> {
  switch (compression.method) {
    case "gzip":
      return gzipAsync(bytes, { level: compression.level });
    case "brotli":
      return brotliAsync(bytes, brotliOptions(compression.level, bytes.length));
    case "zstd":
      return compressZstd(bytes, compression.level);
  }
}

/** Whether the beginning of a long content promises that compressing all of it is worthwhile. */
export async function sampleIsWorthwhile(
  head: Uint8Array,
  compression: ResolvedCompression,
): Promise<boolean> {
  if (!compression.onlyWhenSmaller) return true;
  const sample = head.subarray(0, sampleSizeInBytes);
  return isWorthwhile(compression, sample.length, (await compressBytes(sample, compression)).length);
}

/** Compresses a stream of chunks. */
export async function* compressChunks(
  chunks: AsyncIterable<Uint8Array>,
  compression: ResolvedCompression,
): AsyncGenerator<Uint8Array> {
  if (compression.method === "zstd") {
    // One frame per few mebibytes: frames may follow each other, and each can be unpacked with little memory.
    for await (const piece of regrouped(chunks)) yield await compressZstd(piece, compression.level);
    return;
  }
  yield* throughTransform(
    chunks,
    compression.method === "gzip"
      ? zlib.createGzip({ level: compression.level })
      : zlib.createBrotliCompress(brotliOptions(compression.level)),
  );
}

/**
 * Undoes a `Content-Encoding`.
 *
 * @throws StagingError `content-damaged` when the bytes are not what the encoding says; `compression-unavailable`
 */
export async function* decompressChunks(
  chunks: AsyncIterable<Uint8Array>,
  contentEncoding: string,
  name: string,
): AsyncGenerator<Uint8Array> {
  try {
    switch (contentEncoding.toLowerCase()) {
      case "gzip":
      case "x-gzip":
        yield* throughTransform(chunks, zlib.createGunzip());
        break;
      case "br":
        yield* throughTransform(chunks, zlib.createBrotliDecompress());
        break;
      case "zstd":
        yield* decompressZstd(chunks);
        break;
      default:
        throw new StagingError(
          "compression-unavailable",
          `Blob '${name}' has the content encoding '${contentEncoding}', which cannot be undone here (gzip, br and zstd can).`,
          { details: { name } },
        );
    }
  } catch (error) {
    const code = (error as { code?: unknown } | undefined)?.code;
    if (
      typeof code === "string" &&
      (/^(Z_|ERR__ERROR_|ERR_ZSTD|ERR_BROTLI|ERR_PADDING)/.test(code) || code === "zstd")
    ) {
      throw new StagingError(
        "content-damaged",
        `Blob '${name}' does not hold valid ${contentEncoding} data (${code}). Restore it from another copy.`,
        { cause: error, details: { name } },
      );
    }
    throw error;
  }
}

/** Whether this program can undo a `Content-Encoding`. */
export function canDecompress(contentEncoding: string): boolean {
  return ["gzip", "x-gzip", "br", "zstd"].includes(contentEncoding.toLowerCase());
}

async function* throughTransform(
  chunks: AsyncIterable<Uint8Array>,
  transform: zlib.Gzip | zlib.BrotliCompress,
): AsyncGenerator<Uint8Array> {
  let failure: { readonly error: unknown } | undefined;
  const feeding = (async () => {
    try {
      for await (const chunk of chunks) {
        if (transform.destroyed) return;
        // The transform reads the chunk after this call returns, while the source may use its buffer again.
        if (!transform.write(Uint8Array.prototype.slice.call(chunk))) {
          await new Promise<void>((resolve) => {
            const done = (): void => {
              transform.off("drain", done);
              transform.off("close", done);
              resolve();
            };
            transform.on("drain", done);
            transform.on("close", done);
          });
        }
      }
      transform.end();
    } catch (error) {
      failure = { error };
      transform.destroy();
    }
  })();
  try {
    for await (const piece of transform) yield piece as Uint8Array;
  } catch (error) {
    await feeding;
    throw failure === undefined ? error : (failure as { readonly error: unknown }).error;
  } finally {
    transform.destroy();
    await feeding;
  }
  if (failure !== undefined) throw (failure as { readonly error: unknown }).error;
}

const regroupedSizeInBytes = 4 * 1024 * 1024;

/** The same bytes in pieces of a fixed size, the last one shorter. */
async function* regrouped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let buffer = Buffer.allocUnsafe(regroupedSizeInBytes);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; ) {
      const count = Math.min(chunk.length - start, buffer.length - filled);
      buffer.set(chunk.subarray(start, start + count), filled);
      filled += count;
      start += count;
      if (filled === buffer.length) {
        yield buffer;
        buffer = Buffer.allocUnsafe(regroupedSizeInBytes);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}
