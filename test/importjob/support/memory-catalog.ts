/** A seed catalog in memory, for tests that need one without a staging folder. */
import { createHash } from "node:crypto";
import {
  type SeedBlob,
  type SeedBlobHeaders,
  type SeedBlobRange,
  type SeedCatalog,
  seedBlobRanges,
} from "../../../src/staging/index.js";

/** One blob to put into a catalog. */
export interface MemoryBlob {
  readonly name: string;
  readonly content: Uint8Array;
  readonly kind?: "block" | "page";
  readonly rangeSizeInBytes?: number;
  readonly headers?: SeedBlobHeaders;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly dataStretches?: readonly SeedBlobRange[];
}

/** Options of {@link memoryCatalog}. */
export interface MemoryCatalogOptions {
  readonly containerName?: string;
  readonly jobName?: string;
  /** Whether hashing was left to the drive copy. */
  readonly withoutHashes?: boolean;
}

/** A catalog of the given blobs; counts how often staged files are opened. */
export function memoryCatalog(
  blobs: readonly MemoryBlob[],
  options: MemoryCatalogOptions = {},
): SeedCatalog & { readonly openedStagedBlobs: () => number } {
  let opened = 0;
  const entries = blobs.map(
    (blob, index): SeedBlob => ({
      index,
      name: blob.name,
      kind: blob.kind ?? "block",
      lengthInBytes: blob.content.length,
      md5: options.withoutHashes ? undefined : createHash("md5").update(blob.content).digest("hex"),
      modifiedAtInMs: 1_700_000_000_000,
      headers: blob.headers ?? {},
      metadata: blob.metadata ?? {},
      rangeSizeInBytes: blob.rangeSizeInBytes ?? 4096,
      dataStretches: blob.dataStretches,
    }),
  );
  return {
    seedId: "11111111-2222-4333-8444-555555555555",
    jobName: options.jobName ?? "first-seed",
    containerName: options.containerName ?? "seed",
    blobCount: blobs.length,
    totalBytes: blobs.reduce((sum, blob) => sum + blob.content.length, 0),
    async *blobs({ startIndex = 0 } = {}) {
      for (const entry of entries.slice(startIndex)) yield entry;
    },
    async readRangeHashes(blob, firstRange, count) {
      if (options.withoutHashes) return undefined;
      const ranges = [...seedBlobRanges(blob)].slice(firstRange, firstRange + count);
      return Buffer.concat(
        ranges.map(({ offsetInBytes, lengthInBytes }) =>
          createHash("md5")
            .update(blobs[blob.index]!.content.subarray(offsetInBytes, offsetInBytes + lengthInBytes))
            .digest(),
        ),
      );
    },
    stagedFilePath: () => undefined,
    async openStagedBlob(blob) {
      opened += 1;
      const { content } = blobs[blob.index]!;
      return {
        async read(offsetInBytes, target) {
          target.set(content.subarray(offsetInBytes, offsetInBytes + target.length));
        },
        async close() {},
      };
    },
    async close() {},
    openedStagedBlobs: () => opened,
  };
}
