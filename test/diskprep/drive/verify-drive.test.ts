/** The report of a verification: what it says was read, what it finds, and that a stored one can be checked. */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openBitLockerVolume } from "../../../src/diskprep/bitlocker/index.js";
import {
  appendVhdFooter,
  type BlockDevice,
  createMemoryDevice,
  DeviceError,
  type DeviceErrorCode,
  openImageFile,
  sliceDevice,
} from "../../../src/diskprep/device/index.js";
import { workerFailed } from "../../../src/diskprep/drive/drive-error.js";
import {
  checkDriveReport,
  type DrivePlan,
  type DriveReport,
  openDrive,
  type PreparedDrive,
  prepareDrive,
  type VerifyDriveOptions,
  verifyDrive,
  verifyDriveImage,
} from "../../../src/diskprep/drive/index.js";
import type { Clock } from "../../../src/shared/clock.js";
import type { Progress } from "../../../src/shared/progress.js";
import { type JsonSchema, jsonSchemaProblems } from "../../support/json-schema.js";
import { repeatableRandom, stageTestSeed } from "../../support/memory-catalog.js";
import { planSmallDrive, smallDriveSizeInBytes, testBlobs, wholeOf } from "./small-drive.js";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const clock: Clock = { nowInMs: () => Date.UTC(2026, 0, 2, 3, 4, 5), sleep: async () => undefined };

let folder: string;
let plan: DrivePlan;
let prepared: PreparedDrive;
let goodBytes: Uint8Array;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "verify-drive-"));
  const blobs = testBlobs().map((blob) =>
    blob.name === "large.bin" ? { ...blob, rangeSizeInBytes: 64 * kibibyte } : blob,
  );
  const catalog = await stageTestSeed(join(folder, "staged"), blobs);
  plan = await planSmallDrive(catalog);
  const medium = createMemoryDevice(smallDriveSizeInBytes);
  prepared = await prepareDrive(plan, catalog, medium, {
    confirm: { driveId: plan.driveId, sizeInBytes: plan.sizeInBytes },
    journalPath: join(folder, "journal"),
    random: repeatableRandom(1),
  });
  goodBytes = await wholeOf(medium);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function goodDrive(): Promise<BlockDevice> {
  const medium = createMemoryDevice(smallDriveSizeInBytes);
  await medium.write(0, goodBytes);
  return medium;
}

/** A drive some of whose sectors cannot be read. */
async function driveWithBadSectors(
  code: DeviceErrorCode,
  offsetInBytes: number,
  lengthInBytes: number,
): Promise<BlockDevice> {
  const medium = await goodDrive();
  return {
    ...medium,
    read: async (offset, target, options) => {
      const isHit = offset < offsetInBytes + lengthInBytes && offset + target.length > offsetInBytes;
      if (!isHit) return await medium.read(offset, target, options);
      throw new DeviceError(code, "The sector is bad.", {
        details: { deviceName: medium.name, offsetInBytes: offset, lengthInBytes: target.length },
      });
    },
  };
}

async function flipByte(device: BlockDevice, offsetInBytes: number): Promise<void> {
  const byte = new Uint8Array(1);
  await device.read(offsetInBytes, byte);
  await device.write(offsetInBytes, Uint8Array.of(byte[0]! ^ 1));
}

/** Somewhere in the middle of `large.bin`, which lies in one piece. */
const inLargeFile = () => plan.partitionOffsetInBytes + 10 * mebibyte;
const verify = (device: BlockDevice, options: VerifyDriveOptions = {}): Promise<DriveReport> =>
  verifyDrive(device, prepared, { clock, ...options });

