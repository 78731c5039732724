/** The right content of a blob, read range by range and checked on the way, so that nothing else is ever uploaded. */
import { createHash } from "node:crypto";
import type { AbortSignalLike } from "../../shared/index.js";
import type {
  SeedBlob,
  SeedBlobHeaders,
  SeedBlobKind,
  SeedBlobRange,
  SeedCatalog,
} from "../../staging/index.js";
import { ImportJobError } from "../import-job-error.js";
import { type ExpectedRange, openExpectedRanges } from "./expected-hashes.js";

/** A range of the right content with the MD5 (16 bytes) of its bytes. */
export interface ContentRange extends SeedBlobRange {
  readonly md5: Uint8Array;
}

/** What a blob shall be. */
export interface BlobContent {
  readonly name: string;
  readonly kind: SeedBlobKind;
  readonly lengthInBytes: number;
  readonly headers: SeedBlobHeaders;
  readonly metadata: Readonly<Record<string, string>>;
  /** MD5 of the whole, 32 lower-case hex digits; undefined when not known. */
  readonly md5: string | undefined;
  /** The ranges in ascending order, each with its hash. */
  ranges(): AsyncIterable<ContentRange>;
  /** The bytes of a range; only bytes that have the range's hash are ever returned. */
  read(range: ContentRange): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Content of a catalog's blob from the staging folder. Ranges are checked against the catalog's hashes where it has them.
 *
 * @throws StagingError `staged-file-missing`; reading: StagingError, ImportJobError `staged-content-changed`
 */
export async function openStagedContent(
  catalog: SeedCatalog,
  blob: SeedBlob,
  abortSignal: AbortSignalLike | undefined,
): Promise<BlobContent> {
  const staged = await catalog.openStagedBlob(blob);
  const { name, kind, lengthInBytes, headers, metadata, md5 } = blob;
  return {
    name,
    kind,
    lengthInBytes,
    headers,
    metadata,
    md5,
    async *ranges() {
      const expected: AsyncIterable<ExpectedRange> | undefined = await openExpectedRanges(
        catalog,
        blob,
        true,
        abortSignal,
      );
      if (expected) yield* expected;
    },
    async read(range) {
      const bytes = Buffer.alloc(range.lengthInBytes);
      await staged.read(range.offsetInBytes, bytes);
      if (createHash("md5").update(bytes).digest().equals(range.md5)) return bytes;
      throw new ImportJobError(
        "staged-content-changed",
        `The staged bytes of blob '${name}' at offset ${range.offsetInBytes} are no longer those of the catalog; the blob was not uploaded. Stage the source again.`,
        { details: { name, offsetInBytes: range.offsetInBytes } },
      );
    },
    close: () => staged.close(),
  };
}

/** Whether two stretches have bytes in common. */
export function overlaps(left: SeedBlobRange, right: SeedBlobRange): boolean {
  return (
    left.offsetInBytes < right.offsetInBytes + right.lengthInBytes &&
    right.offsetInBytes < left.offsetInBytes + left.lengthInBytes
  );
}
