/**
 * Preparing and verifying a drive against `dd` and `md5sum` on the same target with the same bytes. Ways take turns;
 * medians are compared. Each of ours is a process of its own, its start included.
 *
 * `--folder=DIR` where sources and target lie (default: the system's temporary folder); `--size=MIB` of the big file
 * (default 2048); `--repetitions=N` (default 5); `--only=TEXT` cases with the text in their name; `--limits=150,450,900`
 * speeds in MB/s of a limited disk (needs root); `--threads=N`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import type { BitLockerMethod } from "../src/diskprep/index.js";
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
import { canLimitDisks, openLoopDisk } from "./support/throttled-disk.js";

const mebibyte = 1024 * 1024;

await compareAll();

interface Case {
  readonly source: "1 big file" | "20,000 files of 16 KiB" | "node_modules";
  readonly suffix: string;
  readonly method: BitLockerMethod;
  readonly isCold?: boolean;
  /** Speed of the disk in MB/s. */
  readonly speed?: number;
}

async function compareAll(): Promise<void> {
  const repetitions = Number(option("repetitions") ?? 5);
  const sizeInBytes = Number(option("size") ?? 2048) * mebibyte;
  const only = option("only") ?? "";
  const work = await mkdtemp(join(option("folder") ?? tmpdir(), "offline-seed-bench-"));
  try {
    const sources = new Map<string, Promise<BenchSource>>();
    const sourceOf = (name: keyof typeof fillers): Promise<BenchSource> => {
      const made = sources.get(name) ?? makeSource(work, name, fillers[name]);
      sources.set(name, made);
      return made;
    };
    const fillers = {
      "1 big file": (folder: string) => writeRandomFile(join(folder, "big.bin"), sizeInBytes),
      "20,000 files of 16 KiB": makeSmallFiles,
      node_modules: (folder: string) =>
        cp(realpathSync("node_modules"), folder, {
          recursive: true,
          filter: (path) => !path.includes("/.bin"),
        }),
    };
    const target = join(work, "target.img");
    await writeRandomFile(target, sizeInBytes + 512 * mebibyte);
    const methods: readonly BitLockerMethod[] = ["xts-aes-128", "aes-cbc-256"];
    const cases: readonly Case[] = [
      ...methods.map((method): Case => ({ source: "1 big file", suffix: "", method })),
      { source: "20,000 files of 16 KiB", suffix: "", method: "xts-aes-128" },
      { source: "node_modules", suffix: "", method: "xts-aes-128" },
      { source: "1 big file", suffix: ", cold", method: "xts-aes-128", isCold: true },
      ...(canLimitDisks() ? (option("limits") ?? "").split(",").filter(Boolean).map(Number) : []).flatMap(
        (speed) =>
          methods.map(
            (method): Case => ({ source: "1 big file", suffix: `, disk of ${speed} MB/s`, method, speed }),
          ),
      ),
    ];
    console.log(
      `${cpus().length} cores (${cpus()[0]!.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
    );
    const lines = [
      [
        "case",
        "prepare MB/s",
        "x dd",
        "x dd, steady",
        "x md5sum",
        "x dd then md5sum",
        "CPU-s/GB",
        "peak MiB",
        "files/s",
        "verify x prepare",
        "verify x dd",
      ],
    ];
    for (const one of cases) {
      const name = `${one.source}${one.suffix}, ${one.method}`;
      if (!name.includes(only)) continue;
      const source = await sourceOf(one.source);
      // What was just made must not be on its way to the disk while others are timed.
      execFileSync("sync");
      if (one.speed === undefined) lines.push(await compare(name, one, source, target, repetitions));
      else {
        using disk = openLoopDisk(target);
        disk.limit(one.speed);
        lines.push(await compare(name, one, source, disk.path, repetitions));
      }
      console.error(lines.at(-1)!.join(" | "));
    }
    console.log(formatTable(lines));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function compare(
  name: string,
  { method, isCold }: Case,
  source: BenchSource,
  target: string,
  repetitions: number,
): Promise<string[]> {
  const planFile = await planFor(source, target, method);
  const task: Omit<DriveTask, "kind"> = {
    stagingFolder: source.stagingFolder,
    seedName: "bench",
    target,
    planFile,
    resultFile: join(source.stagingFolder, "result.json"),
    ...(option("threads") ? { threadCount: Number(option("threads")) } : {}),
  };
  const walls: Record<string, number[]> = {};
  const note = (way: string, valueInMs: number): void => void (walls[way] ??= []).push(valueInMs);
  let peakInMiB = 0;
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const evict = (): void => {
      if (isCold) evictFiles(source);
    };
    evict();
    note(
      "dd",
      timed("dd", [
        `if=${source.flatFile}`,
        `of=${target}`,
        "bs=4M",
        "oflag=direct",
        "conv=notrunc",
        "status=none",
      ]),
    );
    evict();
    const prepared = spawnDriveTask({ ...task, kind: "prepare" });
    note("prepare", prepared.wallInMs);
    note("prepare steady", prepared.steadyBytesPerMs);
    note("prepare processor", prepared.processorInMs);
    peakInMiB = Math.max(peakInMiB, prepared.peakInMiB);
    evict();
    note("md5sum", timed("sh", ["-c", 'find "$0" -type f -exec md5sum {} + > /dev/null', source.folder]));
    const verified = spawnDriveTask({ ...task, kind: "verify" });
    note("verify", verified.wallInMs);
    const count = Math.ceil(source.sizeInBytes / (4 * mebibyte));
    note(
      "dd back",
      timed("dd", [`if=${target}`, "of=/dev/null", "bs=4M", "iflag=direct", `count=${count}`, "status=none"]),
    );
  }
  const median = (way: string): number => medianOf(walls[way]!);
  const ratio = (a: number, b: number): string => (a / b).toFixed(2);
  const prepare = median("prepare");
  return [
    name,
    (source.sizeInBytes / 1000 / prepare).toFixed(0),
    ratio(median("dd"), prepare),
    ratio(median("prepare steady") * median("dd"), source.sizeInBytes),
    ratio(median("md5sum"), prepare),
    ratio(median("dd") + median("md5sum"), prepare),
    (median("prepare processor") / 1000 / (source.sizeInBytes / 1e9)).toFixed(2),
    peakInMiB.toFixed(0),
    ((source.fileCount * 1000) / prepare).toFixed(0),
    ratio(prepare, median("verify")),
    ratio(median("dd back"), median("verify")),
  ];
}

function timed(command: string, programArguments: readonly string[]): number {
  const startInMs = performance.now();
  const run = spawnSync(command, programArguments, { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`${command} failed: ${run.stderr}`);
  return performance.now() - startInMs;
}

/** Writes what is not on the disk yet and forgets the files' pages. */
function evictFiles({ folder, flatFile }: BenchSource): void {
  const forget =
    'sync; find "$0" "$1" -type f -exec sh -c \'for f; do dd of="$f" oflag=nocache conv=notrunc,fdatasync count=0 status=none; done\' sh {} +';
  execFileSync("sh", ["-c", forget, folder, flatFile]);
}
