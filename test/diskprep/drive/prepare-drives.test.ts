import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  type BlockDevice,
  createFaultyDevice,
  createMemoryDevice,
} from "../../../src/diskprep/device/index.js";
import {
  type DriveToPrepare,
  planDrives,
  prepareDrive,
  prepareDrives,
  replanFailedDrives,
  type SeedPlan,
  verifyDrive,
} from "../../../src/diskprep/drive/index.js";
import type { Progress } from "../../../src/shared/progress.js";
import type { SeedCatalog } from "../../../src/staging/index.js";
import { patternBytes, repeatableRandom, stageTestSeed } from "../../support/memory-catalog.js";

const mebibyte = 1024 * 1024;
const sizeInBytes = 72 * mebibyte;
const createdAtInMs = Date.UTC(2026, 0, 2);
/** Most of a drive is kept free, so that little data fills several. */
const planOptions = { createdAtInMs, wipeFreeSpace: false, minimumFreeBytes: 61 * mebibyte };
const names = ["ONE", "TWO", "THREE"];

let folder: string;
let catalog: SeedCatalog;
let seedPlan: SeedPlan;
let journalCount = 0;

/** 12 blobs of 1 MiB: about four fit on a drive. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "prepare-drives-"));
  catalog = await stageTestSeed(
    join(folder, "staged"),
    Array.from({ length: 12 }, (_, index) => ({
      name: `blob ${index}`,
      content: patternBytes(mebibyte, index + 1),
    })),
  );
  seedPlan = await planDrives(catalog, names.map(targetOf), planOptions);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const targetOf = (driveId: string) => ({ driveId, sizeInBytes });
const memory = (): BlockDevice => createMemoryDevice(sizeInBytes);

function toPrepare(driveId: string, device: BlockDevice): DriveToPrepare {
  journalCount += 1;
  return {
    confirm: targetOf(driveId),
    device,
    journalPath: join(folder, `journal-${driveId}-${journalCount}`),
  };
}

async function bytesOf(device: BlockDevice): Promise<Uint8Array> {
  const bytes = new Uint8Array(device.sizeInBytes);
  await device.read(0, bytes);
  return bytes;
}

const refusalOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => "resolved",
    (error) => error.code ?? error.name,
  );

describe("prepareDrives", () => {
  test("prepares all drives and reports each and the whole", async () => {
    const devices = names.map(memory);
    const totals: Progress[] = [];
    const phases = new Map<string, string>();
    const result = await prepareDrives(
      seedPlan,
      catalog,
      names.map((name, index) => toPrepare(name, devices[index]!)).reverse(),
      {
        concurrency: 2,
        onProgress: (progress) => totals.push(progress),
        onDriveProgress: (driveId, { phase }) => phases.set(driveId, phase),
      },
    );
    expect({
      drives: result.drives.map(({ driveId }) => driveId),
      failures: result.failures,
      unplaced: result.unplaced,
      phases: [...phases].sort(),
    }).toEqual({
      drives: names,
      failures: [],
      unplaced: undefined,
      phases: names.map((name) => [name, "writing"]).sort(),
    });
    const bytes = seedPlan.drives.reduce((sum, plan) => sum + plan.partitionLengthInBytes, 0);
    expect(totals.at(-1)).toMatchObject({
      bytesDone: bytes,
      bytesTotal: bytes,
      itemsDone: names.length,
      itemsTotal: names.length,
    });
    for (const [index, drive] of result.drives.entries())
      expect(await verifyDrive(devices[index]!, drive)).toMatchObject({ passed: true });
  });

  test("goes on when a drive fails, and its blobs fit on a spare", async () => {
    const devices = names.map(memory);
    devices[1] = createFaultyDevice(devices[1]!, {
      atOperation: 6,
      kind: "fail",
      systemCode: "ENXIO",
      staysBroken: true,
    }).device;
    const targets = names.map((name, index) => toPrepare(name, devices[index]!));
    const result = await prepareDrives(seedPlan, catalog, targets);
    const { firstBlobIndex, endBlobIndex } = seedPlan.drives[1]!;
    expect(result.drives.map(({ driveId }) => driveId)).toEqual(["ONE", "THREE"]);
    expect(result.failures).toMatchObject([
      {
        driveId: "TWO",
        error: { name: "DriveError", code: "device-failed", details: { deviceCode: "device-gone" } },
        firstBlobIndex,
        endBlobIndex,
        journalPath: targets[1]!.journalPath,
      },
    ]);

    const replanned = await replanFailedDrives(catalog, result.failures, [targetOf("SPARE")], planOptions);
    expect(replanned).toMatchObject({
      plan: { drives: [{ driveId: "SPARE", firstBlobIndex, endBlobIndex }] },
      unplaced: [],
    });
    const spare = memory();
    const second = await prepareDrives(replanned.plan, catalog, [toPrepare("SPARE", spare)]);
    expect(await verifyDrive(spare, second.drives[0]!)).toMatchObject({
      passed: true,
      blobCount: endBlobIndex - firstBlobIndex,
    });
  });

  test("asks for drives until every blob has a place, and says why one was refused", async () => {
    const plan = await planDrives(catalog, [targetOf("ONE")], planOptions);
    const devices = names.map(memory);
    const asked: unknown[] = [];
    const answers = [
      { target: { driveId: "TINY", sizeInBytes: 12 * mebibyte }, ...toPrepare("TINY", devices[1]!) },
      { target: targetOf("ONE"), ...toPrepare("ONE", devices[1]!) },
      { target: targetOf("TWO"), ...toPrepare("OTHER", devices[1]!) },
      { target: targetOf("TWO"), ...toPrepare("TWO", devices[1]!) },
      { target: targetOf("THREE"), ...toPrepare("THREE", devices[2]!) },
    ];
    const result = await prepareDrives(plan, catalog, [toPrepare("ONE", devices[0]!)], {
      concurrency: 1,
      planOptions,
      supplyDrive: async (unplaced, refusal) => {
        asked.push([unplaced.firstBlobIndex, refusal?.code]);
        return answers.shift();
      },
    });
    const [, second, third] = seedPlan.drives;
    expect(asked).toEqual([
      [second!.firstBlobIndex, undefined],
      [second!.firstBlobIndex, "drive-too-small"],
      [second!.firstBlobIndex, "drive-set-invalid"],
      [second!.firstBlobIndex, "not-confirmed"],
      [third!.firstBlobIndex, undefined],
    ]);
    // Supplied drives are planned like the first, so the seed comes out the same.
    expect(result).toMatchObject({ plans: seedPlan.drives, failures: [], unplaced: undefined });
    expect(await verifyDrive(devices[2]!, result.drives[2]!)).toMatchObject({ passed: true });
  });

  test("an abort leaves drives that end with the same bytes when resumed", async () => {
    const expected = await Promise.all(
      seedPlan.drives.map(async (plan, index) => {
        const device = memory();
        await prepareDrive(plan, catalog, device, {
          ...toPrepare(plan.driveId, device),
          random: repeatableRandom(index),
        });
        return bytesOf(device);
      }),
    );
    const devices = names.map(memory);
    const targets = names.map((name, index) => toPrepare(name, devices[index]!));
    // One at a time, so that each drive has its own keys again whatever the order of events.
    const one = (index: number, abortSignal?: AbortSignal, onWrite?: () => void) =>
      prepareDrives(
        { ...seedPlan, drives: [seedPlan.drives[index]!] },
        catalog,
        [{ ...targets[index]!, device: onWrite ? watched(devices[index]!, onWrite) : devices[index]! }],
        { random: repeatableRandom(index), resume: true, checkpointIntervalInBytes: mebibyte, abortSignal },
      );
    for (const index of devices.keys()) {
      const controller = new AbortController();
      let writes = 0;
      const interrupted = one(index, controller.signal, () => {
        writes += 1;
        if (writes === 5 + 2 * index) controller.abort();
      });
      expect(await refusalOf(interrupted)).toBe("AbortError");
      expect(await refusalOf(verifyDrive(devices[index]!, { ...facts, driveId: names[index]! }))).toBe(
        "drive-unreadable",
      );
    }
    const resumed = await prepareDrives(seedPlan, catalog, targets, { resume: true });
    expect(resumed.drives.length).toBe(names.length);
    for (const [index, device] of devices.entries())
      expect(Buffer.compare(await bytesOf(device), expected[index]!)).toBe(0);
  });

  test("an abort ends the waiting for an answer", async () => {
    const plan = await planDrives(catalog, [targetOf("ONE")], planOptions);
    const controller = new AbortController();
    const run = prepareDrives(plan, catalog, [toPrepare("ONE", memory())], {
      abortSignal: controller.signal,
      supplyDrive: () => {
        controller.abort();
        return new Promise(() => undefined);
      },
    });
    expect(await refusalOf(run)).toBe("AbortError");
  });

  test("refuses the whole call when one drive does not match, before a byte is written", async () => {
    const devices = names.map(memory);
    const targets = names.map((name, index) => toPrepare(name, devices[index]!));
    const attempts = [
      targets.slice(1),
      [...targets, toPrepare("FOUR", memory())],
      [targets[0]!, targets[1]!, { ...targets[2]!, device: devices[0]! }],
      [targets[0]!, targets[1]!, { ...targets[2]!, journalPath: targets[0]!.journalPath }],
      [targets[0]!, targets[1]!, { ...targets[2]!, confirm: { driveId: "THREE", sizeInBytes: 1 } }],
      [targets[0]!, targets[1]!, { ...targets[2]!, device: createMemoryDevice(sizeInBytes + 512) }],
    ];
    const codes = await Promise.all(
      attempts.map((attempt) => refusalOf(prepareDrives(seedPlan, catalog, attempt))),
    );
    expect(codes).toEqual([...Array<string>(4).fill("drive-set-invalid"), "not-confirmed", "drive-changed"]);
    for (const device of devices)
      expect(Buffer.compare(await bytesOf(device), new Uint8Array(sizeInBytes))).toBe(0);
  });
});

const facts = { bitLockerKey: "", manifestFile: "", manifestHash: "" };

function watched(device: BlockDevice, onWrite: () => void): BlockDevice {
  return {
    ...device,
    write: (offset, data, options) => {
      onWrite();
      return device.write(offset, data, options);
    },
    [Symbol.asyncDispose]: () => device.close(),
  };
}

describe("replanFailedDrives", () => {
  test("keeps stretches apart, joins neighbours and counts what is missing", async () => {
    const stretch = (firstBlobIndex: number, endBlobIndex: number) => ({ firstBlobIndex, endBlobIndex });
    const spares = [targetOf("S 1"), { driveId: "BIG", sizeInBytes: 2 * sizeInBytes }];
    const replanned = await replanFailedDrives(
      catalog,
      [stretch(9, 12), stretch(5, 7), stretch(7, 8), stretch(0, 2)],
      spares,
      planOptions,
    );
    expect({
      drives: replanned.plan.drives.map((plan) => [plan.driveId, plan.firstBlobIndex, plan.endBlobIndex]),
      unplaced: replanned.unplaced,
    }).toEqual({
      drives: [
        ["S1", 0, 2],
        ["BIG", 5, 8],
      ],
      unplaced: [
        {
          firstBlobIndex: 9,
          blobCount: 3,
          blobBytes: 3 * mebibyte,
          additionalDriveCount: 1,
          driveSizeInBytes: 2 * sizeInBytes,
        },
      ],
    });
    expect(await refusalOf(planDrives(catalog, spares, { firstBlobIndex: 5, endBlobIndex: 13 }))).toBe(
      "plan-mismatch",
    );
    expect(await refusalOf(replanFailedDrives(catalog, [stretch(0, 1)], []))).toBe("drive-set-invalid");
  });
});
