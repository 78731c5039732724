/** Deciding about one blob that is there with the right name: is its content the seed's? */
import { createHash } from "node:crypto";
import type { BlobClient, ContainerClient } from "@azure/storage-blob";
import { type AbortSignalLike, throwIfAborted } from "../../shared/index.js";
import { type SeedBlob, type SeedBlobRange, type SeedCatalog, seedBlobRanges } from "../../staging/index.js";
import { statusCodeOf } from "../service/service-failure.js";
import { type BlobFacts, quoteEtag } from "./blob-facts.js";
import { blockIdOfHash, type ExpectedRange, openExpectedRanges } from "./expected-hashes.js";
import type { SeedEvidence, SeedFinding, SeedFindingReason } from "./seed-report.js";

/** When the content of blobs is downloaded. */
export type ReadBytesPolicy = "never" | "when-needed" | "always";

/** Equal with its evidence, or a finding. */
export type BlobVerdict =
  | { readonly verdict: "equal"; readonly evidence: SeedEvidence }
  | { readonly verdict: "unequal"; readonly finding: SeedFinding };

/** Where and how to look. */
export interface VerificationContext {
  readonly containerClient: ContainerClient;
  readonly catalog: SeedCatalog;
  readonly readBytes: ReadBytesPolicy;
  readonly abortSignal: AbortSignalLike | undefined;
  /** Told how many bytes were downloaded. */
  readonly onBytes: (count: number) => void;
}

const maximumDamagedRanges = 100_000;

/**
 * Decides by content, cheapest sufficient evidence first: the committed block names when they carry hashes, then the
 * bytes. Kind, length and Content-MD5 were compared by the caller. A blob replaced meanwhile is never called equal.
 */
export async function verifyBlobContent(
  context: VerificationContext,
  blob: SeedBlob,
  facts: BlobFacts,
): Promise<BlobVerdict> {
  const { containerClient, readBytes, catalog, abortSignal } = context;
  const client = containerClient.getBlobClient(facts.name);
  try {
    if (readBytes !== "always" && blob.kind === "block") {
      const verdict = await compareBlocks(context, blob, facts);
      if (verdict) return verdict;
    }
    if (readBytes === "never") {
      return unequal(
        blob,
        "no-evidence",
        "Its properties do not prove its content (a Content-MD5 of its writer is only a claim), and reading it was not allowed.",
      );
    }
    const expected = await openExpectedRanges(catalog, blob, true, abortSignal);
    if (!expected) {
      return unequal(
        blob,
        "no-expectation",
        "Neither the catalog nor the staging folder says what it should contain.",
      );
    }
    return await compareBytes(context, blob, client, facts.etag, expected);
  } catch (error) {
    const statusCode = statusCodeOf(error);
    if (statusCode === 412 || statusCode === 404) {
      return unequal(
        blob,
        "changed-meanwhile",
        "It was replaced or removed while it was being looked at; compare again.",
      );
    }
    throw error;
  }
}

/** What proves a blob different from its properties alone; undefined when they do not. */
export function differenceOfProperties(blob: SeedBlob, facts: BlobFacts): BlobVerdict | undefined {
  const { lengthInBytes, contentMd5, kind } = facts;
  if (kind !== blob.kind) {
    return unequal(
      blob,
      "kind",
      `It should be a ${blob.kind} blob and is ${kind ? `a ${kind} blob` : "of another kind"}.`,
    );
  }
  if (lengthInBytes !== blob.lengthInBytes) {
    return unequal(
      blob,
      "length",
      `It should have ${blob.lengthInBytes} bytes and has ${lengthInBytes ?? "an unknown number"}.`,
    );
  }
  const actual = contentMd5 && Buffer.from(contentMd5).toString("hex");
  if (actual !== undefined && blob.md5 !== undefined && actual !== blob.md5) {
    return unequal(blob, "content-md5", `Its Content-MD5 should be ${blob.md5} (hex) and is ${actual}.`);
  }
  return undefined;
}

/** Whether the Content-MD5 property is this hash (hexadecimal). */
export function hasHash({ contentMd5 }: BlobFacts, md5: string | undefined): boolean {
  return md5 !== undefined && contentMd5 !== undefined && Buffer.from(contentMd5).toString("hex") === md5;
}

/** A verdict that is not equal; `reason` decides between different and not verified. */
export function unequal(
  blob: SeedBlob,
  reason: SeedFindingReason,
  explanation: string,
  damagedRanges?: readonly SeedBlobRange[],
): BlobVerdict {
  const isUnknown = reason === "no-evidence" || reason === "no-expectation" || reason === "changed-meanwhile";
  const verdict = reason === "absent" ? "missing" : isUnknown ? "not-verified" : "different";
  return {
    verdict: "unequal",
    finding: Object.freeze({
      index: blob.index,
      name: blob.name,
      verdict,
      reason,
      explanation,
      damagedRanges,
    }),
  };
}

/** Undefined when the block names say nothing, so that the bytes must be read. */
export async function compareBlocks(
  {
    containerClient,
    catalog,
    abortSignal,
  }: Pick<VerificationContext, "containerClient" | "catalog" | "abortSignal">,
  blob: SeedBlob,
  facts: BlobFacts,
): Promise<BlobVerdict | undefined> {
  const expected = await openExpectedRanges(catalog, blob, false, abortSignal);
  if (!expected) return undefined;
  const response = await containerClient
    .getBlockBlobClient(blob.name)
    .getBlockList("committed", abortSignal ? { abortSignal } : {});
  if (response.etag !== undefined && quoteEtag(response.etag) !== facts.etag) {
    return unequal(blob, "changed-meanwhile", "It was replaced while it was being looked at; compare again.");
  }
  const blocks = response.committedBlocks ?? [];
  // A blob without blocks was written by one request, and then the service computed its Content-MD5 itself.
  if (blocks.length === 0 && hasHash(facts, blob.md5)) return { verdict: "equal", evidence: "content-md5" };
  if (blocks.length === 0 || blocks.some((block) => !block.name.startsWith("MD5/"))) return undefined;
  const damaged: SeedBlobRange[] = [];
  let position = 0;
  for await (const range of expected) {
    const block = blocks[position];
    position += 1;
    const isSame = block?.name === blockIdOfHash(range.md5) && block.size === range.lengthInBytes;
    if (!isSame) addDamaged(damaged, range);
  }
  if (damaged.length === 0 && position === blocks.length)
    return { verdict: "equal", evidence: "block-hashes" };
  return unequal(
    blob,
    "block-hashes",
    "Its committed blocks are not the blocks of the seed.",
    position === blocks.length && damaged.length < maximumDamagedRanges ? Object.freeze(damaged) : undefined,
  );
}

async function compareBytes(
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

function addDamaged(damaged: SeedBlobRange[], { offsetInBytes, lengthInBytes }: SeedBlobRange): void {
  if (damaged.length < maximumDamagedRanges) damaged.push(Object.freeze({ offsetInBytes, lengthInBytes }));
}
