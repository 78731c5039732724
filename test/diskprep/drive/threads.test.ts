/** The same drive, whoever does the work: this thread or several others, whatever the length of the ranges. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type BlockDevice, createMemoryDevice, DeviceError } from "../../../src/diskprep/device/index.js";
import {
  type DrivePlan,
  type DriveReport,
  type PreparedDrive,
  planDrives,
  prepareDrive,
  verifyDrive,
} from "../../../src/diskprep/drive/index.js";
import type { Clock } from "../../../src/shared/clock.js";
import type { SeedCatalog } from "../../../src/staging/index.js";
import { repeatableRandom, stageTestSeed } from "../../support/memory-catalog.js";
import { wholeOf } from "./small-drive.js";

const mebibyte = 1024 * 1024;
const sizeInBytes = 160 * mebibyte;
const clock: Clock = { nowInMs: () => Date.UTC(2026, 0, 2, 3, 4, 5), sleep: async () => undefined };

let folder: string;
let catalog: SeedCatalog;
let plan: DrivePlan;
let journalCount = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drive-threads-"));
  const blobs = [
    { name: "big.bin", content: randomBytes(21 * mebibyte + 77) },
    // Longer than any slot: such ranges are the exception, and must work all the same.
    { name: "long ranges.bin", content: randomBytes(50 * mebibyte), rangeSizeInBytes: 40 * mebibyte },
    ...Array.from({ length: 300 }, (_, index) => ({
      name: `small/${index}.bin`,
      content: randomBytes(index * 31),
    })),
    { name: "last.bin", content: randomBytes(5 * mebibyte) },
  ];
  catalog = await stageTestSeed(join(folder, "staged"), blobs, { withoutHashes: true });
  const { drives } = await planDrives(catalog, [{ driveId: "THREADS", sizeInBytes }], {
    createdAtInMs: Date.UTC(2026, 0, 1),
    wipeFreeSpace: false,
  });
  plan = drives[0]!;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function prepare(
  device: BlockDevice,
  threadCount: number,
  abortSignal?: AbortSignal,
): Promise<PreparedDrive> {
  journalCount += 1;
  return prepareDrive(plan, catalog, device, {
    confirm: { driveId: plan.driveId, sizeInBytes: plan.sizeInBytes },
    journalPath: join(folder, `journal-${journalCount}`),
    random: repeatableRandom(1),
    threadCount,
    ...(abortSignal ? { abortSignal } : {}),
  });
}

/** A report without what differs from run to run. */
function findingsOf({ passed, ranges, bytes, findings, blobCount }: DriveReport): unknown {
  return { passed, ranges, bytes, findings, blobCount };
}

describe("threads", () => {
  test("make the same bytes and find the same damage as one thread alone", async () => {
    const alone = createMemoryDevice(sizeInBytes);
    const prepared = await prepare(alone, 0);
    const together = createMemoryDevice(sizeInBytes);
    expect(await prepare(together, 3)).toEqual(prepared);
    expect(Buffer.compare(await wholeOf(alone), await wholeOf(together))).toBe(0);

    const good = await verifyDrive(together, prepared, { clock, threadCount: 3 });
    expect(good).toMatchObject({ passed: true, ranges: { notRead: 0 } });
    expect(await verifyDrive(together, prepared, { clock, threadCount: 0 })).toEqual(good);
    // Whatever was read before the key was known: here nothing, because that asks for more than this medium gives.
    const shortReads: BlockDevice = {
      ...together,
      read: async (offset, target, options) => {
        if (target.length > 4 * mebibyte) throw new DeviceError("io-failed", "Too much at once.");
        await together.read(offset, target, options);
      },
    };
    expect(await verifyDrive(shortReads, prepared, { clock, threadCount: 3 })).toEqual(good);

    // Bytes that differ in three places, and sectors that cannot be read in two.
    for (const offset of [30, 70, 91]) await together.write(offset * mebibyte, randomBytes(10));
    const badSectors = [40 * mebibyte, 88 * mebibyte];
    const damaged: BlockDevice = {
      ...together,
      read: async (offset, target, options) => {
        if (badSectors.some((bad) => bad >= offset && bad < offset + target.length))
          throw new DeviceError("io-failed", "The sector is bad.", { details: { offsetInBytes: offset } });
        return await together.read(offset, target, options);
      },
    };
    const reports = [
      await verifyDrive(damaged, prepared, { clock, threadCount: 0 }),
      await verifyDrive(damaged, prepared, { clock, threadCount: 3 }),
    ].map(findingsOf);
    expect(reports[1]).toEqual(reports[0]);
    expect(reports[0]).toMatchObject({ passed: false });
  });

  test("end, and write nothing more, when the caller aborts", async () => {
    const device = createMemoryDevice(sizeInBytes);
    const controller = new AbortController();
    let writes = 0;
    const aborting: BlockDevice = {
      ...device,
      write: (offset, data, options) => {
        writes += 1;
        if (writes === 12) controller.abort();
        return device.write(offset, data, options);
      },
    };
    await expect(prepare(aborting, 3, controller.signal)).rejects.toMatchObject({ name: "AbortError" });
    expect(process.getActiveResourcesInfo()).not.toContain("MessagePort");
    const writesAtEnd = writes;
    await new Promise((resolve) => setImmediate(resolve));
    expect(writes).toBe(writesAtEnd);
  });
});
