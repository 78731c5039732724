/** Files to be put on drives, and the seed over them that leaves hashing to the copy. */
import { randomBytes } from "node:crypto";
import { createWriteStream, statSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BitLockerMethod, openImageFile, openLinuxDisk, planDrives } from "../../src/diskprep/index.js";
import { adoptStagingFolder, openStagingLocation } from "../../src/staging/index.js";

const mebibyte = 1024 * 1024;

/** One set of files. */
export interface BenchSource {
  readonly name: string;
  readonly folder: string;
  readonly stagingFolder: string;
  readonly fileCount: number;
  readonly sizeInBytes: number;
  /** One file with as many bytes, for `dd`. */
  readonly flatFile: string;
}

/** Planning is not timed: it is done before, without a drive. */
export async function planFor(source: BenchSource, target: string, method: BitLockerMethod): Promise<string> {
  const location = await openStagingLocation(source.stagingFolder);
  const catalog = await location.openSeed("bench");
  await using device = target.startsWith("/dev/") ? await openLinuxDisk(target) : await openImageFile(target);
  const { sizeInBytes, sectorSizeInBytes } = device;
  const { drives } = await planDrives(catalog, [{ driveId: "BENCH1", sizeInBytes, sectorSizeInBytes }], {
    encryptionMethod: method,
    wipeFreeSpace: false,
  });
  await catalog.close();
  const planFile = join(source.stagingFolder, "plan.json");
  await writeFile(planFile, JSON.stringify(drives[0]));
  return planFile;
}

/** Makes files and the seed over them. */
export async function makeSource(
  work: string,
  name: string,
  fill: (folder: string) => Promise<void>,
): Promise<BenchSource> {
  const folder = join(work, "sources", name);
  await mkdir(folder, { recursive: true });
  await fill(folder);
  const stagingFolder = join(work, "staging", name);
  const location = await openStagingLocation(stagingFolder, { create: true });
  const { catalog } = await adoptStagingFolder(location, {
    jobName: "bench",
    containerName: "bench",
    subscriptionId: "11111111-2222-4333-8444-555555555555",
    storageAccountName: "benchaccount",
    folder,
    hashing: "during-copy",
  });
  const { blobCount: fileCount, totalBytes: sizeInBytes } = catalog;
  await catalog.close();
  const files = await readdir(folder);
  const flatFile = files.length === 1 ? join(folder, files[0]!) : join(work, `${name}.flat`);
  if (files.length > 1) await writeRandomFile(flatFile, sizeInBytes);
  return { name, folder, stagingFolder, fileCount, sizeInBytes, flatFile };
}

/** 20,000 files that all differ. */
export async function makeSmallFiles(folder: string): Promise<void> {
  const content = randomBytes(16 * 1024);
  for (let index = 0; index < 20_000; index += 1) {
    content.writeUInt32LE(index, 0);
    await writeFile(join(folder, `file ${index}.bin`), content);
  }
}

/** A file no two blocks of which are equal. */
export async function writeRandomFile(path: string, sizeInBytes: number): Promise<void> {
  const out = createWriteStream(path);
  const block = randomBytes(4 * mebibyte);
  for (let done = 0; done < sizeInBytes; done += block.length) {
    block.writeDoubleLE(done, 0);
    const part = block.subarray(0, Math.min(block.length, sizeInBytes - done));
    await new Promise((resolve) => out.write(Buffer.from(part), resolve));
  }
  await new Promise((resolve) => out.end(resolve));
  if (statSync(path).size !== sizeInBytes) throw new Error(`${path} has another size`);
}
