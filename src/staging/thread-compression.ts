/** Compression in a thread: synchronous, because the thread has nothing else to do. */
import { createRequire } from "node:module";
import * as zlib from "node:zlib";
import { brotliOptions, type ResolvedCompression, zstdIsBuiltIn } from "./compression-choice.js";

/** Compresses bytes. */
export type ThreadCompressor = (bytes: Uint8Array) => Uint8Array;

interface NodeZstd {
  zstdCompressSync(bytes: Uint8Array, options: object): Uint8Array;
  readonly constants: Readonly<Record<string, number>>;
}

interface WasmZstd {
  readonly isLoaded: Promise<boolean>;
  compress(bytes: Uint8Array, level: number): Uint8Array;
}

/** Content of one zstd frame; readers unpack frame by frame. */
const frameContentInBytes = 4 * 1024 * 1024;

/**
 * Creates the compressor of a thread.
 *
 * @param zstdPackagePath needed for zstd where Node has none of its own
 */
export async function createThreadCompressor(
  { method, level }: ResolvedCompression,
  zstdPackagePath: string | undefined,
): Promise<ThreadCompressor> {
  switch (method) {
    case "gzip":
      return (bytes) => zlib.gzipSync(bytes, { level });
    case "brotli":
      return (bytes) => zlib.brotliCompressSync(bytes, brotliOptions(level, bytes.length));
    case "zstd": {
      if (zstdIsBuiltIn) {
        const { zstdCompressSync, constants } = zlib as unknown as NodeZstd;
        const params = { [constants["ZSTD_c_compressionLevel"]!]: level };
        return inFrames((piece) => zstdCompressSync(piece, { params, pledgedSrcSize: piece.length }));
      }
      const wasm = createRequire(zstdPackagePath!)(zstdPackagePath!) as WasmZstd;
      await wasm.isLoaded;
      // The result lies in the module's own memory, which the next call reuses.
      return inFrames((piece) => Uint8Array.from(wasm.compress(piece, level)));
    }
  }
}

function inFrames(compressFrame: ThreadCompressor): ThreadCompressor {
  return (bytes) => {
    if (bytes.length <= frameContentInBytes) return compressFrame(bytes);
    const frames: Uint8Array[] = [];
    for (let start = 0; start < bytes.length; start += frameContentInBytes) {
      frames.push(compressFrame(bytes.subarray(start, start + frameContentInBytes)));
    }
    return Buffer.concat(frames);
  };
}
