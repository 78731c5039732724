import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { openStagingLocation, type StagedSeedCatalog, verifySeed } from "../../src/staging/index.js";
import { codeOf, pseudoRandomBytes, seedSettings, withTemporaryFolder } from "./support.js";

async function stageSome(folder: string, count: number): Promise<StagedSeedCatalog> {
  const location = await openStagingLocation(folder);
  const writer = await location.createSeed(seedSettings);
  for (let at = 0; at < count; at += 1)
    await writer.writeBlob(`small-${at}`, pseudoRandomBytes(100 + at, at + 1));
  await writer.writeBlob("large", pseudoRandomBytes(9 * 1024 * 1024, 99));
  return writer.seal();
}

async function flipByte(path: string, offsetInBytes: number): Promise<void> {
  const handle = await open(path, "r+");
  try {
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, offsetInBytes);
    byte[0]! ^= 0x40;
    await handle.write(byte, 0, 1, offsetInBytes);
  } finally {
    await handle.close();
  }
}

describe("verifySeed", () => {
  test("names the blob and the range of every flipped bit", async () => {
    await withTemporaryFolder(async (folder) => {
      const catalog = await stageSome(folder, 5);
      const seedFolder = join(folder, "seed-one");
      await flipByte(join(seedFolder, "data", "packs", "00000000.pack"), 150);
      await flipByte(join(seedFolder, "data", "blobs", "000000", "000000000.blob"), 5 * 1024 * 1024);
      const report = await verifySeed(catalog);
      expect(
        report.problems
          .map(({ name, status, firstDifferentRange }) => [name, status, firstDifferentRange])
          .sort(),
      ).toEqual([
        ["large", "different", 1],
        ["small-1", "different", 0],
      ]);
      expect(report.blobsEqual).toBe(4);
      await catalog.close();
    });
  });

  test("tells a damaged hash file from damaged data", async () => {
    await withTemporaryFolder(async (folder) => {
      const catalog = await stageSome(folder, 1);
      await flipByte(join(folder, "seed-one", "range-hashes.bin"), 33);
      const { problems } = await verifySeed(catalog);
      expect(problems).toEqual([
        expect.objectContaining({
          name: "large",
          firstDifferentRange: 2,
          message: expect.stringContaining("recorded hash"),
        }),
      ]);
      await catalog.close();
    });
  });

  test("a sample is the same for the same seed and covers about its part", async () => {
    await withTemporaryFolder(async (folder) => {
      const catalog = await stageSome(folder, 400);
      const sample = async (randomSeed: number): Promise<number[]> => {
        const indexes: number[] = [];
        await verifySeed(catalog, {
          sampleFraction: 0.25,
          randomSeed,
          onBlob: ({ index }) => indexes.push(index),
        });
        return indexes.sort((left, right) => left - right);
      };
      const [one, again, two] = [await sample(7), await sample(7), await sample(8)];
      expect(one).toEqual(again);
      expect(one).not.toEqual(two);
      expect(one.length > 60 && one.length < 140).toBe(true);
      expect(await codeOf(verifySeed(catalog, { sampleFraction: 0 }))).toBe("option-invalid");
      await catalog.close();
    });
  });

  test("a catalog cut short is an error, not a smaller seed", async () => {
    await withTemporaryFolder(async (folder) => {
      await (await stageSome(folder, 3)).close();
      const path = join(folder, "seed-one", "catalog.ndjson");
      const text = await readFile(path, "utf8");
      await writeFile(path, text.slice(0, text.length - 20));
      const location = await openStagingLocation(folder);
      expect(await codeOf(location.openSeed("seed-one"))).toBe("catalog-damaged");
    });
  });
});
