/** The blobs of a seed from wherever they are: the staging folder, or the container they arrived in. */
import type { AbortSignalLike } from "../shared/index.js";
import type { SeedBlob, SeedCatalog } from "./seed-catalog.js";

/** One blob that can be read from its beginning to its end. */
export interface ExtractableBlob {
  readonly name: string;
  readonly lengthInBytes: number;
  readonly contentEncoding: string | undefined;
  /** Names in lower case, because services do not keep their case. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Of the stored bytes, 32 lower-case hexadecimal digits, where known. */
  readonly md5: string | undefined;
  readonly modifiedAtInMs: number;
  open(): AsyncIterable<Uint8Array>;
}

/** A seed that can be turned back into files. */
export interface ExtractableSeed {
  blobs(): AsyncIterable<ExtractableBlob>;
  /** A blob of this name; `neighbour` was written next to it. */
  find(name: string, neighbour: ExtractableBlob): Promise<ExtractableBlob | undefined>;
}

/** What is used of a `ContainerClient` of `@azure/storage-blob`. */
export interface BlobContainer {
  /** All blobs whose names begin with `prefix`, in the order of the service. Uses the network. */
  listBlobsFlat(options: {
    readonly includeMetadata: true;
    readonly prefix?: string;
    readonly abortSignal?: AbortSignalLike;
  }): AsyncIterable<{
    readonly name: string;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly properties: {
      readonly contentLength?: number;
      readonly contentEncoding?: string;
      readonly contentMD5?: Uint8Array;
      readonly lastModified: Date;
    };
  }>;
  /** Access to one blob; itself uses no network. */
  getBlobClient(name: string): {
    /** What is known of the blob; fails when it is not there. */
    getProperties(options?: { readonly abortSignal?: AbortSignalLike }): Promise<{
      readonly contentLength?: number;
      readonly contentEncoding?: string;
      readonly contentMD5?: Uint8Array;
      readonly lastModified?: Date;
      readonly metadata?: Readonly<Record<string, string>>;
    }>;
    /** The content as a stream, from the beginning or a part of it. */
    download(
      offset?: number,
      count?: number,
      options?: { readonly abortSignal?: AbortSignalLike; readonly maxRetryRequests?: number },
    ): Promise<{ readonly readableStreamBody?: AsyncIterable<unknown> }>;
  };
}

const readSizeInBytes = 1024 * 1024;

/** One blob of a sealed seed in its staging folder. */
export function extractableBlob(catalog: SeedCatalog, blob: SeedBlob): ExtractableBlob {
  return {
    name: blob.name,
    lengthInBytes: blob.lengthInBytes,
    contentEncoding: blob.headers.contentEncoding,
    metadata: lowerCased(blob.metadata),
    md5: blob.md5,
    modifiedAtInMs: blob.modifiedAtInMs,
    open: () => stagedChunks(catalog, blob),
  };
}

/** A sealed seed in its staging folder. */
export function extractableCatalog(
  catalog: SeedCatalog,
  abortSignal: AbortSignalLike | undefined,
): ExtractableSeed {
  const indexes = new WeakMap<ExtractableBlob, number>();
  const toExtract = (blob: SeedBlob): ExtractableBlob => {
    const extractable = extractableBlob(catalog, blob);
    indexes.set(extractable, blob.index);
    return extractable;
  };
  return {
    async *blobs() {
      for await (const blob of catalog.blobs({ abortSignal })) yield toExtract(blob);
    },
    async find(name, neighbour) {
      // Neighbours are written together; the long way is for catalogs that another program wrote.
      for (const startIndex of [Math.max(0, (indexes.get(neighbour) ?? 0) - 1), 0]) {
        let seen = 0;
        for await (const blob of catalog.blobs({ abortSignal, startIndex })) {
          if (blob.name === name) return toExtract(blob);
          seen += 1;
          if (startIndex > 0 && seen > 2) break;
        }
      }
      return undefined;
    },
  };
}

/** A container at the service. */
export function extractableContainer(
  container: BlobContainer,
  prefix: string | undefined,
  abortSignal: AbortSignalLike | undefined,
): ExtractableSeed {
  const abort = abortSignal === undefined ? {} : { abortSignal };
  const open = async function* (name: string): AsyncGenerator<Uint8Array> {
    const options = { ...abort, maxRetryRequests: 5 };
    const { readableStreamBody } = await container.getBlobClient(name).download(0, undefined, options);
    for await (const chunk of readableStreamBody ?? []) yield chunk as Uint8Array;
  };
  const describe = (
    name: string,
    properties: {
      readonly contentLength?: number;
      readonly contentEncoding?: string;
      readonly contentMD5?: Uint8Array;
      readonly lastModified?: Date;
    },
    metadata: Readonly<Record<string, string>> | undefined,
  ): ExtractableBlob => ({
    name,
    lengthInBytes: properties.contentLength ?? 0,
    contentEncoding: properties.contentEncoding || undefined,
    metadata: lowerCased(metadata ?? {}),
    md5:
      properties.contentMD5 === undefined || properties.contentMD5.length === 0
        ? undefined
        : Buffer.from(properties.contentMD5).toString("hex"),
    modifiedAtInMs: properties.lastModified?.getTime() ?? 0,
    open: () => open(name),
  });
  return {
    async *blobs() {
      const listing = container.listBlobsFlat({
        includeMetadata: true,
        ...abort,
        ...(prefix === undefined || prefix === "" ? {} : { prefix }),
      });
      for await (const item of listing) yield describe(item.name, item.properties, item.metadata);
    },
    async find(name) {
      try {
        const properties = await container.getBlobClient(name).getProperties(abort);
        return describe(name, properties, properties.metadata);
      } catch (error) {
        if ((error as { statusCode?: unknown } | undefined)?.statusCode === 404) return undefined;
        throw error;
      }
    },
  };
}

async function* stagedChunks(catalog: SeedCatalog, blob: SeedBlob): AsyncGenerator<Uint8Array> {
  const reader = await catalog.openStagedBlob(blob);
  try {
    for (let offset = 0; offset < blob.lengthInBytes; offset += readSizeInBytes) {
      const bytes = Buffer.allocUnsafe(Math.min(readSizeInBytes, blob.lengthInBytes - offset));
      await reader.read(offset, bytes);
      yield bytes;
    }
  } finally {
    await reader.close();
  }
}

function lowerCased(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]));
}
