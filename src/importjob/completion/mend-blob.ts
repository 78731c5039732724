/** Sending only the damaged or missing ranges of a blob that is there. */
import { createHash } from "node:crypto";
import { forEachConcurrently, throwIfAborted } from "../../shared/index.js";
import type { SeedBlobRange } from "../../staging/index.js";
import { type BlobContent, type ContentRange, overlaps } from "./blob-content.js";
import type { BlobFacts } from "./blob-facts.js";
import { blockIdOfHash } from "./expected-hashes.js";
import { abortOf, headersOf, piecesOf, type UploadContext } from "./upload-blob.js";

/**
 * Rewrites damaged stretches of a page blob that has the right length; the rest stays as it is. Returns the bytes sent.
 *
 * @throws RestError 412 when the blob is no longer the one looked at
 */
export async function mendPages(
  context: UploadContext,
  content: BlobContent,
  facts: BlobFacts,
  damaged: readonly SeedBlobRange[],
): Promise<number> {
  const client = context.containerClient.getPageBlobClient(content.name);
  let sent = 0;
  let etag = facts.etag;
  // One after the other: every write changes the entity tag the next one must name.
  for (const stretch of damaged) {
    throwIfAborted(context.abortSignal);
    const cleared = await client.clearPages(stretch.offsetInBytes, stretch.lengthInBytes, {
      ...abortOf(context),
      conditions: { ifMatch: etag },
    });
    etag = cleared.etag ?? etag;
    for await (const range of content.ranges()) {
      if (!overlaps(range, stretch)) continue;
      for (const piece of piecesOf(range, await content.read(range))) {
        const written = await client.uploadPages(piece.bytes, piece.offsetInBytes, piece.bytes.length, {
          ...abortOf(context),
          conditions: { ifMatch: etag },
          transactionalContentMD5: createHash("md5").update(piece.bytes).digest(),
        });
        etag = written.etag ?? etag;
        sent += piece.bytes.length;
        context.onBytes(piece.bytes.length);
      }
    }
  }
  // The property described the damaged bytes or nobody's; without it the next comparison reads the content.
  await client.setHTTPHeaders(headersOf(content, undefined), abortOf(context));
  return sent;
}

/**
 * Completes a block blob from blocks that are committed already and the missing or damaged ones. Returns the bytes sent;
 * undefined when no committed block can be told to be right, so that the whole blob must be sent.
 *
 * A committed block counts as right when its name carries the hash of the range (the datacentre checked it before it
 * committed the block), or, where names say nothing, when the blocks are exactly those that are not damaged, in order.
 *
 * @throws RestError 412 when the blob is no longer the one looked at
 */
export async function mendBlocks(
  context: UploadContext,
  content: BlobContent,
  facts: BlobFacts,
  damaged: readonly SeedBlobRange[] | undefined,
): Promise<number | undefined> {
  const client = context.containerClient.getBlockBlobClient(content.name);
  const { committedBlocks = [] } = await client.getBlockList("committed", abortOf(context));
  const ranges: ContentRange[] = [];
  for await (const range of content.ranges()) ranges.push(range);
  const isDamaged = (range: ContentRange): boolean =>
    damaged?.some((stretch) => overlaps(range, stretch)) ?? false;
  const ids = committedBlocks.every(({ name }) => isHashName(name))
    ? idsByHash(ranges, committedBlocks, isDamaged)
    : damaged && idsByOrder(ranges, committedBlocks, isDamaged);
  if (!ids || ids.missing.size === ranges.length || ids.missing.size === 0) return undefined;
  let sent = 0;
  await forEachConcurrently(ids.missing, context.rangeConcurrency, async ([id, range]) => {
    throwIfAborted(context.abortSignal);
    const bytes = await content.read(range);
    await client.stageBlock(id, bytes, bytes.length, {
      ...abortOf(context),
      transactionalContentMD5: range.md5,
    });
    sent += bytes.length;
    context.onBytes(bytes.length);
  });
  // No Content-MD5: the blocks that stayed were not read here, so nothing vouches for the whole.
  await client.commitBlockList([...ids.all], {
    ...abortOf(context),
    conditions: { ifMatch: facts.etag },
    blobHTTPHeaders: headersOf(content, undefined),
    metadata: { ...content.metadata },
  });
  return sent;
}

interface BlockNames {
  /** One name a range, in order. */
  readonly all: readonly string[];
  /** Names of blocks that must be sent. */
  readonly missing: ReadonlyMap<string, ContentRange>;
}

interface CommittedBlock {
  readonly name: string;
  readonly size: number;
}

function isHashName(name: string): boolean {
  return /^MD5\/[A-Za-z0-9+/]{22}==$/.test(name);
}

function idsByHash(
  ranges: readonly ContentRange[],
  committed: readonly CommittedBlock[],
  isDamaged: (range: ContentRange) => boolean,
): BlockNames {
  const present = new Map(committed.map(({ name, size }) => [name, size]));
  const missing = new Map<string, ContentRange>();
  const all = ranges.map((range) => {
    const id = blockIdOfHash(range.md5);
    if (present.get(id) !== range.lengthInBytes || isDamaged(range)) missing.set(id, range);
    return id;
  });
  return { all, missing };
}

/** Names that say nothing: only when the committed blocks are the undamaged ranges one by one, each name used once. */
function idsByOrder(
  ranges: readonly ContentRange[],
  committed: readonly CommittedBlock[],
  isDamaged: (range: ContentRange) => boolean,
): BlockNames | undefined {
  const names = new Set(committed.map(({ name }) => name));
  if (names.size !== committed.length) return undefined;
  const isComplete = committed.length === ranges.length;
  const expected = isComplete ? ranges : ranges.filter((range) => !isDamaged(range));
  const isSameCut =
    committed.length === expected.length &&
    expected.every((range, position) => committed[position]!.size === range.lengthInBytes);
  if (!isSameCut || committed.length === 0) return undefined;
  const missing = new Map<string, ContentRange>();
  const all: string[] = [];
  let position = 0;
  for (const range of ranges) {
    const isBad = isDamaged(range);
    const name =
      isBad && !isComplete ? unusedName(names, committed[0]!.name, all.length) : committed[position++]!.name;
    if (name === undefined) return undefined;
    if (isBad) missing.set(name, range);
    all.push(name);
  }
  return { all, missing };
}

/** A fresh name of the same length: all names of one blob must have one length. Undefined for names too short for that. */
function unusedName(names: ReadonlySet<string>, sample: string, number: number): string | undefined {
  const bytes = Buffer.from(sample, "base64");
  if (bytes.length < 4) return undefined;
  bytes.writeUInt32BE((0xfeed_0000 + number) >>> 0, bytes.length - 4);
  const name = bytes.toString("base64");
  return name.length === sample.length && !names.has(name) ? name : undefined;
}
