/** Every access to the device goes wrong once: clear error, nothing published, everything closed, same bytes when resumed. */
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  type BlockDevice,
  createFaultyDevice,
  createMemoryDevice,
  createOpenDeviceCounter,
  type FaultKind,
  type FaultOptions,
} from "../../../src/diskprep/device/index.js";
import {
  type DriveError,
  type DrivePlan,
  type DriveReport,
  type PreparedDrive,
  prepareDrive,
  verifyDrive,
} from "../../../src/diskprep/drive/index.js";
import type { SeedCatalog } from "../../../src/staging/index.js";
import { repeatableRandom, stageTestSeed } from "../../support/memory-catalog.js";
import { createRandom, planSmallDrive, smallDriveSizeInBytes, testBlobs, wholeOf } from "./small-drive.js";

const long = process.env["OFFLINE_SEED_LONG"] === "1";
const randomSeed = Number(process.env["OFFLINE_SEED_RANDOM_SEED"] ?? 20_260_102);
/** Points that are tried of each kind of fault; the long run tries all. */
const sample = 1;
const timeoutInMs = long ? 3_600_000 : 180_000;

let folder: string;
let catalog: SeedCatalog;
let plan: DrivePlan;
let expected: PreparedDrive;
let expectedBytes: Uint8Array;
let journalCount = 0;
const never = { atOperation: Number.MAX_SAFE_INTEGER, kind: "fail" } as const;
const operationCounts = { write: 0, flush: 0 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drive-faults-"));
  catalog = await stageTestSeed(join(folder, "staged"), testBlobs());
  plan = await planSmallDrive(catalog);
  const medium = createMemoryDevice(smallDriveSizeInBytes);
  const writes = createFaultyDevice(medium, { ...never, operations: ["write"] });
  const flushes = createFaultyDevice(writes.device, { ...never, operations: ["flush"] });
  expected = await prepare(flushes.device);
  operationCounts.write = writes.operationCount;
  operationCounts.flush = flushes.operationCount;
  expectedBytes = await wholeOf(medium);
}, timeoutInMs);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function prepare(device: BlockDevice, journalPath = nextJournal()): Promise<PreparedDrive> {
  return await prepareDrive(plan, catalog, device, {
    confirm: { driveId: plan.driveId, sizeInBytes: plan.sizeInBytes },
    journalPath,
    resume: true,
    random: repeatableRandom(1),
    checkpointIntervalInBytes: 4 * 1024 * 1024,
  });
}

function nextJournal(): string {
  journalCount += 1;
  return join(folder, `journal-${journalCount}`);
}

/** Files of this test that the process has open, where the system tells. */
function openFiles(): number {
  if (!existsSync("/proc/self/fd")) return 0;
  return readdirSync("/proc/self/fd").length;
}

async function failAndResume(fault: FaultOptions, deviceCode: string): Promise<void> {
  const counter = createOpenDeviceCounter();
  const medium = createMemoryDevice(smallDriveSizeInBytes);
  const faulty = createFaultyDevice(medium, fault);
  const journalPath = nextJournal();
  const filesBefore = openFiles();
  const device = counter.track(faulty.device);
  await expect(prepare(device, journalPath)).rejects.toMatchObject({
    name: "DriveError",
    code: "device-failed",
    details: { driveId: plan.driveId, deviceCode },
  });
  expect(faulty.hasFaultHappened).toBe(true);
  await expect(verifyDrive(medium, expected)).rejects.toMatchObject({ code: "drive-unreadable" });
  expect(await prepare(medium, journalPath)).toEqual(expected);
  expect(Buffer.compare(await wholeOf(medium), expectedBytes)).toBe(0);
  // The device is the caller's: still open, and nothing else is.
  expect({ devices: counter.openCount, files: openFiles() }).toEqual({ devices: 1, files: filesBefore });
  await device.close();
  expect(counter.openCount).toBe(0);
}

/** Which accesses of an undisturbed run are made to fail: the first, the last, and some between. */
function pointsOf(count: number, seed: number): readonly number[] {
  if (long) return Array.from({ length: count }, (_, index) => index + 1);
  const random = createRandom(randomSeed + seed);
  return [...new Set(Array.from({ length: sample }, () => 1 + random(count)))];
}

