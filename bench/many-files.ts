/**
 * How a whole preparation grows with the number of files: time and peak memory for 10⁴, 10⁵ and 10⁶ files of one cluster,
 * each count in a process of its own. The files share one staged pack, so that the drive and the bookkeeping are measured
 * and not the making of a million source files.
 *
 * `--folder=DIR` for the image (default: the system's temporary folder; 10⁶ files need 6 GB); `--counts=10000,100000`.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createImageFile, openImageFile, planDrives, prepareDrive } from "../src/diskprep/index.js";
import type { SeedBlob, SeedCatalog } from "../src/staging/index.js";
import { formatTable, growthCell, type MeasuredCount } from "./support/measure.js";
import { option } from "./support/option.js";
import { peakMemoryInMiB } from "./support/peak-memory.js";
import { runApart } from "./support/run-apart.js";

const bytesInFile = 3000;
const folderOfFiles = 1000;

const count = Number(option("count"));
if (count > 0) await measure(count);
else compareAll();

interface Result {
  readonly planInMs: number;
  readonly prepareInMs: number;
  readonly peakInMiB: number;
}

function compareAll(): void {
  const wanted = option("counts") ?? "10000,100000,1000000";
  const lines = [["files", "plan s", "prepare s", "files/s", "peak MiB", "prepare: x time for x files"]];
  let before: MeasuredCount | undefined;
  for (const files of wanted.split(",").map(Number)) {
    const child = [`--count=${files}`, ...process.argv.slice(2)];
    const result = runApart<Result>(fileURLToPath(import.meta.url), child);
    const now = { count: files, timeInMs: result.prepareInMs };
    lines.push([
      String(files),
      (result.planInMs / 1000).toFixed(1),
      (result.prepareInMs / 1000).toFixed(1),
      ((files * 1000) / result.prepareInMs).toFixed(0),
      result.peakInMiB.toFixed(0),
      growthCell(before, now),
    ]);
    before = now;
  }
  console.log(formatTable(lines));
}

async function measure(files: number): Promise<void> {
  const folder = await mkdtemp(join(option("folder") ?? tmpdir(), "offline-seed-bench-"));
  try {
    const pack = join(folder, "pack");
    await writeFile(pack, randomBytes(bytesInFile * folderOfFiles));
    const catalog = catalogOf(files, pack);
    const sizeInBytes = Math.ceil((files * 6000 + 512 * 2 ** 20) / 2 ** 20) * 2 ** 20;
    const startInMs = performance.now();
    const { drives } = await planDrives(catalog, [{ driveId: "MANY", sizeInBytes }], {
      wipeFreeSpace: false,
    });
    const plannedAtInMs = performance.now();
    const plan = drives[0]!;
    if (plan.endBlobIndex !== files) throw new Error("not all files have a place");
    const image = join(folder, "image");
    await (await createImageFile(image, { sizeInBytes })).close();
    await using device = await openImageFile(image, { canWrite: true, bypassCache: true });
    const preparedFromInMs = performance.now();
    await prepareDrive(plan, catalog, device, {
      confirm: { driveId: plan.driveId, sizeInBytes },
      journalPath: join(folder, "journal"),
    });
    const result: Result = {
      planInMs: plannedAtInMs - startInMs,
      prepareInMs: performance.now() - preparedFromInMs,
      peakInMiB: peakMemoryInMiB(),
    };
    process.stdout.write(JSON.stringify(result));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A catalog that makes up its blobs while they are asked for. */
function catalogOf(files: number, pack: string): SeedCatalog {
  const blobAt = (index: number): SeedBlob => ({
    index,
    name: `folder ${String(Math.floor(index / folderOfFiles)).padStart(4, "0")}/document ${index}.bin`,
    kind: "block",
    lengthInBytes: bytesInFile,
    md5: undefined,
    modifiedAtInMs: Date.UTC(2026, 0, 1) + index,
    headers: {},
    metadata: {},
    rangeSizeInBytes: 4 * 2 ** 20,
    dataStretches: undefined,
  });
  return {
    seedId: "0f0e0d0c-0b0a-4908-8706-050403020100",
    jobName: "bench",
    containerName: "bench",
    blobCount: files,
    totalBytes: files * bytesInFile,
    async *blobs({ startIndex = 0 } = {}) {
      for (let index = startIndex; index < files; index += 1) yield blobAt(index);
    },
    readRangeHashes: async () => undefined,
    stagedFilePath: () => undefined,
    stagedFileExtent: ({ index }) => ({
      path: pack,
      offsetInBytes: (index % folderOfFiles) * bytesInFile,
    }),
    openStagedBlob: () => Promise.reject(new Error("read in bulk only")),
    close: async () => undefined,
  };
}
