/** MD5 of every range and of the whole content in one pass. */
import { createHash, type Hash } from "node:crypto";
import type { SeedBlobRange } from "./seed-catalog.js";

/** Bytes of one MD5. */
export const rangeHashSizeInBytes = 16;

/** What a finished pass found. */
export interface ContentHashes {
  readonly lengthInBytes: number;
  /** 32 lower-case hexadecimal digits. */
  readonly md5: string;
  /** 16 bytes a range; empty for an empty content. */
  readonly rangeHashes: Uint8Array;
  /** The stretches that hold data, ascending, not touching. */
  readonly stretches: readonly SeedBlobRange[];
}

/** Takes content in order. */
export interface ContentHasher {
  readonly lengthInBytes: number;
  /** The next bytes are data. */
  append(bytes: Uint8Array): void;
  /** The next bytes are zeros that belong to no range. */
  skip(zeros: Uint8Array): void;
  finish(): ContentHashes;
}

/** Which hashes are wanted; the others are left empty. */
export type HashedParts = "both" | "whole" | "ranges";

/** Creates a hasher for ranges of one size; each stretch of data is cut into ranges from its own start. */
export function createContentHasher(rangeSizeInBytes: number, parts: HashedParts = "both"): ContentHasher {
  const whole = createHash("md5");
  const rangeHashes: Uint8Array[] = [];
  const stretches: { offsetInBytes: number; lengthInBytes: number }[] = [];
  let range: Hash | undefined;
  let rangeLength = 0;
  let inStretch = false;
  let length = 0;
  // While the first range starts the content, the hash of the whole is also the hash of the range: hash those bytes once.
  let wholeIsRange = parts === "both";

  const endRange = (): void => {
    if (rangeLength === 0 || parts === "whole") return;
    rangeHashes.push(wholeIsRange ? whole.copy().digest() : range!.digest());
    wholeIsRange = false;
    range = undefined;
    rangeLength = 0;
  };

  return {
    get lengthInBytes() {
      return length;
    },
    append(bytes) {
      if (bytes.length === 0) return;
      if (!inStretch) {
        stretches.push({ offsetInBytes: length, lengthInBytes: 0 });
        inStretch = true;
      }
      stretches.at(-1)!.lengthInBytes += bytes.length;
      length += bytes.length;
      if (parts === "whole") {
        whole.update(bytes);
        return;
      }
      for (let start = 0; start < bytes.length; ) {
        const end = Math.min(bytes.length, start + rangeSizeInBytes - rangeLength);
        const piece = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
        if (parts === "both") whole.update(piece);
        if (!wholeIsRange) {
          range ??= createHash("md5");
          range.update(piece);
        }
        rangeLength += piece.length;
        start = end;
        if (rangeLength === rangeSizeInBytes) endRange();
      }
    },
    skip(zeros) {
      if (zeros.length === 0) return;
      endRange();
      inStretch = false;
      wholeIsRange = false;
      if (parts !== "ranges") whole.update(zeros);
      length += zeros.length;
    },
    finish() {
      endRange();
      return {
        lengthInBytes: length,
        md5: parts === "ranges" ? "" : whole.digest("hex"),
        rangeHashes: rangeHashes.length === 1 ? rangeHashes[0]! : Buffer.concat(rangeHashes),
        stretches,
      };
    },
  };
}
