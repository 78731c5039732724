/** Names that Windows would refuse, and times: the blob keeps its name, the drive gets a file that Windows can read. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createMemoryDevice } from "../../../src/diskprep/device/index.js";
import {
  openDrive,
  planDrives,
  prepareDrive,
  readDriveManifest,
  verifyDrive,
} from "../../../src/diskprep/drive/index.js";
import { SeedTree } from "../../../src/diskprep/drive/seed-tree.js";
import { createNtfsTree, foldNtfsName, ntfsNameProblem } from "../../../src/diskprep/ntfs/index.js";
import type { SeedBlob } from "../../../src/staging/index.js";
import { fuzz } from "../../support/fuzz.js";
import { patternBytes, repeatableRandom, stageTestSeed } from "../../support/memory-catalog.js";

const sizeInBytes = 72 * 1024 * 1024;

/** Legal names of blobs, each of which Windows refuses, confuses with another one or keeps for itself. */
const awkwardNames: readonly string[] = [
  'a<b>c:d"e|f?g*h',
  "back\\slash",
  "aux",
  "NUL.txt",
  "folder/com1.log",
  "COM¹",
  "ends with a dot.",
  "ends with a space ",
  "middle./of path",
  "Case",
  "case",
  "CASE/in a folder",
  "is a file",
  "is a file/and a folder",
  "two//slashes",
  "/leading",
  "trailing/",
  ".",
  "..",
  "../../outside",
  "tab\tand\nline",
  "$MFT",
  "System Volume Information/x",
  "DriveManifest.xml",
  "seed/seed",
  "ſharp ß",
  "SHARP SS",
  "Ünïcödé/日本語/😀",
  "u\u0308 combined",
  `${"😀".repeat(127)}x`,
  `${"😀".repeat(128)}`,
  "x".repeat(1024),
  Array.from({ length: 254 }, (_, depth) => String(depth % 10)).join("/"),
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "awkward-names-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("every blob is on the drive under a name Windows can read, with its content and its time", async () => {
  const blobs = awkwardNames.map((name, index) => ({
    name,
    content: patternBytes(index * 37, index + 1),
    // Milliseconds, a time before 1970 and one far away.
    modifiedAtInMs:
      index === 0 ? Date.UTC(1969, 5, 1) : Date.UTC(2000 + index * 5, index % 12, 1, 2, 3, 4, index),
  }));
  const catalog = await stageTestSeed(join(folder, "staged"), blobs);
  const plan = (await planDrives(catalog, [{ driveId: "NAMES", sizeInBytes }], { wipeFreeSpace: false }))
    .drives[0]!;
  const device = createMemoryDevice(sizeInBytes);
  const prepared = await prepareDrive(plan, catalog, device, {
    confirm: { driveId: "NAMES", sizeInBytes },
    journalPath: join(folder, "journal"),
    random: repeatableRandom(1),
  });
  const report = await verifyDrive(device, prepared, { checkFileSystem: true });
  expect(report).toMatchObject({ passed: true, findings: [], blobCount: awkwardNames.length });

  const opened = await openDrive(device, prepared.bitLockerKey);
  try {
    const manifestFile = await opened.volume.openFile(prepared.manifestFile);
    const found: unknown[] = [];
    const problems: unknown[] = [];
    for await (const { blobPath, filePath } of (await readDriveManifest(manifestFile.stream())).blobs) {
      const file = await opened.volume.openFile(filePath);
      const content = new Uint8Array(file.sizeInBytes);
      await file.read(0, content);
      const { modifiedAtInMs } = await opened.volume.stat(filePath);
      found.push({ name: blobPath.slice(catalog.containerName.length + 1), content, modifiedAtInMs });
      for (const segment of filePath.split("\\").slice(1))
        problems.push(...[ntfsNameProblem(segment)].filter((problem) => problem !== undefined));
      if (filePath.length > 256) problems.push(filePath);
    }
    expect(found).toEqual(blobs);
    expect(problems).toEqual([]);
  } finally {
    await opened.close();
  }
});

const segment = fc.oneof(
  fc.constantFrom(
    "a",
    "A",
    "b.",
    "c ",
    "",
    ".",
    "..",
    "con",
    "LPT9.x",
    "x:y",
    "$MFT",
    "seed",
    "ß",
    "😀",
    "e\u0301",
  ),
  fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.replaceAll("/", "")),
  fc.nat(300).map((length) => "n".repeat(length)),
);
const blobName = fc
  .array(segment, { minLength: 1, maxLength: 8 })
  .map((segments) => segments.join("/").slice(0, 1024))
  .filter((name) => name !== "");

test("no list of names is rejected because of NTFS, and no two blobs share a file", async () => {
  const names = fc.uniqueArray(blobName, { minLength: 1, maxLength: 40 });
  await fuzz(
    "blob names on a drive",
    fc.property(names, (list) => {
      const tree = new SeedTree(createNtfsTree());
      const paths = list.map((name, index) => {
        const blob: SeedBlob = {
          index,
          name,
          kind: "block",
          lengthInBytes: index,
          md5: undefined,
          modifiedAtInMs: 0,
          headers: {},
          metadata: {},
          rangeSizeInBytes: 4096,
          dataStretches: undefined,
        };
        return tree.addBlob(blob).filePath;
      });
      expect(new Set(paths.map(foldNtfsName)).size).toBe(list.length);
      for (const path of paths) {
        expect(path.length).toBeLessThanOrEqual(256);
        for (const part of path.split("\\").slice(1)) expect(ntfsNameProblem(part)).toBeUndefined();
      }
    }),
    { usualCases: 400, seed: 20_260_104 },
  );
});
