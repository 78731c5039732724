/**
 * Threads that do the heavy part of staging a tree: system calls on small files, MD5 and compression. One message carries hundreds
 * of files, so that the cost of a message does not matter.
 */
import type { ResolvedCompression } from "./compression.js";
import { type ProgramThread, startProgramThread } from "./program-thread.js";

/** The threads' program. It calls the file system synchronously: on small files that is several times cheaper than being called back. */
const workerProgram = `
const { closeSync, fstatSync, openSync, readSync, statSync } = require("node:fs");
const { createHash, hash } = require("node:crypto");
const zlib = require("node:zlib");

const md5 = (bytes) => typeof hash === "function" ? hash("md5", bytes, "buffer") : createHash("md5").update(bytes).digest();

function compress(bytes, { method, level }) {
  switch (method) {
    case "gzip": return zlib.gzipSync(bytes, { level });
    case "brotli": return zlib.brotliCompressSync(bytes, { params: {
      [zlib.constants.BROTLI_PARAM_QUALITY]: level, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
    case "zstd": {
      const frames = [];
      for (let start = 0; start === 0 || start < bytes.length; start += 4194304) {
        const piece = bytes.subarray(start, start + 4194304);
        frames.push(zlib.zstdCompressSync(piece, {
          params: { [zlib.constants.ZSTD_c_compressionLevel]: level }, pledgedSrcSize: piece.length }));
      }
      return frames.length === 1 ? frames[0] : Buffer.concat(frames);
    }
  }
}

function worthwhile(compression, raw, compressed) {
  return !compression.onlyWhenSmaller || compressed <= raw * 0.95;
}

const operations = {
  stat({ paths }) {
    const count = paths.length;
    const sizes = new Float64Array(count), times = new Float64Array(count), modes = new Uint32Array(count);
    const links = new Array(count).fill(""), errors = new Array(count).fill("");
    for (let at = 0; at < count; at++) {
      try {
        const stats = statSync(paths[at]);
        if (!stats.isFile()) throw Object.assign(new Error(), { code: "ENOENT" });
        sizes[at] = stats.size; times[at] = stats.mtimeMs; modes[at] = stats.mode;
        if (stats.nlink > 1) links[at] = stats.dev + ":" + stats.ino;
      } catch (error) { errors[at] = error.code || "UNKNOWN"; }
    }
    return [{ sizes, times, modes, links, errors }, [sizes.buffer, times.buffer, modes.buffer]];
  },

  // Reads each file to its place in the buffer. A file that is not as it was at stat is marked, not read again.
  read({ paths, offsets, sizes, times, buffer, hashes, compression }) {
    const count = paths.length, bytes = new Uint8Array(buffer);
    const valid = new Uint8Array(count);
    const digests = hashes ? new Uint8Array(16 * count) : undefined;
    const parts = compression ? new Array(count) : undefined;
    for (let at = 0; at < count; at++) {
      const size = sizes[at], start = offsets[at];
      let file;
      try {
        file = openSync(paths[at], "r");
        let done = 0;
        while (done < size) {
          const read = readSync(file, bytes, start + done, size - done, null);
          if (read === 0) break;
          done += read;
        }
        const stats = fstatSync(file);
        if (done !== size || stats.size !== size || stats.mtimeMs !== times[at]) continue;
        valid[at] = 1;
        let content = bytes.subarray(start, start + size);
        if (compression && size > 0) {
          const packed = compress(content, compression);
          if (worthwhile(compression, size, packed.length)) { parts[at] = packed; content = packed; }
        }
        if (digests) digests.set(md5(content), 16 * at);
      } catch {
        // The caller reads the file again by itself and reports what is wrong with it.
      } finally {
        if (file !== undefined) closeSync(file);
      }
    }
    const reply = { buffer, valid, digests, parts };
    const transfer = [buffer, valid.buffer];
    if (digests) transfer.push(digests.buffer);
    return [reply, transfer];
  },

  // Compresses and hashes a blob that was put together in memory.
  encode({ buffer, length, compression, rangeSize }) {
    const raw = new Uint8Array(buffer, 0, length);
    let content = raw;
    if (compression) {
      const packed = compress(raw, compression);
      if (worthwhile(compression, length, packed.length)) content = packed;
    }
    const ranges = Math.ceil(content.length / rangeSize);
    const rangeHashes = new Uint8Array(16 * ranges);
    for (let range = 0; range < ranges; range++) {
      rangeHashes.set(md5(content.subarray(range * rangeSize, (range + 1) * rangeSize)), 16 * range);
    }
    const whole = Uint8Array.from(ranges === 1 ? rangeHashes : md5(content));
    return [{ buffer, encoded: content === raw ? undefined : content, whole, rangeHashes }, [buffer]];
  },
};
`;

/** Facts of some files, one position a file. */
export interface StatReply {
  readonly sizes: Float64Array;
  readonly times: Float64Array;
  readonly modes: Uint32Array;
  /** Device and inode of files with several names, else empty. */
  readonly links: readonly string[];
  /** Code of the failed system call, else empty. */
  readonly errors: readonly string[];
}

/** What to read where. */
export interface ReadInput {
  readonly paths: readonly string[];
  readonly offsets: Float64Array;
  readonly sizes: Float64Array;
  readonly times: Float64Array;
  /** Handed over; comes back in the reply. */
  readonly buffer: ArrayBuffer;
  readonly hashes: boolean;
  readonly compression: ResolvedCompression | undefined;
}

/** What was read. */
export interface ReadReply {
  readonly buffer: ArrayBuffer;
  /** 1 for files that were read and are unchanged. */
  readonly valid: Uint8Array;
  /** MD5 of what is to be staged, 16 bytes a file. */
  readonly digests: Uint8Array | undefined;
  /** Compressed contents where compression was worthwhile. */
  readonly parts: readonly (Uint8Array | undefined)[] | undefined;
}

/** A blob in memory. */
export interface EncodeInput {
  /** Handed over; comes back in the reply. */
  readonly buffer: ArrayBuffer;
  readonly length: number;
  readonly compression: ResolvedCompression | undefined;
  readonly rangeSize: number;
}

/** The blob as it is to be staged. */
export interface EncodeReply {
  readonly buffer: ArrayBuffer;
  /** Undefined when the bytes in the buffer are to be staged as they are. */
  readonly encoded: Uint8Array | undefined;
  readonly whole: Uint8Array;
  readonly rangeHashes: Uint8Array;
}

/** A few threads. */
export interface TreeWorkers {
  stat(paths: readonly string[]): Promise<StatReply>;
  read(input: ReadInput): Promise<ReadReply>;
  encode(input: EncodeInput): Promise<EncodeReply>;
  /** Stops the threads; waiting calls are rejected. */
  close(): Promise<void>;
}

/** Starts threads. */
export function startTreeWorkers(count: number): TreeWorkers {
  const threads = Array.from({ length: count }, () => startProgramThread(workerProgram));
  const leastBusy = (): ProgramThread =>
    threads.reduce((least, other) => (other.waiting < least.waiting ? other : least));
  return {
    stat: (paths) => leastBusy().call("stat", { paths }),
    read: (input) => leastBusy().call("read", input, [input.buffer]),
    encode: (input) => leastBusy().call("encode", input, [input.buffer]),
    async close() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}