describe("verifyDrive", () => {
  test("says what was read, and everything was", async () => {
    const device = await goodDrive();
    const last: Progress[] = [];
    const { sha256, ...report } = await verify(device, {
      onProgress: (progress) => last.splice(0, 1, progress),
    });
    const time = "2026-01-02T03:04:05.000Z";
    // 145 ranges of large.bin, 2 stretches of disk.vhd, 21 files of one range, of which one is empty.
    expect(report).toEqual({
      format: "offline-seed-drive-report",
      version: 1,
      driveId: "SMALL",
      startedAt: time,
      finishedAt: time,
      source: { kind: "device", name: device.name, bypassedCache: false },
      checked: ["partition-table", "bitlocker-metadata", "manifest", "files", "ranges", "side-files"],
      manifestFile: "\\DriveManifest.xml",
      manifestHash: prepared.manifestHash,
      blobCount: prepared.blobCount,
      blobBytes: prepared.blobBytes,
      rangeCount: 145 + 2 + 20,
      ranges: { read: 145 + 2 + 20, notRead: 0 },
      bytes: { read: prepared.blobBytes - (mebibyte - 4096), notRead: 0 },
      sideFiles: { read: 22, notRead: 0 },
      findingCount: 0,
      findings: [],
      passed: true,
    });
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(last[0]).toMatchObject({ bytesDone: report.bytes.read, itemsDone: prepared.blobCount });
  });

  test("reads the same sample for the same seed and sees no more than the sample", async () => {
    const damaged = await goodDrive();
    await flipByte(damaged, inLargeFile());
    const seeds = ["a", "b", "c", "d"];
    const found: boolean[] = [];
    for (const seed of seeds) {
      const sample = { fraction: 0.25, seed };
      const report = await verify(damaged, { sample });
      if (seed === "a") expect(await verify(damaged, { sample })).toEqual(report);
      expect(report.sample).toEqual(sample);
      expect(report.ranges.read + report.ranges.notRead).toBe(167);
      expect(report.bytes.read + report.bytes.notRead).toBe(prepared.blobBytes - (mebibyte - 4096));
      // 167 throws of 0.25: 42 on average, standard deviation 5.6.
      expect(report.ranges.read).toBeGreaterThan(15);
      expect(report.ranges.read).toBeLessThan(70);
      found.push(!report.passed);
    }
    expect(new Set(found)).toEqual(new Set([true, false]));
    const least = await verify(damaged, { sample: { fraction: 1e-9 } });
    expect(least.ranges.read + least.sideFiles.read).toBe(1);
    expect(least.sample?.seed).toMatch(/^[0-9a-f]{16}$/);
    const whole = await verify(damaged, { sample: { fraction: 1, seed: "x" } });
    expect(whole).toMatchObject({ ranges: { read: 167, notRead: 0 }, findingCount: 1 });
  });

  test("refuses a sample that makes no sense", async () => {
    const device = await goodDrive();
    for (const sample of [
      { fraction: 0 },
      { fraction: 1.5 },
      { fraction: Number.NaN },
      { fraction: 1, seed: "" },
    ])
      await expect(verify(device, { sample })).rejects.toMatchObject({ code: "invalid-option" });
  });

  test("names file and place of a bad sector and goes on", async () => {
    const report = await verify(await driveWithBadSectors("io-failed", inLargeFile(), 512));
    expect(report.findings).toEqual([
      {
        code: "file-unreadable",
        subject: "seed-container/large.bin",
        filePath: "\\seed\\large.bin",
        offsetInBytes: expect.any(Number),
        lengthInBytes: 64 * kibibyte,
        message: expect.stringContaining("The sector is bad."),
      },
    ]);
    expect(report).toMatchObject({ passed: false, ranges: { read: 166, notRead: 1 } });
    checkDriveReport(JSON.parse(JSON.stringify(report)));
  });

  test.each([
    ["device-gone", 512],
    ["io-failed", 7 * mebibyte],
  ] as const)("ends when the drive cannot be read any more: %s", async (code, lengthInBytes) => {
    const device = await driveWithBadSectors(code, inLargeFile() - 6.5 * mebibyte, lengthInBytes);
    await expect(verify(device)).rejects.toMatchObject({
      name: "DriveError",
      code: "device-failed",
      details: {
        driveId: "SMALL",
        deviceCode: code,
        filePath: "\\seed\\large.bin",
        fileOffsetInBytes: expect.any(Number),
        offsetInBytes: expect.any(Number),
      },
    });
  });

  test("tells a drive that fails from one that holds something else", async () => {
    const failing = await driveWithBadSectors("io-failed", plan.partitionOffsetInBytes, 512);
    await expect(verify(failing)).rejects.toMatchObject({
      code: "device-failed",
      details: { deviceCode: "io-failed", offsetInBytes: plan.partitionOffsetInBytes },
    });
    await expect(verify(createMemoryDevice(smallDriveSizeInBytes))).rejects.toMatchObject({
      code: "drive-unreadable",
    });
  });

  test("a thread that fails is not taken for a fault of the drive; a caller who gives up gets no further", async () => {
    const device = await goodDrive();
    const stretch = (): Promise<never> => Promise.reject(workerFailed(new Error("no more memory")));
    await expect(
      openDrive(device, prepared.bitLockerKey, { stretcherOf: () => stretch }),
    ).rejects.toMatchObject({ name: "DriveError", code: "worker-failed" });

    const controller = new AbortController();
    let reads = 0;
    const aborting: BlockDevice = {
      ...device,
      read: (offset, target, options) => {
        reads += 1;
        // Larger than what is read before the key is stretched.
        if (target.length > mebibyte) controller.abort();
        return device.read(offset, target, options);
      },
    };
    const verifying = verifyDrive(aborting, prepared, { threadCount: 2, abortSignal: controller.signal });
    await expect(verifying).rejects.toMatchObject({ name: "AbortError" });
    const readsAtEnd = reads;
    await new Promise((resolve) => setImmediate(resolve));
    expect(reads).toBe(readsAtEnd);
  });

  test("reports damaged copies of partition table, BitLocker metadata and file system", async () => {
    const device = await goodDrive();
    const opened = await openDrive(device, prepared.bitLockerKey);
    const [copy] = opened.bitLocker.copies.slice(1);
    await opened.close();
    await flipByte(device, smallDriveSizeInBytes - 512 + 20);
    await flipByte(device, plan.partitionOffsetInBytes + copy!.offsetInBytes + 200);
    const volume = sliceDevice(device, plan.partitionOffsetInBytes, plan.partitionLengthInBytes);
    const plain = await openBitLockerVolume(
      volume,
      { recoveryPassword: prepared.bitLockerKey },
      { canWrite: true },
    );
    // The backup boot sector, which no file needs.
    await flipByte(plain.device, plan.partitionLengthInBytes - 512 + 100);
    const codes = (report: DriveReport): string[] => report.findings.map(({ code }) => code);
    expect(codes(await verify(device))).toEqual(["partition-table-damaged", "bitlocker-metadata-damaged"]);
    const thorough = await verify(device, { checkFileSystem: true });
    expect(codes(thorough)).toEqual([
      "partition-table-damaged",
      "bitlocker-metadata-damaged",
      "file-system-damaged",
    ]);
    expect(thorough.checked).toContain("file-system");
    expect((await verify(await goodDrive(), { checkFileSystem: true })).passed).toBe(true);
  });

  test("reads an image past the cache where it can, and says so", async () => {
    const path = join(folder, "drive.img");
    await writeFile(path, goodBytes);
    await using image = await openImageFile(path, { bypassCache: true });
    const report = await verifyDriveImage(path, prepared);
    expect(report).toMatchObject({
      passed: true,
      source: { kind: "device", name: path, bypassedCache: image.bypassesCache },
    });
    await appendVhdFooter(path);
    expect(await verifyDriveImage(path, prepared)).toMatchObject({ passed: true, findings: [] });
  });
});

