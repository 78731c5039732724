/** Limits of the Blob service and of the drive manifest for one blob, checked while data streams in. */
import { StagingError } from "./errors.js";
import type { SeedBlobHeaders, SeedBlobKind } from "./seed-catalog.js";

const mebibyte = 1024 * 1024;

/** Length of a range unless the blob is too long for it. */
export const defaultRangeSizeInBytes: number = 4 * mebibyte;
/** Longest block the service takes in one piece. */
export const maximumBlockSizeInBytes: number = 100 * mebibyte;
/** Blocks of one block blob. */
export const maximumBlocks = 50_000;
/** Longest page blob. */
export const maximumPageBlobSizeInBytes: number = 8 * 1024 * 1024 * mebibyte;
/** Page blobs are multiples of this. */
export const pageSizeInBytes = 512;

const metadataName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const maximumMetadataBytes = 8 * 1024;

/** The longest content that ranges of this size can describe. */
export function maximumBlobSize(kind: SeedBlobKind, rangeSizeInBytes: number): number {
  return kind === "page" ? maximumPageBlobSizeInBytes : maximumBlocks * rangeSizeInBytes;
}

/** The usual range size, or the smallest multiple of it that lets a block blob of this length have at most 50,000 blocks. */
export function rangeSizeFor(kind: SeedBlobKind, lengthInBytes: number | undefined): number {
  if (kind === "page" || lengthInBytes === undefined) return defaultRangeSizeInBytes;
  const units = Math.ceil(lengthInBytes / (maximumBlocks * defaultRangeSizeInBytes));
  return Math.min(maximumBlockSizeInBytes, Math.max(1, units) * defaultRangeSizeInBytes);
}

/** @throws StagingError `option-invalid` */
export function checkRangeSize(kind: SeedBlobKind, rangeSizeInBytes: number): void {
  const maximum = kind === "page" ? defaultRangeSizeInBytes : maximumBlockSizeInBytes;
  const valid =
    Number.isSafeInteger(rangeSizeInBytes) &&
    rangeSizeInBytes >= pageSizeInBytes &&
    rangeSizeInBytes <= maximum &&
    rangeSizeInBytes % pageSizeInBytes === 0;
  if (!valid) {
    throw new StagingError(
      "option-invalid",
      `rangeSizeInBytes is ${rangeSizeInBytes}; for a ${kind} blob it must be a multiple of 512 from 512 to ${maximum}.`,
    );
  }
}

/** @throws StagingError `blob-too-large` */
export function checkBlobSize(
  name: string,
  kind: SeedBlobKind,
  rangeSizeInBytes: number,
  lengthInBytes: number,
): void {
  const maximum = maximumBlobSize(kind, rangeSizeInBytes);
  if (lengthInBytes <= maximum) return;
  const cure =
    kind === "block" && rangeSizeInBytes < maximumBlockSizeInBytes
      ? "Give lengthInBytes beforehand or a larger rangeSizeInBytes (up to 104857600)."
      : "Split it into several blobs.";
  throw new StagingError(
    "blob-too-large",
    `Blob '${name}' is longer than ${maximum} bytes, the limit of a ${kind} blob with ranges of ${rangeSizeInBytes} bytes. ${cure}`,
    { details: { name, maximumInBytes: maximum } },
  );
}

/** @throws StagingError `blob-properties-invalid` */
export function checkBlobProperties(
  name: string,
  headers: SeedBlobHeaders,
  metadata: Readonly<Record<string, string>>,
): void {
  const fail = (problem: string): never => {
    throw new StagingError("blob-properties-invalid", `Blob '${name}': ${problem}`, { details: { name } });
  };
  for (const [header, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    if (typeof value !== "string" || value.length > 1024 || /[^\u0020-\u007e]/.test(value)) {
      fail(`the header ${header} must be printable ASCII of at most 1024 characters.`);
    }
  }
  let size = 0;
  const names = new Set<string>();
  for (const [key, value] of Object.entries(metadata)) {
    if (!metadataName.test(key)) {
      fail(`'${key}' is no metadata name; use letters, digits and underscores, not beginning with a digit.`);
    }
    if (names.has(key.toLowerCase())) fail(`the metadata name '${key}' appears twice (case does not count).`);
    names.add(key.toLowerCase());
    if (typeof value !== "string" || /[^\u0020-\u007e]/.test(value)) {
      fail(
        `the metadata value of '${key}' must be printable ASCII; encode it, for example with encodeURIComponent().`,
      );
    }
    size += key.length + value.length;
  }
  if (size > maximumMetadataBytes)
    fail(`its metadata has ${size} bytes, the service allows ${maximumMetadataBytes}.`);
}
