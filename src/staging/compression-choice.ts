/** Ways to compress, and what they are called in headers. Nothing here compresses, so that threads can use it too. */
import * as zlib from "node:zlib";
import { StagingError } from "./errors.js";

/** Whether this version of Node compresses zstd itself. */
export const zstdIsBuiltIn: boolean = "zstdCompressSync" in zlib;

/** A way to compress. */
export type CompressionMethod = "gzip" | "brotli" | "zstd";

/** A way to compress with its strength. */
export interface SeedCompression {
  readonly method: CompressionMethod;
  /** gzip 1 to 9, brotli 0 to 11, zstd 1 to 19. Default: 1, the fastest that compresses well. */
  readonly level?: number;
  /** Stage the bytes as they are when compression saves less than 5 %. Default: false; true for `"auto"`. */
  readonly onlyWhenSmaller?: boolean;
}

/**
 * What callers choose. `"auto"` is zstd where this version of Node has it, else brotli, and leaves alone what does not shrink.
 */
export type CompressionOption = "none" | "auto" | CompressionMethod | SeedCompression;

/** A choice with all defaults filled in. */
export type ResolvedCompression = Required<SeedCompression>;

/** Metadata with the length before compression. */
export const rawLengthMetadataName = "raw_length";

const encodings: Readonly<Record<CompressionMethod, string>> = { gzip: "gzip", brotli: "br", zstd: "zstd" };
const levels: Readonly<Record<CompressionMethod, readonly [number, number]>> = {
  gzip: [1, 9],
  brotli: [0, 11],
  zstd: [1, 19],
};
const worthwhileRatio = 0.95;

/** @throws StagingError `option-invalid` */
export function resolveCompression(option: CompressionOption | undefined): ResolvedCompression | undefined {
  if (option === undefined || option === "none") return undefined;
  const chosen: SeedCompression =
    option === "auto"
      ? { method: zstdIsBuiltIn ? "zstd" : "brotli", onlyWhenSmaller: true }
      : typeof option === "string"
        ? { method: option }
        : option;
  const range = levels[chosen.method];
  const level = chosen.level ?? 1;
  if (range === undefined || !Number.isInteger(level) || level < range[0] || level > range[1]) {
    throw new StagingError(
      "option-invalid",
      `The compression ${JSON.stringify(option)} is not known. Use "none", "auto", or gzip (1-9), brotli (0-11), zstd (1-19).`,
    );
  }
  return { method: chosen.method, level, onlyWhenSmaller: chosen.onlyWhenSmaller ?? false };
}

/** The `Content-Encoding` of a method. */
export function contentEncodingOf(method: CompressionMethod): string {
  return encodings[method];
}

/** Whether compressed bytes are worth the reader's work. */
export function isWorthwhile(
  compression: ResolvedCompression,
  rawLengthInBytes: number,
  compressedLengthInBytes: number,
): boolean {
  return !compression.onlyWhenSmaller || compressedLengthInBytes <= rawLengthInBytes * worthwhileRatio;
}

/** Options of Node's brotli. */
export function brotliOptions(level: number, sizeHint = 0): zlib.BrotliOptions {
  return {
    params: {
      [zlib.constants.BROTLI_PARAM_QUALITY]: level,
      [zlib.constants.BROTLI_PARAM_SIZE_HINT]: sizeHint,
    },
  };
}
