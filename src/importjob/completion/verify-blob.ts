import type { SeedBlob, SeedBlobRange } from "../../staging/index.js";
import { statusCodeOf } from "../service/service-failure.js";
import { type BlobFacts, quoteEtag } from "./blob-facts.js";
import {
  addDamaged,
  type BlobVerdict,
  maximumDamagedRanges,
  unequal,
  type VerificationContext,
} from "./blob-verdict.js";
import { compareBytes } from "./compare-bytes.js";
import { blockIdOfHash, openExpectedRanges } from "./expected-hashes.js";

export type { ReadBytesPolicy } from "./blob-verdict.js";

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
