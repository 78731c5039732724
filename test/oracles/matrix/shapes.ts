/** The seeds of the matrix: few big files, many small ones, one enormous directory. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { type SeedBlob, type SeedCatalog, seedBlobRanges } from "../../../src/staging/index.js";
import { patternBytes } from "../../support/memory-catalog.js";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** One kind of seed. */
export interface Shape {
  readonly name: string;
  /** Records of the file table are as long as a sector of 4096 bytes, so those drives need more room. */
  readonly driveSizeInBytes: { readonly 512: number; readonly 4096: number };
  /** Names and lengths of the blobs. */
  readonly blobs: () => Iterable<readonly [name: string, lengthInBytes: number]>;
}

function* fewBig(): Generator<readonly [string, number]> {
  yield ["image of a server.vhdx", 40 * mebibyte];
  yield ["folder/Ünïcödé 日本語 😀.bin", 17 * mebibyte + 1];
  yield [`${"long ".repeat(40)}name.bak`, 5 * mebibyte + 4095];
  yield ["folder/sub/one byte", 1];
  yield ["empty", 0];
}

function* manySmall(): Generator<readonly [string, number]> {
  for (let index = 0; index < 20_000; index += 1) {
    const folder = `department ${index % 40}/year ${2000 + (index % 7)}`;
    yield [`${folder}/document ${index}.txt`, (index * 7919) % 6000];
  }
}

function* oneDirectory(): Generator<readonly [string, number]> {
  for (let index = 0; index < 100_000; index += 1) {
    // Not in the order of the directory, so that the index has to be sorted.
    const name = (index * 48_271) % 100_003;
    yield [`mail/message ${name}.eml`, (index * 31) % 500];
  }
}

/** All shapes. */
export const shapes: readonly Shape[] = [
  { name: "few big files", driveSizeInBytes: { 512: 128 * mebibyte, 4096: 128 * mebibyte }, blobs: fewBig },
  {
    name: "20,000 small files",
    driveSizeInBytes: { 512: 192 * mebibyte, 4096: 256 * mebibyte },
    blobs: manySmall,
  },
  {
    name: "one directory of 100,000",
    driveSizeInBytes: { 512: 256 * mebibyte, 4096: 576 * mebibyte },
    blobs: oneDirectory,
  },
];

/** A staged seed, and the MD5 of every file by its path below the folder `seed`. */
export interface StagedShape {
  readonly catalog: SeedCatalog;
  readonly md5ByPath: ReadonlyMap<string, string>;
}

/** Stages a shape as one file that all blobs share. */
export async function stageShape(shape: Shape, folder: string): Promise<StagedShape> {
  const path = join(folder, `${shape.name}.pack`);
  const entries: SeedBlob[] = [];
  const offsets: number[] = [];
  const rangeHashes: Uint8Array[] = [];
  const md5ByPath = new Map<string, string>();
  const pack = await open(path, "w");
  try {
    let offset = 0;
    let pending: Uint8Array[] = [];
    for (const [name, lengthInBytes] of shape.blobs()) {
      const content = patternBytes(lengthInBytes, entries.length + 1);
      const md5 = createHash("md5").update(content).digest("hex");
      const index = entries.length;
      const entry: SeedBlob = {
        index,
        name,
        kind: "block",
        lengthInBytes,
        md5,
        modifiedAtInMs: Date.UTC(2026, 0, 1) + index * 1000,
        headers: {},
        metadata: {},
        rangeSizeInBytes: 4 * mebibyte,
        dataStretches: undefined,
      };
      entries.push(entry);
      offsets.push(offset);
      rangeHashes.push(
        Buffer.concat(
          [...seedBlobRanges(entry)].map((range) =>
            createHash("md5")
              .update(content.subarray(range.offsetInBytes, range.offsetInBytes + range.lengthInBytes))
              .digest(),
          ),
        ),
      );
      md5ByPath.set(name, md5);
      offset += lengthInBytes;
      pending.push(content);
      if (pending.length === 1000) {
        await pack.appendFile(Buffer.concat(pending));
        pending = [];
      }
    }
    await pack.appendFile(Buffer.concat(pending));
  } finally {
    await pack.close();
  }
  return { catalog: catalogOf(await open(path, "r"), path, entries, offsets, rangeHashes), md5ByPath };
}

function catalogOf(
  pack: FileHandle,
  path: string,
  entries: readonly SeedBlob[],
  offsets: readonly number[],
  rangeHashes: readonly Uint8Array[],
): SeedCatalog {
  return {
    seedId: "0f0e0d0c-0b0a-4908-8706-050403020100",
    jobName: "matrix",
    containerName: "seed-container",
    blobCount: entries.length,
    totalBytes: entries.reduce((sum, entry) => sum + entry.lengthInBytes, 0),
    async *blobs({ startIndex = 0 } = {}) {
      yield* entries.slice(startIndex);
    },
    readRangeHashes: async ({ index }, firstRange, count) =>
      rangeHashes[index]!.subarray(firstRange * 16, (firstRange + count) * 16),
    stagedFilePath: () => undefined,
    stagedFileExtent: ({ index, lengthInBytes }) =>
      lengthInBytes === 0 ? undefined : { path, offsetInBytes: offsets[index]! },
    openStagedBlob: async ({ index }) => ({
      read: async (offsetInBytes, target) => {
        const { bytesRead } = await pack.read(target, 0, target.length, offsets[index]! + offsetInBytes);
        if (bytesRead !== target.length) throw new Error("short read");
      },
      close: async () => undefined,
    }),
    close: () => pack.close(),
  };
}
