/** From the source of one blob to its record: opened, compressed where asked, hashed, written. */
import { throwIfAborted } from "../shared/index.js";
import { type WrittenBlobFile, writeBlobFile } from "./blob-file-writer.js";
import { kindOf } from "./blob-kind.js";
import { checkBlobSize, checkRangeSize, rangeSizeFor } from "./blob-limits.js";
import { type BlobSource, openBlobSource } from "./blob-source.js";
import { type ResolvedCompression, rawLengthMetadataName, resolveCompression } from "./compression-choice.js";
import { type ContentHashes, createContentHasher } from "./content-hasher.js";
import { dataStretchesOf, readerOfChunks } from "./content-pipeline.js";
import {
  countedChunks,
  countedFile,
  encodedContent,
  packedContentLimitInBytes,
  rest,
} from "./encoded-content.js";
import { StagingError } from "./errors.js";
import type { HashThreads } from "./hash-threads.js";
import type { PendingBlob } from "./pending-blob.js";
import { hashOfWholeIsRangeHash, type SeedBlob, type SeedBlobKind } from "./seed-catalog.js";
import type { SeedLayout } from "./seed-layout.js";
import type { WriteBlobOptions } from "./seed-writer.js";

/** What staging a blob needs of its writer. */
export interface StageBlobContext {
  readonly layout: SeedLayout;
  readonly threads: HashThreads;
  readonly nowInMs: () => number;
  readonly takeFileNumber: () => number;
  readonly record: (pending: PendingBlob) => Promise<SeedBlob>;
}

/** Reads, hashes and writes the content of one blob and has it recorded. On failure nothing of it is left. */
export async function stageBlob(
  name: string,
  source: BlobSource,
  options: WriteBlobOptions,
  context: StageBlobContext,
): Promise<SeedBlob> {
  throwIfAborted(options.abortSignal);
  const opened = await openBlobSource(source, name);
  try {
    const expectedLength = options.lengthInBytes ?? opened.lengthInBytes;
    const kind = kindOf(name, options.kind, expectedLength);
    const compression = compressionFor(name, kind, options);
    const rangeSizeInBytes = options.rangeSizeInBytes ?? rangeSizeFor(kind, expectedLength);
    checkRangeSize(kind, rangeSizeInBytes);
    if (expectedLength !== undefined && compression === undefined) {
      checkBlobSize(name, kind, rangeSizeInBytes, expectedLength);
    }
    const isLong = (opened.lengthInBytes ?? 0) > packedContentLimitInBytes;
    const direct = compression === undefined && isLong ? countedFile(name, opened, options) : undefined;
    const chunks = direct === undefined ? countedChunks(name, opened, options) : undefined;
    const raw = (direct ?? chunks)!;
    const content =
      chunks === undefined
        ? undefined
        : await encodedContent(opened, chunks, compression, options.abortSignal);
    const describe = (hashes: ContentHashes): Omit<SeedBlob, "index"> => {
      const contentEncoding = content?.contentEncoding;
      const encoded = contentEncoding !== undefined;
      return {
        name,
        kind,
        lengthInBytes: hashes.lengthInBytes,
        md5: hashes.md5,
        modifiedAtInMs: Math.floor(options.modifiedAtInMs ?? opened.modifiedAtInMs ?? context.nowInMs()),
        headers: Object.freeze({ ...options.headers, ...(encoded ? { contentEncoding } : {}) }),
        metadata: Object.freeze({
          ...options.metadata,
          ...(encoded ? { [rawLengthMetadataName]: String(raw.lengthInBytes) } : {}),
        }),
        rangeSizeInBytes,
        dataStretches: dataStretchesOf(kind, hashes),
      };
    };

    const head = content?.head;
    if (head?.complete === true && kind === "block" && head.bytes.length <= packedContentLimitInBytes) {
      await raw.checkComplete();
      checkBlobSize(name, kind, rangeSizeInBytes, head.bytes.length);
      const hasher = createContentHasher(rangeSizeInBytes);
      hasher.append(head.bytes);
      const hashes = hasher.finish();
      const blob = describe(hashes);
      return await context.record({
        blob,
        rangeHashes: hashesToStore(blob, hashes),
        content: { type: "bytes", bytes: head.bytes },
      });
    }
    const file = context.takeFileNumber();
    const written = await writeBlobFile(direct ?? readerOfChunks(rest(head!, content!.chunks)), {
      layout: context.layout,
      file,
      name,
      rangeSizeInBytes,
      threads: context.threads,
      leaveOutZeros: kind === "page",
      abortSignal: options.abortSignal,
      onLength: (lengthInBytes) => {
        checkBlobSize(name, kind, rangeSizeInBytes, lengthInBytes);
        reportLength(options, name, raw.lengthInBytes, expectedLength);
      },
    });
    return await recordFile(context.record, written, file, async () => {
      const { hashes } = written;
      await raw.checkComplete();
      const blob = describe(hashes);
      return { blob, rangeHashes: hashesToStore(blob, hashes) };
    });
  } finally {
    await opened.close();
  }
}

async function recordFile(
  record: StageBlobContext["record"],
  written: WrittenBlobFile,
  file: number,
  complete: () => Promise<Omit<PendingBlob, "content">>,
): Promise<SeedBlob> {
  const { handle, folder } = written;
  try {
    return await record({ ...(await complete()), content: { type: "file", file, handle, folder } });
  } catch (error) {
    await written.discard();
    throw error;
  }
}

function hashesToStore(blob: Omit<SeedBlob, "index">, hashes: ContentHashes): Uint8Array | undefined {
  return hashOfWholeIsRangeHash(blob) || hashes.rangeHashes.length === 0 ? undefined : hashes.rangeHashes;
}

function compressionFor(
  name: string,
  kind: SeedBlobKind,
  options: WriteBlobOptions,
): ResolvedCompression | undefined {
  const compression = resolveCompression(options.compression);
  if (compression === undefined) return undefined;
  const reason =
    kind === "page"
      ? "a page blob is a disk, whose bytes must stay where they are"
      : options.headers?.contentEncoding !== undefined
        ? "headers.contentEncoding says that it is encoded already"
        : undefined;
  if (reason === undefined) return compression;
  throw new StagingError("option-invalid", `Blob '${name}' cannot be compressed: ${reason}.`, {
    details: { name },
  });
}

function reportLength(
  options: WriteBlobOptions,
  name: string,
  bytesDone: number,
  bytesTotal: number | undefined,
): void {
  try {
    options.onProgress?.(
      Object.freeze({ phase: "staging", bytesDone, bytesTotal, itemsDone: 0, itemsTotal: 1, item: name }),
    );
  } catch {
    // A listener is the caller's display; its failure must not cost the caller a blob.
  }
}
