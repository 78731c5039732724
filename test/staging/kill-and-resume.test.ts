import { spawnSync } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  extractSeed,
  openStagingLocation,
  type StageDirectoryOptions,
  stageDirectory,
  verifySeed,
} from "../../src/staging/index.js";
import { type BuiltRoom, buildRoom } from "./built-room.js";
import { codeOf, listBlobs, seedSettings, withTemporaryFolder } from "./support.js";
import { describeTree, makeAwkwardTree } from "./tree-support.js";

const long = process.env["OFFLINE_SEED_LONG"] === "1";
const points = long ? 30 : 3;
const timeoutInMs = long ? 1_800_000 : 240_000;
const randomSeed = Number(process.env["OFFLINE_SEED_RANDOM_SEED"] ?? 20_260_101);
const sizes = [0, 10, 1000, 300_000, 1_200_000];

let room: BuiltRoom;

beforeAll(async () => {
  room = await buildRoom();
});
afterAll(async () => {
  await room.remove();
});

function runChild(
  folder: string,
  treeOptions: StageDirectoryOptions,
  killAt: number,
  halfWrite: boolean,
): { readonly lines: string[]; readonly signal: string | null } {
  const child = spawnSync(
    process.execPath,
    [
      resolve("test", "staging", "staging-child.mjs"),
      JSON.stringify({
        modulePath: room.url,
        folder: join(folder, "staging"),
        source: join(folder, "source"),
        settings: seedSettings,
        treeOptions,
        killAt,
        halfWrite,
      }),
    ],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  return { lines: child.stdout.split("\n").filter((line) => line !== ""), signal: child.signal };
}

/** A generator of numbers below 1 that is the same for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let hash = Math.imul(state ^ (state >>> 15), 1 | state);
    hash = (hash + Math.imul(hash ^ (hash >>> 7), 61 | hash)) ^ hash;
    return ((hash ^ (hash >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Goes on where the child was stopped, as its caller would. */
async function finishSeed(
  folder: string,
  treeOptions: StageDirectoryOptions,
  toldStaged: string[],
): Promise<unknown> {
  const location = await openStagingLocation(join(folder, "staging"));
  let writer: Awaited<ReturnType<typeof location.createSeed>>;
  try {
    writer = await location.resumeSeed(seedSettings.jobName);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "seed-sealed") return describeSeed(folder);
    // Killed before the descriptor was there: nothing had been staged, so beginning anew loses nothing.
    expect([code, toldStaged]).toEqual(["seed-missing", []]);
    writer = await location.createSeed(seedSettings);
  }
  for (const name of toldStaged) expect([name, (await writer.findBlob(name))?.name]).toEqual([name, name]);
  for (let lane = 0; lane < 3; lane += 1) {
    for (let at = 0; at < 8; at += 1) {
      const name = `blob-${lane}-${at}`;
      if ((await writer.findBlob(name)) !== undefined) continue;
      const bytes = Buffer.alloc(sizes[(lane + at) % sizes.length]!, name);
      await writer.writeBlob(name, bytes, { modifiedAtInMs: 1000 });
    }
  }
  const report = await stageDirectory(writer, join(folder, "source"), treeOptions);
  expect(report.failures).toEqual([]);
  await (await writer.seal()).close();
  return describeSeed(folder);
}

/** What must not depend on interruptions: the files, and for plain staging also every blob. */
async function describeSeed(folder: string): Promise<unknown> {
  const location = await openStagingLocation(join(folder, "staging"));
  const catalog = await location.openSeed(seedSettings.jobName);
  try {
    const verified = await verifySeed(catalog);
    expect({ problems: verified.problems, equal: verified.blobsEqual }).toEqual({
      problems: [],
      equal: catalog.blobCount,
    });
    await rm(join(folder, "target"), { recursive: true, force: true });
    const extracted = await extractSeed(catalog, join(folder, "target"), { existing: "overwrite" });
    expect(extracted.failures).toEqual([]);
    const blobs = (await listBlobs(catalog)).filter((blob) => !blob.name.startsWith(".offline-seed/"));
    return {
      blobs: blobs
        .map(({ index: _index, ...blob }) => blob)
        .sort((left, right) => (left.name < right.name ? -1 : 1)),
      files: await describeTree(join(folder, "target")),
    };
  } finally {
    await catalog.close();
  }
}

describe(`killed at ${points} points (random seed ${randomSeed})`, () => {
  test.each<[string, StageDirectoryOptions]>([
    ["one blob a file", {}],
    ["bundles", { bundle: { maxBytes: 100_000 }, compression: "gzip" }],
  ])(
    "%s: the resumed seed is the undisturbed one",
    async (label, treeOptions) => {
      await withTemporaryFolder(async (folder) => {
        await makeAwkwardTree(join(folder, "source"));
        await mkdir(join(folder, "staging"));
        const undisturbed = runChild(folder, treeOptions, -1, false);
        const calls = Number(undisturbed.lines.at(-1)?.split(" ")[1]);
        expect(calls).toBeGreaterThan(50);
        const expected = await describeSeed(folder);
        const random = createRandom(randomSeed + label.length);
        let killed = 0;
        for (let point = 0; point < points; point += 1) {
          await rm(join(folder, "staging"), { recursive: true });
          await mkdir(join(folder, "staging"));
          const killAt = 1 + Math.floor(random() * calls);
          const halfWrite = random() < 0.5;
          const { lines, signal } = runChild(folder, treeOptions, killAt, halfWrite);
          if (signal === "SIGKILL") killed += 1;
          const found = await finishSeed(
            folder,
            treeOptions,
            lines.filter((line) => line.startsWith("blob-")),
          );
          expect({ killAt, halfWrite, ...(found as object) }).toEqual({
            killAt,
            halfWrite,
            ...(expected as object),
          });
        }
        // Threads make the number of calls differ a little from run to run.
        expect(killed).toBeGreaterThanOrEqual(Math.floor(points / 2));
      });
    },
    timeoutInMs,
  );
});

test("a seed that was never finished can be deleted and begun again", async () => {
  await withTemporaryFolder(async (folder) => {
    await mkdir(join(folder, "source"));
    await mkdir(join(folder, "staging"));
    expect(runChild(folder, {}, 30, true).signal).toBe("SIGKILL");
    const location = await openStagingLocation(join(folder, "staging"));
    expect(await codeOf(location.createSeed(seedSettings))).toBe("seed-exists");
    await location.deleteSeed(seedSettings.jobName);
    const writer = await location.createSeed(seedSettings);
    await writer.writeBlob("blob-0-0", Buffer.from("anew"));
    const catalog = await writer.seal();
    expect(catalog.blobCount).toBe(1);
    await catalog.close();
  });
});
