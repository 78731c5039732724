/** What a listing or a HEAD request tells of a blob, in one shape. */
import type { BlobClient, BlobItem } from "@azure/storage-blob";
import type { AbortSignalLike } from "../../shared/index.js";
import type { SeedBlobKind } from "../../staging/index.js";
import { statusCodeOf } from "../service/service-failure.js";
import type { BlobLabels } from "./catalog-index.js";

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
  readonly labels: BlobLabels;
  readonly lastModifiedAt: Date | undefined;
  /** The last server-side copy onto the blob; undefined when there was none, or when it was written since. */
  readonly copy: BlobCopyFacts | undefined;
}

/** A server-side copy onto a blob. */
export interface BlobCopyFacts {
  /** `pending`, `success`, `aborted` or `failed`. */
  readonly status: string;
  readonly sourceUrl: string | undefined;
  readonly completedAt: Date | undefined;
}

/** From an item of a listing. */
export function factsOfListed({ name, properties, metadata }: BlobItem): BlobFacts {
  const { etag, contentLength, blobType, contentMD5 } = properties;
  return {
    name,
    etag: quoteEtag(etag),
    lengthInBytes: contentLength,
    kind: kindOf(blobType),
    contentMd5: nonEmpty(contentMD5),
    labels: labelsOf(properties, metadata),
    lastModifiedAt: properties.lastModified,
    copy: copyOf(properties),
  };
}

/** From a HEAD request; undefined when there is no such blob. */
export async function readBlobFacts(
  client: BlobClient,
  abortSignal: AbortSignalLike | undefined,
): Promise<BlobFacts | undefined> {
  try {
    const properties = await client.getProperties(abortSignal ? { abortSignal } : {});
    const { etag, contentLength, blobType, contentMD5, metadata } = properties;
    return {
      name: client.name,
      etag: quoteEtag(etag ?? ""),
      lengthInBytes: contentLength,
      kind: kindOf(blobType),
      contentMd5: nonEmpty(contentMD5),
      labels: labelsOf(properties, metadata),
      lastModifiedAt: properties.lastModified,
      copy: copyOf(properties),
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

function labelsOf(
  properties: Pick<
    BlobItem["properties"],
    "contentType" | "contentEncoding" | "contentLanguage" | "cacheControl"
  >,
  metadata: Readonly<Record<string, string>> | undefined,
): BlobLabels {
  const { contentType, contentEncoding, contentLanguage, cacheControl } = properties;
  return {
    headers: {
      ...(contentType && { contentType }),
      ...(contentEncoding && { contentEncoding }),
      ...(contentLanguage && { contentLanguage }),
      ...(cacheControl && { cacheControl }),
    },
    metadata: metadata ?? {},
  };
}

function copyOf({
  copyStatus,
  copySource,
  copyCompletedOn,
}: Pick<BlobItem["properties"], "copyStatus" | "copySource" | "copyCompletedOn">): BlobCopyFacts | undefined {
  return copyStatus && { status: copyStatus, sourceUrl: copySource, completedAt: copyCompletedOn };
}

function kindOf(blobType: string | undefined): SeedBlobKind | undefined {
  return blobType === "PageBlob" ? "page" : blobType === "BlockBlob" ? "block" : undefined;
}

function nonEmpty(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && bytes.length > 0 ? bytes : undefined;
}
