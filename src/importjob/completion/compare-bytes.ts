/** Reading the content of a blob and holding it against the hashes of the catalog, range by range. */
import { createHash } from "node:crypto";
import type { BlobClient } from "@azure/storage-blob";
import { throwIfAborted } from "../../shared/index.js";
import { type SeedBlob, type SeedBlobRange, seedBlobRanges } from "../../staging/index.js";
import {
  addDamaged,
  type BlobVerdict,
  maximumDamagedRanges,
  unequal,
  type VerificationContext,
} from "./blob-verdict.js";
import type { ExpectedRange } from "./expected-hashes.js";

/** Downloads every byte that the catalog has a hash for, bound to the entity tag; holes must read as zeros. */
export async function compareBytes(
  context: VerificationContext,
  blob: SeedBlob,
  client: BlobClient,
  etag: string,
  expected: AsyncIterable<ExpectedRange>,
): Promise<BlobVerdict> {
  const damaged: SeedBlobRange[] = [];
  const whole = createHash("md5");
  const hasHoles = blob.dataStretches !== undefined;
  let content: AsyncIterator<Buffer> | undefined;
  let carry: Buffer = Buffer.alloc(0);
  let position = 0;

  // One download runs over the whole blob, or over each stretch of data, and is cut into ranges here.
  const readRange = async (range: ExpectedRange): Promise<Buffer> => {
    if (!content || position !== range.offsetInBytes) {
      await content?.return?.();
      const lengthInBytes = stretchLengthFrom(blob, range.offsetInBytes);
      content = await download(context, client, etag, range.offsetInBytes, lengthInBytes);
      carry = Buffer.alloc(0);
      position = range.offsetInBytes;
    }
    const pieces: Buffer[] = [];
    let missing = range.lengthInBytes;
    while (missing > 0) {
      if (carry.length === 0) {
        const next: IteratorResult<Buffer> = await content.next();
        if (next.done) break;
        carry = next.value;
      }
      const piece = carry.subarray(0, missing);
      carry = carry.subarray(piece.length);
      missing -= piece.length;
      pieces.push(piece);
    }
    position += range.lengthInBytes;
    return Buffer.concat(pieces);
  };

  try {
    for await (const range of expected) {
      throwIfAborted(context.abortSignal);
      const bytes = await readRange(range);
      context.onBytes(bytes.length);
      whole.update(bytes);
      const md5 = createHash("md5").update(bytes).digest();
      if (bytes.length !== range.lengthInBytes || !md5.equals(range.md5)) addDamaged(damaged, range);
    }
  } finally {
    await content?.return?.();
  }
  if (hasHoles) await addDirtyHoles(context, blob, client, etag, damaged);
  // Ranges and whole were hashed in one pass at staging; if they disagree the catalog itself is damaged.
  const isWholeEqual = hasHoles || blob.md5 === undefined || whole.digest("hex") === blob.md5;
  if (damaged.length === 0 && isWholeEqual) return { verdict: "equal", evidence: "bytes" };
  return unequal(
    blob,
    "bytes",
    damaged.length === 0
      ? "Its bytes do not have the hash of the catalog."
      : `Its bytes differ in ${damaged.length} ${damaged.length === 1 ? "range" : "ranges"}, first at offset ${damaged[0]!.offsetInBytes}.`,
    damaged.length === 0 || damaged.length >= maximumDamagedRanges ? undefined : Object.freeze(damaged),
  );
}

function stretchLengthFrom(blob: SeedBlob, offsetInBytes: number): number {
  const stretch = blob.dataStretches?.find(
    (candidate) =>
      offsetInBytes >= candidate.offsetInBytes &&
      offsetInBytes < candidate.offsetInBytes + candidate.lengthInBytes,
  );
  const end = stretch ? stretch.offsetInBytes + stretch.lengthInBytes : blob.lengthInBytes;
  return end - offsetInBytes;
}

async function download(
  { abortSignal }: VerificationContext,
  client: BlobClient,
  etag: string,
  offsetInBytes: number,
  lengthInBytes: number,
): Promise<AsyncIterator<Buffer>> {
  const response = await client.download(offsetInBytes, lengthInBytes, {
    conditions: { ifMatch: etag },
    maxRetryRequests: 5,
    ...(abortSignal && { abortSignal }),
  });
  return (response.readableStreamBody as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
}

/** Holes must read as zeros. Only pages that were ever written are looked at. */
async function addDirtyHoles(
  context: VerificationContext,
  blob: SeedBlob,
  client: BlobClient,
  etag: string,
  damaged: SeedBlobRange[],
): Promise<void> {
  const pageClient = context.containerClient.getPageBlobClient(client.name);
  const pages = pageClient.listPageRanges(0, blob.lengthInBytes, {
    conditions: { ifMatch: etag },
    ...(context.abortSignal && { abortSignal: context.abortSignal }),
  });
  for await (const page of pages) {
    if (page.isClear) continue;
    for (const hole of outsideStretches(blob, page.start, page.end + 1)) {
      const content = await download(context, client, etag, hole.offsetInBytes, hole.lengthInBytes);
      let isClean = true;
      for (let next = await content.next(); !next.done; next = await content.next()) {
        context.onBytes(next.value.length);
        if (next.value.some((byte) => byte !== 0)) isClean = false;
      }
      if (!isClean) addDamaged(damaged, hole);
    }
  }
}

function* outsideStretches(blob: SeedBlob, start: number, end: number): Generator<SeedBlobRange> {
  let position = start;
  for (const stretch of blob.dataStretches ?? [...seedBlobRanges(blob)]) {
    const stretchEnd = stretch.offsetInBytes + stretch.lengthInBytes;
    if (stretchEnd <= position) continue;
    if (stretch.offsetInBytes >= end) break;
    if (stretch.offsetInBytes > position) {
      yield { offsetInBytes: position, lengthInBytes: stretch.offsetInBytes - position };
    }
    position = stretchEnd;
  }
  if (position < end) yield { offsetInBytes: position, lengthInBytes: end - position };
}
