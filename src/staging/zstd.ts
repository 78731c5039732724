/**
 * zstd (RFC 8878): Node's own where it has one (22.15, 23.8 and later), else the optional package `@foxglove/wasm-zstd`. Content is a
 * sequence of frames that each say how long they unpack, so that both can be undone piece by piece with bounded memory.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import * as zlib from "node:zlib";
import { zstdIsBuiltIn } from "./compression-choice.js";
import { StagingError } from "./errors.js";

interface NodeZstd {
  readonly zstdCompress?: (
    bytes: Uint8Array,
    options: object,
    done: (error: unknown, result: Buffer) => void,
  ) => void;
  readonly zstdDecompress?: (
    bytes: Uint8Array,
    options: object,
    done: (error: unknown, result: Buffer) => void,
  ) => void;
  readonly constants: Readonly<Record<string, number>>;
}

interface WasmZstd {
  readonly isLoaded: Promise<boolean>;
  compress(bytes: Uint8Array, level: number): Uint8Array;
  decompress(bytes: Uint8Array, sizeInBytes: number): Uint8Array;
}

const nodeZstd = zlib as unknown as NodeZstd;
const pieceSizeInBytes = 4 * 1024 * 1024;
const maximumFrameContentInBytes = 64 * 1024 * 1024;
const zstdPackage = "@foxglove/wasm-zstd";
const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;

/** Compresses bytes into frames of at most 4 MiB of content. @throws StagingError `compression-unavailable` */
export async function compressZstd(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  const frames: Uint8Array[] = [];
  for (let start = 0; start === 0 || start < bytes.length; start += pieceSizeInBytes) {
    const piece = bytes.subarray(start, start + pieceSizeInBytes);
    if (zstdIsBuiltIn) {
      const levelParameter = nodeZstd.constants["ZSTD_c_compressionLevel"]!;
      frames.push(
        await call(nodeZstd.zstdCompress!, piece, {
          params: { [levelParameter]: level },
          pledgedSrcSize: piece.length,
        }),
      );
    } else {
      // The result lies in the module's own memory, which the next call reuses.
      frames.push(Uint8Array.from((await loadWasm()).compress(piece, level)));
    }
  }
  return frames.length === 1 ? frames[0]! : Buffer.concat(frames);
}

/** Undoes {@link compressZstd}, frame by frame. Damage is thrown with code `zstd`. */
export async function* decompressZstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    pending = Buffer.concat([pending, chunk]);
    for (let frame = frameIn(pending); frame !== undefined; frame = frameIn(pending)) {
      if (frame.contentSizeInBytes > 0)
        yield await decompressFrame(pending.subarray(0, frame.lengthInBytes), frame);
      pending = pending.subarray(frame.lengthInBytes);
    }
    if (pending.length > maximumFrameContentInBytes * 2) throw damage("a frame has no end");
  }
  if (pending.length > 0) throw damage("the last frame is cut off");
}

interface Frame {
  readonly lengthInBytes: number;
  readonly contentSizeInBytes: number;
}

async function decompressFrame(bytes: Uint8Array, frame: Frame): Promise<Uint8Array> {
  let content: Uint8Array;
  try {
    content = zstdIsBuiltIn
      ? await call(nodeZstd.zstdDecompress!, bytes, { maxOutputLength: frame.contentSizeInBytes })
      : Uint8Array.from((await loadWasm()).decompress(bytes, frame.contentSizeInBytes));
  } catch (error) {
    if ((error as { code?: unknown } | undefined)?.code === "compression-unavailable") throw error;
    throw damage("a frame cannot be unpacked");
  }
  if (content.length !== frame.contentSizeInBytes)
    throw damage("a frame unpacks to another length than it says");
  return content;
}

/** The complete frame at the beginning of the bytes, or undefined while more bytes are needed (RFC 8878 §3.1.1). */
function frameIn(bytes: Buffer): Frame | undefined {
  if (bytes.length < 8) return undefined;
  const magic = bytes.readUInt32LE(0);
  if ((magic & 0xfffffff0) >>> 0 === skippableMagic) {
    const lengthInBytes = 8 + bytes.readUInt32LE(4);
    return bytes.length < lengthInBytes ? undefined : { lengthInBytes, contentSizeInBytes: 0 };
  }
  if (magic !== frameMagic) throw damage("a frame does not begin with the magic number");
  const descriptor = bytes[4]!;
  const singleSegment = (descriptor & 0x20) !== 0;
  const contentSizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  let at = 5 + (singleSegment ? 0 : 1) + dictionaryBytes;
  if (contentSizeBytes === 0) throw damage("a frame does not say how long its content is");
  if (bytes.length < at + contentSizeBytes) return undefined;
  let contentSizeInBytes: number;
  if (contentSizeBytes === 8) contentSizeInBytes = Number(bytes.readBigUInt64LE(at));
  else contentSizeInBytes = bytes.readUIntLE(at, contentSizeBytes) + (contentSizeBytes === 2 ? 256 : 0);
  if (contentSizeInBytes > maximumFrameContentInBytes)
    throw damage("a frame claims more content than is accepted");
  at += contentSizeBytes;
  for (let last = false; !last; ) {
    if (bytes.length < at + 3) return undefined;
    const header = bytes.readUIntLE(at, 3);
    last = (header & 1) === 1;
    const type = (header >> 1) & 3;
    if (type === 3) throw damage("a block has a reserved type");
    at += 3 + (type === 1 ? 1 : header >> 3);
  }
  if ((descriptor & 4) !== 0) at += 4;
  return bytes.length < at ? undefined : { lengthInBytes: at, contentSizeInBytes };
}

function damage(problem: string): Error {
  return Object.assign(new Error(problem), { code: "zstd" });
}

/**
 * Where threads find the package that compresses zstd: they run a text that lies in no folder.
 *
 * @throws StagingError `compression-unavailable`
 */
export function zstdPackagePath(): string {
  try {
    // The CommonJS build has no import.meta, the ES module build no __filename.
    const here = (import.meta.url as string | undefined) ?? pathToFileURL(__filename).href;
    return createRequire(here).resolve(zstdPackage);
  } catch (error) {
    throw zstdMissing(error);
  }
}

function zstdMissing(cause: unknown): StagingError {
  return new StagingError(
    "compression-unavailable",
    `zstd needs Node 22.15 or later, or the package '${zstdPackage}' beside this one (npm install ${zstdPackage}). Or use brotli.`,
    { cause },
  );
}

async function loadWasm(): Promise<WasmZstd> {
  let loaded: (Partial<WasmZstd> & { readonly default?: WasmZstd }) | undefined;
  try {
    loaded = (await import("@foxglove/wasm-zstd")) as unknown as typeof loaded;
  } catch (error) {
    throw zstdMissing(error);
  }
  const wasm = loaded?.default ?? (loaded as WasmZstd);
  await wasm.isLoaded;
  return wasm;
}

function call(
  operation: (bytes: Uint8Array, options: object, done: (error: unknown, result: Buffer) => void) => void,
  bytes: Uint8Array,
  options: object,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    operation(bytes, options, (error, result) => {
      if (error) reject(error as Error);
      else resolve(result);
    });
  });
}