describe(`faults of the device (random seed ${randomSeed})`, () => {
  test.each<[FaultKind, "write" | "flush", string]>([
    ["fail", "write", "io-failed"],
    ["tear", "write", "io-failed"],
    ["shorten", "write", "short-transfer"],
    ["fail", "flush", "io-failed"],
  ])(
    "%s of the n-th %s",
    async (kind, operation, deviceCode) => {
      const points = pointsOf(operationCounts[operation], kind.length);
      expect(points.length).toBeGreaterThan(0);
      for (const atOperation of points)
        await failAndResume({ atOperation, kind, operations: [operation] }, deviceCode);
      if (!long) return;
      // One more than there are: the work runs through.
      const medium = createMemoryDevice(smallDriveSizeInBytes);
      const atOperation = operationCounts[operation] + 1;
      const faulty = createFaultyDevice(medium, { atOperation, kind, operations: [operation] });
      expect(await prepare(faulty.device)).toEqual(expected);
      expect(faulty.hasFaultHappened).toBe(false);
    },
    timeoutInMs,
  );

  test.each([
    ["ENOSPC", "no-space"],
    ["EIO", "io-failed"],
    ["ENXIO", "device-gone"],
  ])(
    "%s has its own code",
    async (systemCode, deviceCode) => {
      const fault = { atOperation: 5, kind: "fail", systemCode, staysBroken: true } as const;
      await failAndResume(fault, deviceCode);
    },
    timeoutInMs,
  );
  test(
    "a bad place is a finding with its file, or an error of the drive, or nothing that the drive needs",
    async () => {
      const medium = createMemoryDevice(smallDriveSizeInBytes);
      await medium.write(0, expectedBytes);
      const undisturbed = createFaultyDevice(medium, {
        atOperation: 1e9,
        kind: "fail",
        operations: ["read"],
      });
      expect(await verifyDrive(undisturbed.device, expected)).toMatchObject({ passed: true });
      const filesBefore = openFiles();
      for (const [index, kind] of (["fail", "tear", "shorten"] as const).entries()) {
        for (const atOperation of pointsOf(undisturbed.operationCount, 10 + index)) {
          // Bad sectors stay bad: the fault comes back when the same place is read again.
          const sectors = createBadSectorAt(medium, atOperation, kind);
          const outcome = await verifyDrive(sectors.device, expected).then(outcomeOf, outcomeOfError);
          expect({ atOperation, kind, outcome }).toEqual({ atOperation, kind, outcome: "explained" });
        }
      }
      expect(openFiles()).toBe(filesBefore);
    },
    timeoutInMs,
  );

  test.each(["ENXIO", "EIO"])(
    "a drive that goes while it is verified is an error of the drive: %s",
    async (systemCode) => {
      const medium = createMemoryDevice(smallDriveSizeInBytes);
      await medium.write(0, expectedBytes);
      const counted = createFaultyDevice(medium, { ...never, operations: ["read"] });
      await verifyDrive(counted.device, expected);
      for (const atOperation of pointsOf(counted.operationCount, systemCode.length)) {
        const fault = { atOperation, kind: "fail", systemCode, staysBroken: true } as const;
        const faulty = createFaultyDevice(medium, { ...fault, operations: ["read"] });
        const outcome = await verifyDrive(faulty.device, expected).then(outcomeOf, outcomeOfError);
        expect({ atOperation, outcome }).toEqual({ atOperation, outcome: "explained" });
      }
    },
    timeoutInMs,
  );
});

/** A device on which no byte of what the n-th read asks for can ever be read. */
function createBadSectorAt(
  medium: BlockDevice,
  atOperation: number,
  kind: FaultKind,
): { readonly device: BlockDevice } {
  let reads = 0;
  let bad: { readonly start: number; readonly end: number } | undefined;
  const device: BlockDevice = {
    ...medium,
    read: async (offset, target, options) => {
      reads += 1;
      if (reads === atOperation) bad = { start: offset, end: offset + target.length };
      if (!bad || offset >= bad.end || offset + target.length <= bad.start)
        return await medium.read(offset, target, options);
      const once = createFaultyDevice(medium, { atOperation: 1, kind, operations: ["read"] });
      await once.device.read(offset, target, options);
    },
  };
  return { device };
}

/** Whether a report names every bad file with its place or structure. */
function outcomeOf(report: DriveReport): string {
  const isAllRead = report.ranges.notRead === 0 && report.sideFiles.notRead === 0;
  // Reading ahead may touch bad places that neither a file nor a structure needs.
  if (report.passed) return isAllRead ? "explained" : "passed unread";
  const isExplained = report.findings.every(
    ({ code, filePath, offsetInBytes }) =>
      code.endsWith("-damaged") ||
      (code === "file-unreadable" && filePath !== undefined && (offsetInBytes ?? 0) >= 0),
  );
  return isExplained ? "explained" : JSON.stringify(report.findings);
}

/** Whether an error names the drive's failure and its place. */
function outcomeOfError(error: unknown): string {
  const { name, code, details } = error as Partial<DriveError>;
  const isExplained =
    name === "DriveError" &&
    ((code === "device-failed" &&
      typeof details?.["deviceCode"] === "string" &&
      typeof details["offsetInBytes"] === "number") ||
      code === "drive-unreadable");
  return isExplained ? "explained" : `${name}: ${code} ${JSON.stringify(details)}`;
}
