import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerClient } from "@azure/storage-blob";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Azurite, startAzurite } from "../../src/emulator/index.js";
import {
  applyIncrement,
  formatIncrementPlan,
  planIncrement,
  reconcileSeed,
  repairSeed,
} from "../../src/importjob/index.js";
import {
  extractSeed,
  openStagingLocation,
  type StageDirectoryOptions,
  type StagedSeedCatalog,
  stageDirectory,
} from "../../src/staging/index.js";
import { newContainer, patternedBytes } from "./support/azurite-container.js";
import { subscriptionId } from "./support/import-orders.js";

const mebibyte = 1 << 20;
let azurite: Azurite;
let folder: string;
let source: string;
let container: ContainerClient;
let catalog: StagedSeedCatalog | undefined;

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-increment-"));
  source = join(folder, "source");
  container = await newContainer(azurite);
  await mkdir(join(source, "docs", "empty"), { recursive: true });
  const files: [string, Buffer][] = [
    ["docs/kept.txt", patternedBytes(2000, 1)],
    ["docs/grown.txt", patternedBytes(3000, 2)],
    ["docs/touched.txt", patternedBytes(4000, 3)],
    ["docs/secretly changed.txt", patternedBytes(5000, 4)],
    ["docs/gone.txt", patternedBytes(600, 5)],
    ["big.bin", patternedBytes(10 * mebibyte, 6)],
    ["disk.vhd", patternedBytes(8192, 7)],
  ];
  for (const [path, content] of files) await put(path, content, 1_700_000_000);
  if (process.platform !== "win32") await symlink("docs/kept.txt", join(source, "link"));
});
afterEach(async () => {
  await catalog?.close();
  catalog = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function put(path: string, content: Uint8Array, timeInSeconds: number): Promise<void> {
  await writeFile(join(source, path), content);
  await utimes(join(source, path), timeInSeconds, timeInSeconds);
}

/** Stages the source and puts the seed into the container, as if the drives had arrived. */
async function arrive(options: StageDirectoryOptions = {}): Promise<StagedSeedCatalog> {
  const location = await openStagingLocation(join(folder, "staging"), { create: true });
  const writer = await location.createSeed({
    jobName: "first-seed",
    subscriptionId,
    storageAccountName: "seedaccount",
    containerName: "seed",
  });
  await stageDirectory(writer, source, { threads: 1, ...options });
  catalog = await writer.seal();
  await repairSeed(container, catalog, await reconcileSeed(container, catalog));
  expect((await reconcileSeed(container, catalog)).isProven).toBe(true);
  return catalog;
}

/** What happens at the source while the drives travel. */
async function liveOn(): Promise<void> {
  await put("docs/grown.txt", patternedBytes(3500, 2), 1_700_000_100);
  await put("docs/touched.txt", patternedBytes(4000, 3), 1_700_000_100);
  await put("docs/secretly changed.txt", patternedBytes(5000, 8), 1_700_000_000);
  await put("docs/new file.txt", patternedBytes(700, 9), 1_700_000_100);
  const big = patternedBytes(10 * mebibyte, 6);
  big[5 * mebibyte]! ^= 1;
  await put("big.bin", big, 1_700_000_100);
  await rm(join(source, "docs/gone.txt"));
}

/** Everything below a folder: contents, link targets, and times of files. */
async function treeOf(root: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(root.length + 1).replaceAll("\\", "/");
    if (entry.isSymbolicLink()) tree[name] = `link to ${await readlink(path)}`;
    else if (entry.isDirectory()) tree[name] = "folder";
    else
      tree[name] = `${(await readFile(path)).toString("base64")} ${Math.floor((await stat(path)).mtimeMs)}`;
  }
  return tree;
}

async function extracted(): Promise<Record<string, string>> {
  const target = await mkdtemp(join(folder, "extracted-"));
  // "fail" makes a file that is there twice an error.
  expect(await extractSeed(container, target, { existing: "fail" })).toMatchObject({ failureCount: 0 });
  return treeOf(target);
}

describe.each<[string, StageDirectoryOptions]>([
  ["every file a blob", {}],
  ["a name prefix", { namePrefix: "srv01/" }],
  ["small files in bundles", { bundle: { maxFileBytes: 64 * 1024 } }],
  ["small files in compressed bundles", { bundle: { maxFileBytes: 64 * 1024 }, compression: "gzip" }],
])("a seed with %s", (_what, options) => {
  test("gets exactly what changed, and extracts to the source as it is now", async () => {
    const seed = await arrive(options);
    const { namePrefix = "" } = options;
    expect(await planIncrement(seed, source, { namePrefix })).toMatchObject({
      items: [],
      removed: [],
      changedBytes: 0,
    });
    await liveOn();
    const plan = await planIncrement(seed, source, { namePrefix, compare: "content" });
    const isBundled = options.bundle !== undefined;
    expect(
      plan.items.map(({ action, path, reason }) => `${action} ${path.slice(namePrefix.length)} ${reason}`),
    ).toEqual([
      `replace big.bin ${options.compression ? "time" : "content"}`,
      "replace docs/grown.txt length",
      "add docs/new file.txt new",
      // Inside a bundle there is no hash of the file alone: a new time is uploaded, a change behind an old one is not seen.
      ...(isBundled ? ["replace docs/touched.txt time"] : ["replace docs/secretly changed.txt content"]),
    ]);
    expect(plan.removed.map(({ path }) => path)).toEqual([`${namePrefix}docs/gone.txt`]);
    expect(formatIncrementPlan(plan)).toContain("add ");

    const report = await applyIncrement(container, seed, plan, {
      deleteRemoved: { confirm: container.containerName },
    });
    expect(report).toMatchObject({
      uploaded: plan.items.length,
      failures: [],
      indexesRewritten: isBundled ? 1 : 0,
    });
    // Of the large file one block of three changed.
    if (!options.compression) expect(report.bytesReused).toBe(6 * mebibyte);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    const expected = await treeOf(source);
    const actual = await extracted();
    const shown = namePrefix === "" ? actual : withoutPrefix(actual, namePrefix);
    if (isBundled) expect(shown["docs/secretly changed.txt"]).not.toBe(expected["docs/secretly changed.txt"]);
    for (const tree of [shown, expected]) {
      if (isBundled) delete tree["docs/secretly changed.txt"];
      // Its time changed, its content did not: without bundles it is not uploaded.
      if (!isBundled) tree["docs/touched.txt"] = tree["docs/touched.txt"]!.split(" ")[0]!;
    }
    expect(shown).toEqual(expected);
  });
});

function withoutPrefix(tree: Record<string, string>, prefix: string): Record<string, string> {
  const entries = Object.entries(tree).filter(([path]) => path !== prefix.slice(0, -1));
  return Object.fromEntries(entries.map(([path, content]) => [path.slice(prefix.length), content]));
}

describe("applyIncrement", () => {
  test("may be repeated, takes no second plan, and deletes only with the container's name", async () => {
    const seed = await arrive();
    await liveOn();
    const plan = await planIncrement(seed, source);
    const wrong = applyIncrement(container, seed, plan, { deleteRemoved: { confirm: "yes" } });
    await expect(wrong).rejects.toMatchObject({ code: "confirmation-required" });
    expect(await applyIncrement(container, seed, plan)).toMatchObject({ deleted: 0, failures: [] });
    expect(await applyIncrement(container, seed, plan)).toMatchObject({ failures: [] });
    expect(await container.getBlobClient("docs/gone.txt").exists()).toBe(true);
    await put("docs/later.txt", patternedBytes(1), 1_700_000_200);
    const second = await planIncrement(seed, source);
    await expect(applyIncrement(container, seed, second)).rejects.toMatchObject({ code: "wrong-state" });
    await expect(applyIncrement(container, { ...seed, seedId: "other" }, plan)).rejects.toMatchObject({
      code: "invalid-source",
    });
  });

  test("a file that changes after the plan is not uploaded, the others are", async () => {
    const seed = await arrive();
    await liveOn();
    const plan = await planIncrement(seed, source);
    await put("docs/new file.txt", patternedBytes(701, 9), 1_700_000_300);
    const report = await applyIncrement(container, seed, plan);
    expect(report.failures).toMatchObject([{ path: "docs/new file.txt", code: "invalid-source" }]);
    expect(await container.getBlobClient("docs/new file.txt").exists()).toBe(false);
    expect(report.uploaded).toBe(plan.items.length - 1);
  });
});

describe("planIncrement", () => {
  test("a source that cannot be read is an error and not a removal of everything", async () => {
    const seed = await arrive();
    await expect(planIncrement(seed, join(folder, "nowhere"))).rejects.toMatchObject({
      code: "invalid-source",
    });
  });

  (process.platform === "win32" ? test.skip : test)(
    "what cannot be read is neither changed nor gone",
    async () => {
      const seed = await arrive();
      await rm(join(source, "docs"), { recursive: true });
      await symlink("nowhere", join(source, "docs"));
      const plan = await planIncrement(seed, source, { symlinks: "follow" });
      // The link of the source leads into the folder that is gone.
      expect(plan.unreadable.map(({ path, code }) => `${path} ${code}`)).toEqual([
        "docs ENOENT",
        "link ENOENT",
      ]);
      expect(plan.removed.filter(({ path }) => path.startsWith("docs"))).toEqual([]);
      expect(formatIncrementPlan(plan)).toContain("docs (ENOENT)");
    },
  );

  test("by time, a change behind an old time is not seen; by content it is", async () => {
    const seed = await arrive();
    await liveOn();
    const byTime = await planIncrement(seed, source);
    expect(byTime.items.map(({ path }) => path)).not.toContain("docs/secretly changed.txt");
    expect(byTime.items.map(({ path }) => path)).not.toContain("docs/touched.txt");
  });
});
