/**
 * Sending a whole blob over the network.
 *
 * Every request carries the MD5 of its bytes, so that the service refuses what was damaged on the way. Blocks get the
 * manifest's names (`MD5/` and the hash), so that equal blocks are sent once and block names are evidence later.
 */
import { createHash } from "node:crypto";
import type { BlobHTTPHeaders, ContainerClient } from "@azure/storage-blob";
import { type AbortSignalLike, forEachConcurrently, throwIfAborted } from "../../shared/index.js";
import type { SeedBlobRange } from "../../staging/index.js";
import { ImportJobError } from "../import-job-error.js";
import type { BlobContent, ContentRange } from "./blob-content.js";
import type { BlobFacts } from "./blob-facts.js";
import { blockIdOfHash } from "./expected-hashes.js";

/** Where to and how. */
export interface UploadContext {
  readonly containerClient: ContainerClient;
  /** Ranges of one blob in flight. */
  readonly rangeConcurrency: number;
  readonly abortSignal: AbortSignalLike | undefined;
  /** Told every range that arrived. */
  readonly onBytes: (count: number) => void;
}

/** Bytes one Put Page request can carry. */
const maximumPageRequestInBytes = 4 * 1024 * 1024;
/** Blobs up to this size go in one request, whose hash the service computes itself. */
const singleRequestInBytes = 4 * 1024 * 1024;

/**
 * Writes the whole blob, replacing what is there. Returns the bytes sent.
 *
 * The Content-MD5 property is set only from bytes that were read and hashed here.
 */
export async function uploadWholeBlob(context: UploadContext, content: BlobContent): Promise<number> {
  return content.kind === "page"
    ? uploadWholePageBlob(context, content)
    : uploadWholeBlockBlob(context, content);
}

/** Gives a blob the headers and metadata it shall have; its content and Content-MD5 stay. */
export async function updateProperties(
  context: UploadContext,
  content: Pick<BlobContent, "name" | "headers" | "metadata">,
  facts: BlobFacts,
): Promise<void> {
  const client = context.containerClient.getBlobClient(content.name);
  const contentMd5 = facts.contentMd5 && Buffer.from(facts.contentMd5);
  await client.setHTTPHeaders(headersOf(content, contentMd5), abortOf(context));
  await client.setMetadata({ ...content.metadata }, abortOf(context));
}

async function uploadWholeBlockBlob(context: UploadContext, content: BlobContent): Promise<number> {
  const { containerClient } = context;
  const client = containerClient.getBlockBlobClient(content.name);
  const whole = createHash("md5");
  if (content.lengthInBytes <= singleRequestInBytes) {
    const pieces: Buffer[] = [];
    for await (const range of content.ranges()) pieces.push(await content.read(range));
    const bytes = Buffer.concat(pieces);
    const md5 = whole.update(bytes).digest();
    assertWholeHash(content, md5);
    const response = await client.upload(bytes, bytes.length, {
      ...abortOf(context),
      blobHTTPHeaders: headersOf(content, md5),
      metadata: { ...content.metadata },
    });
    // The service hashes what it received; a difference means the bytes were damaged on the way.
    if (response.contentMD5 && !md5.equals(response.contentMD5)) throw damagedOnTheWay(content.name);
    context.onBytes(bytes.length);
    return bytes.length;
  }
  const ids: string[] = [];
  const staged = new Set<string>();
  let sent = 0;
  await forEachConcurrently(
    hashedInOrder(content, whole),
    context.rangeConcurrency,
    async ({ range, bytes, position }) => {
      throwIfAborted(context.abortSignal);
      const id = blockIdOfHash(range.md5);
      ids[position] = id;
      if (staged.has(id)) return;
      staged.add(id);
      await client.stageBlock(id, bytes, bytes.length, {
        ...abortOf(context),
        transactionalContentMD5: range.md5,
      });
      sent += bytes.length;
      context.onBytes(bytes.length);
    },
  );
  const md5 = whole.digest();
  assertWholeHash(content, md5);
  await client.commitBlockList(ids, {
    ...abortOf(context),
    blobHTTPHeaders: headersOf(content, md5),
    metadata: { ...content.metadata },
  });
  return sent;
}