describe("checkDriveReport", () => {
  let good: DriveReport;
  beforeAll(async () => {
    good = await verify(await goodDrive());
  });

  test("accepts what was stored, which fits the published schema and holds no key", async () => {
    const damaged = await goodDrive();
    await flipByte(damaged, inLargeFile());
    const reports = [good, await verify(damaged, { sample: { fraction: 1 } })];
    const schema = JSON.parse(await readFile("docs/formats/drive-report.schema.json", "utf8")) as JsonSchema;
    for (const report of reports) {
      const text = JSON.stringify(report);
      expect(jsonSchemaProblems(JSON.parse(text), schema)).toEqual([]);
      expect(text.includes(prepared.bitLockerKey.slice(0, 20))).toBe(false);
      const checked = checkDriveReport(JSON.parse(text));
      expect(checked).toEqual(report);
      expect(
        Object.isFrozen(checked) && Object.isFrozen(checked.findings) && Object.isFrozen(checked.source),
      ).toBe(true);
    }
  });

  test("the hash is the SHA-256 of the sorted members", () => {
    const { sha256, ...rest } = good;
    const sorted = JSON.stringify(rest, (_, value: unknown) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
        : value,
    );
    expect(createHash("sha256").update(sorted).digest("hex")).toBe(sha256);
  });

  test("refuses what is no report, or was changed", () => {
    const report = good;
    const changes: unknown[] = [
      undefined,
      null,
      "text",
      [],
      {},
      { ...report, passed: false },
      { ...report, version: 2 },
      { ...report, driveId: "OTHER" },
      { ...report, ranges: { ...report.ranges, read: 1 } },
      { ...report, more: 1 },
      { ...report, more: 1n },
      { ...report, sha256: "" },
      { ...report, sha256: undefined },
    ];
    for (const changed of changes)
      expect(() => checkDriveReport(changed)).toThrow(expect.objectContaining({ code: "report-invalid" }));
    expect(checkDriveReport(report)).toEqual(report);
  });
});
