/** What a listing or a HEAD request tells of a blob, in one shape. */
import type { BlobClient, BlobItem } from "@azure/storage-blob";
import type { AbortSignalLike } from "../../shared/index.js";
import type { SeedBlobKind } from "../../staging/index.js";
import { statusCodeOf } from "../service/service-failure.js";

/** Properties of one blob that is there. */
export interface BlobFacts {
  readonly name: string;
  /** Quoted, as headers want it. */
  readonly etag: string;
  readonly lengthInBytes: number | undefined;
  /** Undefined for append blobs and kinds not known. */
  readonly kind: SeedBlobKind | undefined;
  /** The Content-MD5 property; a claim of whoever wrote the blob unless it was written in one request. */
  readonly contentMd5: Uint8Array | undefined;
}

/** From an item of a listing. */
export function factsOfListed({ name, properties }: BlobItem): BlobFacts {
  const { etag, contentLength, blobType, contentMD5 } = properties;
  return {
    name,
    etag: quoteEtag(etag),
    lengthInBytes: contentLength,
    kind: kindOf(blobType),
    contentMd5: nonEmpty(contentMD5),
  };
}

/** From a HEAD request; undefined when there is no such blob. */
export async function readBlobFacts(
  client: BlobClient,
  abortSignal: AbortSignalLike | undefined,
): Promise<BlobFacts | undefined> {
  try {
    const { etag, contentLength, blobType, contentMD5 } = await client.getProperties(
      abortSignal ? { abortSignal } : {},
    );
    return {
      name: client.name,
      etag: quoteEtag(etag ?? ""),
      lengthInBytes: contentLength,
      kind: kindOf(blobType),
      contentMd5: nonEmpty(contentMD5),
    };
  } catch (error) {
    if (statusCodeOf(error) === 404) return undefined;
    throw error;
  }
}

/** Lists give the entity tag bare, headers give it in quotes. */
export function quoteEtag(etag: string): string {
  return etag.startsWith('"') || etag.startsWith("W/") ? etag : `"${etag}"`;
}

function kindOf(blobType: string | undefined): SeedBlobKind | undefined {
  return blobType === "PageBlob" ? "page" : blobType === "BlockBlob" ? "block" : undefined;
}

function nonEmpty(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && bytes.length > 0 ? bytes : undefined;
}
