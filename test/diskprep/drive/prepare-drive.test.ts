import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  type BlockDevice,
  createFaultyDevice,
  createMemoryDevice,
  sliceDevice,
} from "../../../src/diskprep/device/index.js";
import {
  type DrivePlan,
  type PreparedDrive,
  planDrives,
  prepareDrive,
  readDriveJournal,
  verifyDrive,
} from "../../../src/diskprep/drive/index.js";
import type { SeedCatalog } from "../../../src/staging/index.js";
import {
  patternBytes,
  repeatableRandom,
  stageTestSeed,
  type TestBlob,
} from "../../support/memory-catalog.js";

const mebibyte = 1024 * 1024;
const sizeInBytes = 96 * mebibyte;
const createdAtInMs = Date.UTC(2026, 0, 2);

let folder: string;
let catalog: SeedCatalog;
let plan: DrivePlan;
let journalCount = 0;

/** Small files, one of several ranges, names Windows refuses, a page blob with a hole. */
const blobs: readonly TestBlob[] = [
  ...Array.from({ length: 60 }, (_, index) => ({
    name: `folder ${index % 7}/file ${index}.bin`,
    content: patternBytes((index * 7919) % 30_000, index + 1),
    metadata: { mtime: String(index) },
  })),
  { name: "large.bin", content: patternBytes(9 * mebibyte + 1, 5), headers: { contentType: "text/plain" } },
  { name: "folder 1", content: patternBytes(10, 6) },
  { name: "CON/x?y..", content: patternBytes(10_000, 7) },
  { name: "FOLDER 2/FILE 2.BIN", content: patternBytes(5000, 8) },
  {
    name: "disk.vhd",
    kind: "page",
    content: pageContent(),
    dataStretches: [
      { offsetInBytes: 0, lengthInBytes: 4096 },
      { offsetInBytes: 5 * mebibyte, lengthInBytes: 4 * mebibyte + 512 },
    ],
  },
];

function pageContent(): Uint8Array {
  const content = new Uint8Array(9 * mebibyte + 512);
  content.set(patternBytes(4096, 9));
  content.set(patternBytes(4 * mebibyte + 512, 10), 5 * mebibyte);
  return content;
}

function nextJournal(): string {
  journalCount += 1;
  return join(folder, `journal-${journalCount}`);
}

async function prepare(
  device: BlockDevice,
  options: Partial<Parameters<typeof prepareDrive>[3]> = {},
  source: SeedCatalog = catalog,
  drivePlan: DrivePlan = plan,
): Promise<PreparedDrive> {
  return await prepareDrive(drivePlan, source, device, {
    confirm: { driveId: drivePlan.driveId, sizeInBytes: drivePlan.sizeInBytes },
    journalPath: nextJournal(),
    random: repeatableRandom(1),
    ...options,
  });
}

