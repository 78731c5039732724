import { createHash } from "node:crypto";
import type { ContainerClient } from "@azure/storage-blob";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { type Azurite, startAzurite } from "../../src/emulator/index.js";
import { copySeedToVault, reconcileSeed } from "../../src/importjob/index.js";
import {
  md5Id,
  newContainer,
  patternedBlob,
  patternedBytes,
  putBlocks,
  putWhole,
} from "./support/azurite-container.js";
import { type MemoryBlob, memoryCatalog } from "./support/memory-catalog.js";

let azurite: Azurite;
let seed: ContainerClient;
let vault: ContainerClient;
const blobs: MemoryBlob[] = [
  patternedBlob("a/whole", 5000),
  patternedBlob("b/blocks", 9000),
  patternedBlob("c/empty", 0),
  { name: "d/page", content: patternedBytes(4096), kind: "page" },
];
const catalog = memoryCatalog(blobs);

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.close());
beforeEach(async () => {
  seed = await newContainer(azurite);
  vault = await newContainer(azurite);
  await putWhole(seed, blobs[0]!);
  await putBlocks(seed, blobs[1]!, md5Id);
  await putWhole(seed, blobs[2]!);
  const page = seed.getPageBlobClient("d/page");
  await page.create(4096);
  await page.uploadPages(blobs[3]!.content, 0, 4096);
});

async function namesIn(container: ContainerClient): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat()) names.push(name);
  return names;
}

test("copies every kind of blob; a second run copies nothing", async () => {
  const report = await reconcileSeed(seed, catalog);
  const first = await copySeedToVault(seed, vault, catalog, report, { pollingIntervalInMs: 1 });
  expect(first).toEqual({
    blobs: 4,
    copied: 4,
    bytesCopied: 18_096,
    alreadyThere: 0,
    failures: [],
    cleared: 0,
  });
  expect(await reconcileSeed(vault, catalog, { readBytes: "always" })).toMatchObject({ isProven: true });
  expect(await copySeedToVault(seed, vault, catalog, report)).toMatchObject({ copied: 0, alreadyThere: 4 });
  expect(await namesIn(seed)).toHaveLength(4);
});

test("what somebody else put into the vault with a claimed hash is not taken for the seed's", async () => {
  const page = vault.getPageBlobClient("d/page");
  const claim = { blobContentMD5: createHash("md5").update(blobs[3]!.content).digest() };
  await seed.getPageBlobClient("d/page").setHTTPHeaders(claim);
  await page.create(4096, { blobHTTPHeaders: claim });
  await page.uploadPages(patternedBytes(4096, 9), 0, 4096);
  const report = await reconcileSeed(seed, catalog);
  expect(await copySeedToVault(seed, vault, catalog, report)).toMatchObject({ copied: 4, failures: [] });
  expect(await reconcileSeed(vault, catalog, { readBytes: "always" })).toMatchObject({ isProven: true });
});

test("a copy older than the seed's blob is made anew", async () => {
  const report = await reconcileSeed(seed, catalog);
  await copySeedToVault(seed, vault, catalog, report);
  // Equal again after it was replaced twice, so that only the times tell that the copy is older.
  const page = seed.getPageBlobClient("d/page");
  await page.uploadPages(patternedBytes(4096, 9), 0, 4096);
  const { copyCompletedOn } = await vault.getPageBlobClient("d/page").getProperties();
  while (Date.now() < copyCompletedOn!.getTime() + 1000)
    await page.uploadPages(patternedBytes(4096, 9), 0, 4096);
  await page.uploadPages(blobs[3]!.content, 0, 4096);
  expect(await copySeedToVault(seed, vault, catalog, report)).toMatchObject({ copied: 1, alreadyThere: 3 });
});

test("clears the seed container only when confirmed by name, and leaves what is not the seed's", async () => {
  const report = await reconcileSeed(seed, catalog);
  const wrong = copySeedToVault(seed, vault, catalog, report, { clearSeed: { confirm: "seed" } });
  await expect(wrong).rejects.toMatchObject({ code: "confirmation-required" });
  expect(await namesIn(vault)).toEqual([]);
  await putWhole(seed, patternedBlob("not-of-the-seed", 10));
  const options = { namePrefix: "vault/", clearSeed: { confirm: seed.containerName } };
  expect(await copySeedToVault(seed, vault, catalog, report, options)).toMatchObject({
    copied: 4,
    cleared: 4,
  });
  expect(await namesIn(seed)).toEqual(["not-of-the-seed"]);
  expect(await namesIn(vault)).toEqual(["vault/a/whole", "vault/b/blocks", "vault/c/empty", "vault/d/page"]);
});

test("refuses a seed that is not proven, another seed's report, and copying onto itself", async () => {
  await seed.getBlobClient("a/whole").delete();
  const incomplete = await reconcileSeed(seed, catalog);
  await expect(copySeedToVault(seed, vault, catalog, incomplete)).rejects.toMatchObject({
    code: "not-verified",
  });
  const proven = { ...incomplete, isProven: true };
  await expect(copySeedToVault(vault, seed, catalog, proven)).rejects.toMatchObject({ code: "not-verified" });
  await expect(copySeedToVault(seed, seed, catalog, proven)).rejects.toMatchObject({
    code: "invalid-source",
  });
  expect(await namesIn(vault)).toEqual([]);
});

test("a blob changed since the comparison is not copied, and nothing is cleared", async () => {
  const report = await reconcileSeed(seed, catalog);
  await putWhole(seed, blobs[0]!, patternedBytes(5000, 2));
  const options = { clearSeed: { confirm: seed.containerName } };
  expect(await copySeedToVault(seed, vault, catalog, report, options)).toMatchObject({
    copied: 3,
    cleared: 0,
    failures: [{ index: 0, name: "a/whole" }],
  });
  expect(await namesIn(seed)).toHaveLength(4);
});

test("a copy that vanishes from the vault before clearing keeps its original", async () => {
  const report = await reconcileSeed(seed, catalog);
  let passes = 0;
  const watched = {
    ...catalog,
    async *blobs(options?: Parameters<typeof catalog.blobs>[0]) {
      passes += 1;
      if (passes === 2) await vault.getBlobClient("a/whole").delete();
      yield* catalog.blobs(options);
    },
  };
  const options = { clearSeed: { confirm: seed.containerName } };
  expect(await copySeedToVault(seed, vault, watched, report, options)).toMatchObject({
    copied: 4,
    cleared: 3,
  });
  expect(await namesIn(seed)).toEqual(["a/whole"]);
});
