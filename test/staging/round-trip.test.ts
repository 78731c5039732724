/**
 * A tree on the whole way: staging, encrypted drive images, the emulated datacentre, blobs in Azurite, and back into files. 50,000 files
 * with OFFLINE_SEED_LONG, otherwise fewer.
 */
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { expect, test } from "@jest/globals";
import { runDemo } from "../../demo/run-demo.js";
import { type ExtractSeedReport, extractSeed } from "../../src/staging/index.js";
import { pseudoRandomBytes, withTemporaryFolder } from "./support.js";
import { describeTree, makeAwkwardTree } from "./tree-support.js";

const long = process.env["OFFLINE_SEED_LONG"] === "1";
const fileCount = long ? 50_000 : 3000;
const filesInFolder = 250;

/** Small files of all lengths up to 6 KiB, compressible and not, with times in microseconds. */
async function makeManyFiles(root: string): Promise<void> {
  const noise = pseudoRandomBytes(8192, 77);
  for (let first = 0; first < fileCount; first += filesInFolder) {
    const folder = join(root, `group ${first % 7}`, `folder-${first}`);
    await mkdir(folder, { recursive: true });
    for (let at = first; at < Math.min(fileCount, first + filesInFolder); at += 1) {
      const path = join(folder, `файл-${at}.${at % 3 === 0 ? "json" : "bin"}`);
      const length = (at * 37) % 6000;
      const bytes =
        at % 3 === 0 ? Buffer.alloc(length, `${at},`) : noise.subarray(at % 2000, (at % 2000) + length);
      await writeFile(path, bytes);
      await utimes(path, 1_600_000_000, 1_600_000_000.5 + at * 1.000001);
    }
  }
}

test(
  `${fileCount} files come back from the container as they were`,
  async () => {
    await withTemporaryFolder(async (folder) => {
      const source = join(folder, "source");
      const target = join(folder, "target");
      await makeAwkwardTree(source);
      await makeManyFiles(source);
      const expected = await describeTree(source);
      let extracted: ExtractSeedReport | undefined;
      const messages: string[] = [];
      const output = new Writable({
        write(chunk, _encoding, done) {
          messages.push(String(chunk));
          done();
        },
      });
      const { report } = await runDemo(
        { source, service: "import-export", json: true, keep: undefined, help: false },
        output as unknown as NodeJS.WriteStream,
        {
          // Most files travel in bundles, the longest as blobs of their own.
          staging: { bundle: { maxFileBytes: 5500 }, compression: "auto" },
          async afterImport(storage) {
            extracted = await extractSeed(storage.getContainerClient("seed"), target);
          },
        },
      );
      expect(messages.filter((message) => message.includes("not staged"))).toEqual([]);
      const { missing, different, findings } = report;
      expect({ missing, different, findings }).toEqual({ missing: 0, different: 0, findings: [] });
      expect(extracted?.failures).toEqual([]);
      const found = await describeTree(target);
      expect(Object.keys(found).length).toBeGreaterThan(fileCount);
      expect(found).toEqual(expected);
    });
  },
  long ? 3_600_000 : 240_000,
);