async function wholeOf(device: BlockDevice): Promise<Uint8Array> {
  const bytes = new Uint8Array(device.sizeInBytes);
  await device.read(0, bytes);
  return bytes;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "prepare-drive-"));
  catalog = await stageTestSeed(join(folder, "staged"), blobs);
  plan = (await planDrives(catalog, [{ driveId: "DRIVE 1", sizeInBytes }], { createdAtInMs })).drives[0]!;
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("prepareDrive", () => {
  test("makes a drive that verifies, and the same bytes from the same plan and keys", async () => {
    const first = createMemoryDevice(sizeInBytes);
    const second = createMemoryDevice(sizeInBytes);
    const prepared = await prepare(first);
    expect(await prepare(second)).toEqual(prepared);
    expect(Buffer.compare(await wholeOf(first), await wholeOf(second))).toBe(0);
    expect(await verifyDrive(first, prepared)).toMatchObject({
      driveId: "DRIVE1",
      passed: true,
      manifestHash: prepared.manifestHash,
      blobCount: blobs.length,
      findingCount: 0,
    });
    const other = await verifyDrive(first, { ...prepared, driveId: "OTHER", manifestHash: "0".repeat(32) });
    expect(other.findings.map(({ code }) => code)).toEqual(["manifest-hash-differs", "drive-id-differs"]);
  });

  test("leaves nothing of what the drive held before", async () => {
    const device = createMemoryDevice(sizeInBytes);
    const old = Buffer.from("secret of the previous owner ".repeat(2000));
    for (let offset = 0; offset + old.length < sizeInBytes; offset += mebibyte)
      await device.write(offset, old);
    await prepare(device);
    expect(Buffer.from(await wholeOf(device)).includes("secret of the previous owner")).toBe(false);
  });

  test("finds a flipped byte", async () => {
    const device = createMemoryDevice(sizeInBytes);
    const prepared = await prepare(device);
    const offset = plan.partitionOffsetInBytes + 10 * mebibyte;
    const byte = new Uint8Array(1);
    let report = await verifyDrive(device, prepared);
    expect(report.passed).toBe(true);
    await device.read(offset, byte);
    await device.write(offset, Uint8Array.of(byte[0]! ^ 1));
    report = await verifyDrive(device, prepared);
    expect({ passed: report.passed, codes: report.findings.map(({ code }) => code) }).toEqual({
      passed: false,
      codes: ["range-differs"],
    });
  });

  test.each([
    ["without hashes in the catalog", { withoutHashes: true }],
    ["from a source without file paths", { withoutPaths: true }],
  ])("works %s", async (_, options) => {
    const source = await stageTestSeed(join(folder, "staged"), blobs, options);
    const drivePlan = (await planDrives(source, [{ driveId: "X", sizeInBytes }], { createdAtInMs }))
      .drives[0]!;
    const device = createMemoryDevice(sizeInBytes);
    const prepared = await prepare(device, {}, source, drivePlan);
    expect(await verifyDrive(device, prepared)).toMatchObject({ passed: true, blobCount: blobs.length });
  });

  test("resumes after every failed write with the same bytes", async () => {
    const reference = createMemoryDevice(sizeInBytes);
    const expected = await prepare(reference);
    const expectedBytes = await wholeOf(reference);
    for (const atOperation of [1, 4, 9, 17]) {
      const medium = createMemoryDevice(sizeInBytes);
      const journalPath = nextJournal();
      const faulty = createFaultyDevice(medium, { atOperation, kind: "tear", operations: ["write"] });
      await expect(prepare(faulty.device, { journalPath })).rejects.toMatchObject({ code: "device-failed" });
      await expect(verifyDrive(medium, expected)).rejects.toMatchObject({ code: "drive-unreadable" });
      expect(await prepare(medium, { journalPath, resume: true, random: repeatableRandom(99) })).toEqual(
        expected,
      );
      expect(Buffer.compare(await wholeOf(medium), expectedBytes)).toBe(0);
      expect(await prepare(medium, { journalPath, resume: true })).toEqual(expected);
    }
  });

  test("keeps its journal to itself", async () => {
    const journalPath = nextJournal();
    const prepared = await prepare(createMemoryDevice(sizeInBytes), { journalPath });
    if (process.platform !== "win32") expect((await stat(journalPath)).mode & 0o777).toBe(0o600);
    expect((await readDriveJournal(journalPath)).preparedDrive).toEqual(prepared);
  });

  test("refuses what was not confirmed, planned or recorded", async () => {
    const device = createMemoryDevice(sizeInBytes);
    const journalPath = nextJournal();
    await writeFile(journalPath, "");
    const refusals = await Promise.all(
      [
        prepare(device, { confirm: { driveId: "OTHER", sizeInBytes } }),
        prepare(device, { confirm: { driveId: plan.driveId, sizeInBytes: sizeInBytes - 512 } }),
        prepare(createMemoryDevice(sizeInBytes + mebibyte)),
        prepare(createMemoryDevice(sizeInBytes, { sectorSizeInBytes: 4096 })),
        prepare(device, {}, { ...catalog, seedId: "11111111-2222-4333-8444-555555555555" }),
        prepare(device, { journalPath }),
        prepare(device, { journalPath, resume: true }),
        prepare(device, {}, catalog, { ...plan, blobBytes: plan.blobBytes + 1 }),
      ].map((attempt) =>
        attempt.then(
          () => "prepared",
          (error) => error.code,
        ),
      ),
    );
    expect(refusals).toEqual([
      "not-confirmed",
      "not-confirmed",
      "drive-changed",
      "drive-changed",
      "plan-mismatch",
      "journal-exists",
      "journal-invalid",
      "plan-mismatch",
    ]);
    expect((await wholeOf(device)).every((byte) => byte === 0)).toBe(true);
  });

  test("a plan that does not fit the catalog leaves the drive as it was, and no journal", async () => {
    const device = createMemoryDevice(sizeInBytes);
    const old = new Uint8Array(mebibyte).fill(0xaa);
    for (const offset of [0, mebibyte, sizeInBytes - mebibyte]) await device.write(offset, old);
    const before = await wholeOf(device);
    const journalPath = nextJournal();
    const stale = { ...plan, blobBytes: plan.blobBytes + 1 };
    await expect(prepare(device, { journalPath }, catalog, stale)).rejects.toMatchObject({
      code: "plan-mismatch",
      message: expect.stringContaining("Nothing was written"),
    });
    expect(Buffer.compare(await wholeOf(device), before)).toBe(0);
    await expect(stat(journalPath)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test.each([
    ["of another version", { formatVersion: 1 }, {}],
    [
      "with another password",
      {},
      { recoveryPassword: "000000-000000-000000-000000-000000-000000-000000-000000" },
    ],
    ["with too few random bytes", {}, { randomBytes: "AAAA" }],
    ["without random bytes", {}, { randomBytes: undefined }],
  ])("refuses a journal %s and writes nothing", async (_, headChange, materialChange) => {
    const journalPath = nextJournal();
    const device = createMemoryDevice(sizeInBytes);
    await prepare(device, { journalPath });
    const [head] = (await readFile(journalPath, "utf8")).split("\n");
    const record = JSON.parse(head!) as { keyMaterial: object };
    const keyMaterial = { ...record.keyMaterial, ...materialChange };
    await writeFile(journalPath, `${JSON.stringify({ ...record, ...headChange, keyMaterial })}\n`);
    const untouched = createMemoryDevice(sizeInBytes);
    await expect(prepare(untouched, { journalPath, resume: true })).rejects.toMatchObject({
      code: "journal-invalid",
      message: expect.stringContaining("prepared anew"),
    });
    expect((await wholeOf(untouched)).every((byte) => byte === 0)).toBe(true);
  });

  test("aborted when all is written but the key perhaps not yet stretched: no valid drive", async () => {
    const device = createMemoryDevice(sizeInBytes);
    const stop = new AbortController();
    const attempt = prepare(device, {
      abortSignal: stop.signal,
      onProgress: ({ phase, bytesDone, bytesTotal }) => {
        if (phase === "writing" && bytesDone === bytesTotal) stop.abort();
      },
    });
    await expect(attempt).rejects.toMatchObject({ name: "AbortError" });
    const volume = sliceDevice(device, plan.partitionOffsetInBytes, plan.partitionLengthInBytes);
    const header = new Uint8Array(512);
    await volume.read(0, header);
    expect(header.every((byte) => byte === 0)).toBe(true);
  });

  test.each([
    ["changed", "staged-file-changed", (path: string) => writeFile(path, patternBytes(7919, 77))],
    ["shortened", "staged-file-shorter", (path: string) => truncate(path, 100)],
    ["lengthened", "staged-file-longer", (path: string) => truncate(path, 8000)],
    ["removed", "staged-file-unreadable", (path: string) => rm(path)],
  ])("notices a staged file that was %s", async (name, code, change) => {
    const staged = join(folder, `staged-${name}`);
    const source = await stageTestSeed(staged, blobs);
    await change(join(staged, "1.blob"));
    const device = createMemoryDevice(sizeInBytes);
    await expect(prepare(device, {}, source)).rejects.toMatchObject({
      name: "DriveError",
      code,
      message: expect.stringContaining("folder 1/file 1.bin"),
    });
    await expect(
      verifyDrive(device, { driveId: "", bitLockerKey: "", manifestFile: "", manifestHash: "" }),
    ).rejects.toMatchObject({
      code: "drive-unreadable",
    });
  });
});
