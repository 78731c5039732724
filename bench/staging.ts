/**
 * Staging a tree against what people use for it: tar, tar through zstd, restic. Every way is a process of its own and writes to the same
 * folder; the ways take turns, and the medians are compared. `--source=DIR` (default: node_modules), `--runs=N` (5),
 * `--target=DIR` (the system's temporary folder). The source is read once before each way, so that all find it in the page cache.
 *
 * "seed, bundles" are tar blobs with many files each, compressed as a whole; with compression that is the way the comparison with restic
 * is about. tar leaves what it wrote to the system, restic and a sealed seed are on the disk when they end; "tar, fsync" is tar
 * with the same promise.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openStagingLocation, type StageDirectoryOptions, stageDirectory } from "../src/staging/index.js";
import { formatTable, medianOf } from "./support/measure.js";

interface Way {
  readonly name: string;
  /** Shell text; `$SOURCE` and `$TARGET` are set. */
  readonly command: string;
  readonly program: string;
}

const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);

const stagingOptions = option("stage");
if (stagingOptions === undefined) compare();
else await stage(JSON.parse(stagingOptions) as StageDirectoryOptions);

/** The measured process: stages and seals, nothing else. */
async function stage(options: StageDirectoryOptions): Promise<void> {
  const location = await openStagingLocation(process.env["TARGET"]!, { create: true });
  const writer = await location.createSeed({
    jobName: "benchmark",
    subscriptionId: "11111111-2222-3333-4444-555555555555",
    storageAccountName: "seedaccount",
    containerName: "seeds",
  });
  const report = await stageDirectory(writer, process.env["SOURCE"]!, options);
  if (report.failureCount > 0) console.error(report.failures.slice(0, 3));
  await (await writer.seal()).close();
  console.error(`peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
}

function compare(): void {
  const source = resolve(option("source") ?? "node_modules");
  const runs = Number(option("runs") ?? 5);
  const folder = mkdtempSync(join(option("target") ?? tmpdir(), "offline-seed-bench-"));
  const own = (options: StageDirectoryOptions): string =>
    `"${process.execPath}" "${process.argv[1]}" '--stage=${JSON.stringify(options)}'`;
  const tar = 'tar -cf - -C "$SOURCE" .';
  const ways: Way[] = [
    { name: "tar", program: "tar", command: `${tar} > "$TARGET/tree.tar"` },
    {
      name: "tar, fsync",
      program: "tar",
      command: `${tar} | dd of="$TARGET/tree.tar" bs=1M iflag=fullblock conv=fsync status=none`,
    },
    { name: "tar, zstd -1 -T2", program: "zstd", command: `${tar} | zstd -q -1 -T2 -o "$TARGET/tree.zst"` },
    { name: "restic", program: "restic", command: 'cd "$SOURCE" && restic -q -r "$TARGET/repo" backup .' },
    { name: "seed, a blob a file", program: "node", command: own({}) },
    { name: "seed, bundles", program: "node", command: own({ bundle: true }) },
    {
      name: "seed, bundles, brotli 0",
      program: "node",
      command: own({ bundle: true, compression: { method: "brotli", level: 0 } }),
    },
    {
      name: "seed, bundles, brotli 1",
      program: "node",
      command: own({ bundle: true, compression: { method: "brotli", level: 1 } }),
    },
    {
      name: "seed, bundles, zstd 1",
      program: "node",
      command: own({ bundle: true, compression: { method: "zstd", level: 1 } }),
    },
  ].filter(({ program, name }) => {
    const found = program === "node" || spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
    if (!found) console.error(`left out: ${name} (not installed)`);
    return found;
  });
  try {
    const results = new Map(
      ways.map(({ name }) => [name, { wall: [] as number[], processor: [] as number[], bytes: 0 }]),
    );
    for (let run = -1; run < runs; run += 1) {
      for (const way of ways) {
        const target = join(folder, "target");
        rmSync(target, { recursive: true, force: true });
        mkdirSync(target);
        const environment = {
          ...process.env,
          SOURCE: source,
          TARGET: target,
          RESTIC_PASSWORD: "x",
          RESTIC_CACHE_DIR: join(folder, "cache"),
        };
        if (way.program === "restic")
          execFileSync("restic", ["-q", "-r", join(target, "repo"), "init"], { env: environment });
        readAll(source);
        execFileSync("sync");
        const { wallInSeconds, processorInSeconds } = timed(way.command, environment);
        if (run < 0) continue;
        const result = results.get(way.name)!;
        result.wall.push(wallInSeconds);
        result.processor.push(processorInSeconds);
        result.bytes = sizeOf(target);
      }
    }
    const sourceBytes = sizeOf(source);
    const base = results.get("tar")!;
    const restic = results.get("restic");
    const lines = [
      ["way", "seconds", "MB/s", "x tar", "x restic", "processor seconds", "stored MB", "ratio"],
    ];
    for (const [name, { wall, processor, bytes }] of results) {
      const seconds = medianOf(wall);
      lines.push([
        name,
        seconds.toFixed(2),
        (sourceBytes / seconds / 1e6).toFixed(0),
        (medianOf(base.wall) / seconds).toFixed(2),
        restic === undefined ? "" : (medianOf(restic.wall) / seconds).toFixed(2),
        medianOf(processor).toFixed(2),
        (bytes / 1e6).toFixed(0),
        (sourceBytes / bytes).toFixed(2),
      ]);
    }
    const files = readdirSync(source, { withFileTypes: true, recursive: true }).filter((entry) =>
      entry.isFile(),
    );
    console.log(
      `${source}: ${files.length} files, ${(sourceBytes / 1e6).toFixed(0)} MB, ${runs} runs in turns, medians\n`,
    );
    console.log(formatTable(lines));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function timed(
  command: string,
  env: NodeJS.ProcessEnv,
): { readonly wallInSeconds: number; readonly processorInSeconds: number } {
  const script = `TIMEFORMAT='%R %U %S'; time { ${command}; }`;
  const run = spawnSync("bash", ["-o", "pipefail", "-c", script], { env, encoding: "utf8" });
  if (run.status !== 0) throw new Error(`failed: ${command}\n${run.stderr}`);
  const [wall, user, system] = run.stderr.trim().split("\n").at(-1)!.split(" ").map(Number);
  return { wallInSeconds: wall!, processorInSeconds: user! + system! };
}

/** Into the page cache. */
function readAll(folder: string): void {
  execFileSync("find", [folder, "-type", "f", "-exec", "cat", "{}", "+"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

function sizeOf(path: string): number {
  let bytes = 0;
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}
