/** Seed catalogs for tests of the drive room: staged files in a folder, entries in memory. */
import { createHash } from "node:crypto";
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SeedBlob, type SeedCatalog, seedBlobRanges } from "../../src/staging/index.js";

/** One blob of a test seed. */
export interface TestBlob extends Partial<Omit<SeedBlob, "index" | "name" | "lengthInBytes">> {
  readonly name: string;
  readonly content: Uint8Array;
}

/** Options of {@link stageTestSeed}. */
export interface TestSeedOptions {
  /** Leaves all hashes to the drive copy. */
  readonly withoutHashes?: boolean;
  /** Hides the staged paths, as a source that is no plain local file does. */
  readonly withoutPaths?: boolean;
  readonly containerName?: string;
}

/** Writes the blobs' content to numbered files and returns a catalog of them. */
export async function stageTestSeed(
  folder: string,
  blobs: readonly TestBlob[],
  options: TestSeedOptions = {},
): Promise<SeedCatalog> {
  await mkdir(folder, { recursive: true });
  const pathOf = (index: number): string => join(folder, `${index}.blob`);
  const entries: SeedBlob[] = [];
  const rangeHashes: Uint8Array[] = [];
  for (const [index, { content, ...fields }] of blobs.entries()) {
    await writeFile(pathOf(index), content);
    const entry: SeedBlob = {
      kind: "block",
      modifiedAtInMs: Date.UTC(2026, 0, 1, 12, 0, 0) + index,
      headers: {},
      metadata: {},
      rangeSizeInBytes: 4 * 1024 * 1024,
      dataStretches: undefined,
      md5: options.withoutHashes ? undefined : createHash("md5").update(content).digest("hex"),
      ...fields,
      index,
      lengthInBytes: content.length,
    };
    entries.push(entry);
    rangeHashes.push(
      Buffer.concat(
        [...seedBlobRanges(entry)].map(({ offsetInBytes, lengthInBytes }) =>
          createHash("md5")
            .update(content.subarray(offsetInBytes, offsetInBytes + lengthInBytes))
            .digest(),
        ),
      ),
    );
  }
  return {
    seedId: "0f0e0d0c-0b0a-4908-8706-050403020100",
    jobName: "test-job",
    containerName: options.containerName ?? "seed-container",
    blobCount: entries.length,
    totalBytes: entries.reduce((sum, entry) => sum + entry.lengthInBytes, 0),
    async *blobs({ startIndex = 0 } = {}) {
      yield* entries.slice(startIndex);
    },
    readRangeHashes: async (blob, firstRange, count) =>
      options.withoutHashes
        ? undefined
        : rangeHashes[blob.index]!.subarray(firstRange * 16, (firstRange + count) * 16),
    stagedFilePath: (blob) => (options.withoutPaths ? undefined : pathOf(blob.index)),
    openStagedBlob: async (blob) => {
      const file = await open(pathOf(blob.index), "r");
      return {
        read: async (offsetInBytes, target) => {
          const { bytesRead } = await file.read(target, 0, target.length, offsetInBytes);
          if (bytesRead !== target.length) throw new Error("short read");
        },
        close: () => file.close(),
      };
    },
    close: async () => undefined,
  };
}

/** Bytes that look random but are the same in every run. */
export function patternBytes(lengthInBytes: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(lengthInBytes / 4));
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, lengthInBytes);
}

/** A random source that gives the same bytes in every run. Never use it for real keys. */
export function repeatableRandom(seed: number): (target: Uint8Array) => void {
  let calls = 0;
  return (target) => target.set(patternBytes(target.length, seed + 1000 * ++calls));
}
