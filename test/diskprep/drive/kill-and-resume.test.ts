import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { build } from "tsup";
import { createImageFile, openImageFile } from "../../../src/diskprep/device/index.js";
import { type DrivePlan, prepareDrive, verifyDrive } from "../../../src/diskprep/drive/index.js";
import type { SeedCatalog } from "../../../src/staging/index.js";
import { repeatableRandom, stageTestSeed } from "../../support/memory-catalog.js";
import { createRandom, planSmallDrive, smallDriveSizeInBytes, testBlobs, wholeOf } from "./small-drive.js";

const long = process.env["OFFLINE_SEED_LONG"] === "1";
const points = long ? 50 : 4;
const timeoutInMs = long ? 1_200_000 : 180_000;
const randomSeed = Number(process.env["OFFLINE_SEED_RANDOM_SEED"] ?? 20_260_101);
const checkpointIntervalInBytes = 1024 * 1024;
const keySeed = 1;

let folder: string;
let moduleFolder: string;
let catalog: SeedCatalog;
let plan: DrivePlan;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kill-drive-"));
  catalog = await stageTestSeed(join(folder, "staged"), testBlobs());
  plan = await planSmallDrive(catalog);
  // The child is a plain Node process, so it needs the room as JavaScript, within reach of node_modules.
  await mkdir(resolve("build"), { recursive: true });
  moduleFolder = await mkdtemp(resolve("build", "drive-child-"));
  await build({
    config: false,
    entry: { drive: "test/diskprep/drive/prepare-child-entry.ts" },
    outDir: moduleFolder,
    format: ["esm"],
    target: "node20",
    platform: "node",
    silent: true,
    dts: false,
    outExtension: () => ({ js: ".mjs" }),
  });
}, timeoutInMs);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(moduleFolder, { recursive: true, force: true });
});

/** Prepares an image in a child that is killed at a call. */
async function runChild(
  name: string,
  killAt: number,
  halfWrite: boolean,
): Promise<{
  readonly imagePath: string;
  readonly journalPath: string;
  readonly output: string;
  readonly signal: string | null;
}> {
  const imagePath = join(folder, `${name}.img`);
  const journalPath = join(folder, `${name}.journal`);
  await (await createImageFile(imagePath, { sizeInBytes: smallDriveSizeInBytes })).close();
  const child = spawnSync(
    process.execPath,
    [
      resolve("test", "diskprep", "drive", "prepare-child.mjs"),
      JSON.stringify({
        modulePath: pathToFileURL(join(moduleFolder, "drive.mjs")).href,
        imagePath,
        journalPath,
        staged: join(folder, "staged-by-child"),
        plan,
        keySeed,
        killAt,
        halfWrite,
        checkpointIntervalInBytes,
      }),
    ],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  return { imagePath, journalPath, output: child.stdout, signal: child.signal };
}

test(
  `killed at ${points} points (random seed ${randomSeed}), a resumed drive is the undisturbed one`,
  async () => {
    const undisturbed = await runChild("undisturbed", -1, false);
    const calls = Number(undisturbed.output.split(" ")[1]);
    expect(calls).toBeGreaterThan(20);
    const finished = await openImageFile(undisturbed.imagePath);
    const expected = await wholeOf(finished);
    await finished.close();

    const random = createRandom(randomSeed);
    let killed = 0;
    for (let point = 0; point < points; point += 1) {
      const killAt = 1 + random(calls);
      const halfWrite = random(2) === 1;
      const { imagePath, journalPath, signal } = await runChild("killed", killAt, halfWrite);
      if (signal === "SIGKILL") killed += 1;
      const image = await openImageFile(imagePath, { canWrite: true });
      const prepared = await prepareDrive(plan, catalog, image, {
        confirm: { driveId: plan.driveId, sizeInBytes: plan.sizeInBytes },
        journalPath,
        resume: true,
        // Keys come from the journal; where the child died before it had one, from the same source again.
        random: repeatableRandom(keySeed),
      });
      const same = Buffer.compare(await wholeOf(image), expected) === 0;
      expect({ killAt, halfWrite, same }).toEqual({ killAt, halfWrite, same: true });
      if (point === 0) expect(await verifyDrive(image, prepared)).toMatchObject({ passed: true });
      await image.close();
      await rm(imagePath);
      await rm(journalPath);
    }
    process.stderr.write(
      `kill test: ${killed} of ${points} children killed, random seed ${randomSeed}; resumed drives equal byte by byte\n`,
    );
    // Threads make the number of calls differ a little from run to run.
    expect(killed).toBeGreaterThanOrEqual(Math.floor(points / 2));
  },
  timeoutInMs,
);
