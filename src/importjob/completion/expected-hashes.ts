/** The hashes a blob should have: from the catalog, or computed from the staged bytes when hashing was left to the drive copy. */
import { createHash } from "node:crypto";
import { type AbortSignalLike, throwIfAborted } from "../../shared/index.js";
import {
  countSeedBlobRanges,
  type SeedBlob,
  type SeedBlobRange,
  type SeedCatalog,
  seedBlobRanges,
} from "../../staging/index.js";

const hashesPerRead = 4096;

/** A range with the MD5 (16 bytes) its content should have. */
export interface ExpectedRange extends SeedBlobRange {
  readonly md5: Uint8Array;
}

/**
 * The ranges of a blob with their expected hashes, ascending; undefined when nothing says what they should be.
 *
 * Reads the staging folder only when the catalog has no hashes and `mayReadStaging` is true.
 */
export async function openExpectedRanges(
  catalog: SeedCatalog,
  blob: SeedBlob,
  mayReadStaging: boolean,
  abortSignal: AbortSignalLike | undefined,
): Promise<AsyncIterable<ExpectedRange> | undefined> {
  const first = await catalog.readRangeHashes(blob, 0, Math.min(hashesPerRead, countSeedBlobRanges(blob)));
  if (first) return rangesFromCatalog(catalog, blob, first, abortSignal);
  return mayReadStaging ? rangesFromStaging(catalog, blob, abortSignal) : undefined;
}

async function* rangesFromCatalog(
  catalog: SeedCatalog,
  blob: SeedBlob,
  first: Uint8Array,
  abortSignal: AbortSignalLike | undefined,
): AsyncGenerator<ExpectedRange> {
  const rangeCount = countSeedBlobRanges(blob);
  let hashes = first;
  let firstRange = 0;
  let position = 0;
  for (const range of seedBlobRanges(blob)) {
    throwIfAborted(abortSignal);
    if (position - firstRange === hashesPerRead) {
      firstRange = position;
      const next = await catalog.readRangeHashes(
        blob,
        firstRange,
        Math.min(hashesPerRead, rangeCount - firstRange),
      );
      if (!next) return;
      hashes = next;
    }
    const at = (position - firstRange) * 16;
    yield { ...range, md5: hashes.subarray(at, at + 16) };
    position += 1;
  }
}

async function* rangesFromStaging(
  catalog: SeedCatalog,
  blob: SeedBlob,
  abortSignal: AbortSignalLike | undefined,
): AsyncGenerator<ExpectedRange> {
  const staged = await catalog.openStagedBlob(blob);
  try {
    const buffer = new Uint8Array(Math.min(blob.rangeSizeInBytes, blob.lengthInBytes));
    for (const range of seedBlobRanges(blob)) {
      throwIfAborted(abortSignal);
      const target = buffer.subarray(0, range.lengthInBytes);
      await staged.read(range.offsetInBytes, target);
      yield { ...range, md5: createHash("md5").update(target).digest() };
    }
  } finally {
    await staged.close();
  }
}

/** Block name of the seed's manifests: `MD5/` and the Base64 of the block's MD5, which is itself valid Base64. */
export function blockIdOfHash(md5: Uint8Array): string {
  return `MD5/${Buffer.from(md5).toString("base64")}`;
}
