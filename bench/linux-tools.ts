/**
 * What a Linux user can do without this library, against it: a BitLocker volume opened by dislocker, NTFS by ntfs-3g, `cp`,
 * flush, and `md5sum` for the manifest. Needs root, FUSE, dislocker and ntfs-3g.
 *
 * `--folder=DIR`, `--size=MIB` of the big file (default 1024), `--repetitions=N` (default 3), `--only=TEXT`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DrivePlan, PreparedDrive } from "../src/diskprep/index.js";
import {
  type BenchSource,
  makeSmallFiles,
  makeSource,
  planFor,
  writeRandomFile,
} from "./support/bench-source.js";
import type { DriveTask } from "./support/drive-task.js";
import { formatTable, medianOf } from "./support/measure.js";
import { option } from "./support/option.js";
import { spawnDriveTask } from "./support/spawn-drive-task.js";

const mebibyte = 1024 * 1024;
const method = "xts-aes-128";

await compareAll();

async function compareAll(): Promise<void> {
  const missing = ["dislocker", "ntfs-3g"].filter((tool) => spawnSync("which", [tool]).status !== 0);
  if (missing.length > 0 || !existsSync("/dev/fuse")) {
    console.log(`Not measured: ${[...missing, "/dev/fuse"].join(", ")} needed.`);
    return;
  }
  const sizeInBytes = Number(option("size") ?? 1024) * mebibyte;
  const repetitions = Number(option("repetitions") ?? 3);
  const work = await mkdtemp(join(option("folder") ?? tmpdir(), "offline-seed-bench-"));
  try {
    const tiny = await makeSource(work, "tiny", (folder) => writeRandomFile(join(folder, "a"), 4096));
    const sources = [
      await makeSource(work, `1 file of ${sizeInBytes / mebibyte} MiB`, (folder) =>
        writeRandomFile(join(folder, "big.bin"), sizeInBytes),
      ),
      await makeSource(work, "20,000 files of 16 KiB", makeSmallFiles),
    ];
    const target = join(work, "target.img");
    await writeRandomFile(target, Math.max(sizeInBytes, 400 * mebibyte) + 512 * mebibyte);
    const lines = [["source", "ours MB/s", "files/s", "x default options", "x big_writes"]];
    for (const source of sources.filter(({ name }) => name.includes(option("only") ?? ""))) {
      const walls: Record<string, number[]> = { ours: [], default: [], big_writes: [] };
      const tasks = { ours: await taskFor(source, target), empty: await taskFor(tiny, target) };
      for (let repetition = 0; repetition < repetitions; repetition += 1) {
        walls["ours"]!.push(spawnDriveTask(tasks.ours).wallInMs);
        for (const way of ["default", "big_writes"]) {
          spawnDriveTask(tasks.empty);
          walls[way]!.push(copyThroughDislocker(work, source, tasks.empty, way === "big_writes"));
        }
      }
      const ours = medianOf(walls["ours"]!);
      const times = (way: string): string => (medianOf(walls[way]!) / ours).toFixed(1);
      lines.push([
        source.name,
        (source.sizeInBytes / 1000 / ours).toFixed(0),
        ((source.fileCount * 1000) / ours).toFixed(0),
        times("default"),
        times("big_writes"),
      ]);
      console.error(lines.at(-1)!.join(" | "));
    }
    console.log(formatTable(lines));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function taskFor(source: BenchSource, target: string): Promise<DriveTask> {
  return {
    kind: "prepare",
    stagingFolder: source.stagingFolder,
    seedName: "bench",
    planFile: await planFor(source, target, method),
    target,
    resultFile: join(source.stagingFolder, "result.json"),
  };
}

/** Milliseconds from unlocking to the last flushed byte and the last hash. */
function copyThroughDislocker(
  work: string,
  source: BenchSource,
  { planFile, resultFile, target }: DriveTask,
  hasBigWrites: boolean,
): number {
  const { partitionOffsetInBytes } = JSON.parse(readFileSync(planFile, "utf8")) as DrivePlan;
  const { bitLockerKey } = JSON.parse(readFileSync(resultFile, "utf8")) as PreparedDrive;
  const [unlocked, mounted] = [join(work, "unlocked"), join(work, "mounted")];
  const run = (command: string, ...programArguments: readonly string[]): void => {
    execFileSync(command, programArguments, { stdio: ["ignore", "ignore", "pipe"] });
  };
  run("mkdir", "-p", unlocked, mounted);
  const startInMs = performance.now();
  run("dislocker", "-V", target, "-O", String(partitionOffsetInBytes), `-p${bitLockerKey}`, "--", unlocked);
  try {
    const options = hasBigWrites ? ["-o", "big_writes"] : [];
    run("ntfs-3g", ...options, join(unlocked, "dislocker-file"), mounted);
    try {
      run("cp", "-r", source.folder, join(mounted, "copied"));
    } finally {
      run("umount", mounted);
    }
  } finally {
    run("umount", unlocked);
  }
  run("dd", `of=${target}`, "if=/dev/null", "count=0", "conv=notrunc,fdatasync");
  run("sh", "-c", 'find "$0" -type f -exec md5sum {} + > /dev/null', source.folder);
  return performance.now() - startInMs;
}