async function uploadWholePageBlob(context: UploadContext, content: BlobContent): Promise<number> {
  const client = context.containerClient.getPageBlobClient(content.name);
  await client.create(content.lengthInBytes, {
    ...abortOf(context),
    blobHTTPHeaders: headersOf(content, undefined),
    metadata: { ...content.metadata },
  });
  let sent = 0;
  await forEachConcurrently(content.ranges(), context.rangeConcurrency, async (range) => {
    throwIfAborted(context.abortSignal);
    const bytes = await content.read(range);
    // A new page blob is all zeros already.
    if (!bytes.some((byte) => byte !== 0)) return;
    for (const piece of piecesOf(range, bytes)) {
      await client.uploadPages(piece.bytes, piece.offsetInBytes, piece.bytes.length, {
        ...abortOf(context),
        transactionalContentMD5: createHash("md5").update(piece.bytes).digest(),
      });
      context.onBytes(piece.bytes.length);
    }
    sent += bytes.length;
  });
  // Every range was checked against the catalog here and by the service on arrival, so the whole has its hash.
  if (content.md5 !== undefined) {
    await client.setHTTPHeaders(headersOf(content, Buffer.from(content.md5, "hex")), abortOf(context));
  }
  return sent;
}

/** What one Put Page request can carry at a time. */
export function piecesOf(
  range: SeedBlobRange,
  bytes: Buffer,
): readonly { offsetInBytes: number; bytes: Buffer }[] {
  const pieces: { offsetInBytes: number; bytes: Buffer }[] = [];
  for (let at = 0; at < bytes.length; at += maximumPageRequestInBytes) {
    pieces.push({
      offsetInBytes: range.offsetInBytes + at,
      bytes: bytes.subarray(at, at + maximumPageRequestInBytes),
    });
  }
  return pieces;
}

/** Reads ahead of the senders in order, so that one hash can run over the whole. */
async function* hashedInOrder(
  content: BlobContent,
  whole: ReturnType<typeof createHash>,
): AsyncGenerator<{ readonly range: ContentRange; readonly bytes: Buffer; readonly position: number }> {
  let position = 0;
  for await (const range of content.ranges()) {
    const bytes = await content.read(range);
    whole.update(bytes);
    yield { range, bytes, position };
    position += 1;
  }
}

function assertWholeHash(content: BlobContent, md5: Buffer): void {
  if (content.md5 === undefined || md5.toString("hex") === content.md5) return;
  throw new ImportJobError(
    "staged-content-changed",
    `The bytes of blob '${content.name}' do not have the hash of the catalog; the blob was not written. Stage the source again.`,
    { details: { name: content.name } },
  );
}

function damagedOnTheWay(name: string): ImportJobError {
  return new ImportJobError(
    "not-verified",
    `Blob '${name}' was damaged on its way to Azure; send it again.`,
    {
      details: { name },
    },
  );
}

/** Headers as the catalog gives them; without `md5` the Content-MD5 property is removed. */
export function headersOf(
  { headers }: Pick<BlobContent, "headers">,
  md5: Buffer | undefined,
): BlobHTTPHeaders {
  const { contentType, contentEncoding, contentLanguage, cacheControl } = headers;
  return {
    ...(contentType !== undefined && { blobContentType: contentType }),
    ...(contentEncoding !== undefined && { blobContentEncoding: contentEncoding }),
    ...(contentLanguage !== undefined && { blobContentLanguage: contentLanguage }),
    ...(cacheControl !== undefined && { blobCacheControl: cacheControl }),
    ...(md5 !== undefined && { blobContentMD5: md5 }),
  };
}

/** The abort signal as the client wants it: absent rather than undefined. */
export function abortOf({ abortSignal }: UploadContext): { abortSignal?: AbortSignalLike } {
  return abortSignal ? { abortSignal } : {};
}
