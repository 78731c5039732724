/** Millions of blobs: the comparison keeps typed columns, not objects. Five million with OFFLINE_SEED_LONG=1. */
import { createHash } from "node:crypto";
import type { ContainerClient } from "@azure/storage-blob";
import { expect, test } from "@jest/globals";
import { reconcileSeed } from "../../src/importjob/index.js";
import type { SeedBlob, SeedCatalog } from "../../src/staging/index.js";

const isLong = process.env["OFFLINE_SEED_LONG"] === "1";
const blobCount = isLong ? 5_000_000 : 30_000;
const pageSize = 5000;

const nameOf = (index: number): string => `folder ${index % 997}/sub ${index % 89}/file number ${index}.bin`;
const md5Of = (index: number): Buffer => createHash("md5").update(String(index)).digest();

function entry(index: number): SeedBlob {
  return {
    index,
    name: nameOf(index),
    kind: "block",
    lengthInBytes: 1000 + (index % 7),
    md5: md5Of(index).toString("hex"),
    modifiedAtInMs: 1_700_000_000_000 + index,
    headers: {},
    metadata: { mtime: String(index) },
    rangeSizeInBytes: 4 << 20,
    dataStretches: undefined,
  };
}

const catalog = {
  seedId: "many",
  jobName: "many-seed",
  containerName: "many",
  blobCount,
  totalBytes: blobCount * 1003,
  async *blobs({ startIndex = 0 } = {}) {
    for (let index = startIndex; index < blobCount; index += 1) yield entry(index);
  },
} as unknown as SeedCatalog;

/** Lists in another order than the catalog's; every 1000th is missing, every 1000th and one has other content. */
const container = {
  containerName: "many",
  listBlobsFlat: () => ({
    async *byPage() {
      for (let from = 0; from < blobCount; from += pageSize) {
        const blobItems: unknown[] = [];
        for (let at = from; at < Math.min(from + pageSize, blobCount); at += 1) {
          const index = (at * 7919) % blobCount;
          if (index % 1000 === 0) continue;
          blobItems.push({
            name: nameOf(index),
            metadata: { Mtime: String(index) },
            properties: {
              etag: "0x1",
              blobType: "BlockBlob",
              contentLength: 1000 + (index % 7),
              contentMD5: index % 1000 === 1 ? md5Of(index + 1) : md5Of(index),
            },
          });
        }
        yield { segment: { blobItems } };
      }
    },
  }),
} as unknown as ContainerClient;

test(`compares ${blobCount} blobs with bounded memory`, async () => {
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const report = await reconcileSeed(container, catalog, {
    onProgress: () => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    },
  });
  expect(report).toMatchObject({
    arrivedEqual: blobCount - (2 * blobCount) / 1000,
    missing: blobCount / 1000,
    different: blobCount / 1000,
    labelsDiffer: 0,
    extra: 0,
    isProven: false,
  });
  // Runs are complete although only the first findings are kept with their texts.
  const unproven = report.unproven.reduce((sum, run) => sum + run.endIndex - run.firstIndex, 0);
  expect([unproven, report.findings.length]).toEqual([
    (2 * blobCount) / 1000,
    Math.min(1000, (2 * blobCount) / 1000),
  ]);
  // Columns and hash table; the rest of the allowance is for pieces of input not collected yet.
  expect(most).toBeLessThan(blobCount * 64 + (64 << 20));
  if (isLong)
    console.log(
      `columns: ${Math.round(most / 2 ** 20)} MiB, process: ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`,
    );
}, 3_600_000);
