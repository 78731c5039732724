/**
 * Builds and runs benchmarks: `node scripts/run-bench.mjs [name ...] [--option ...]`. A name is a file of bench/ without
 * its ending; without names all are run, one after the other. Options are handed to each of them.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { build } from "tsup";

const options = process.argv.slice(2).filter((argument) => argument.startsWith("--"));
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const known = readdirSync("bench")
  .filter((fileName) => fileName.endsWith(".ts"))
  .map((fileName) => fileName.replace(/\.ts$/, ""));
const names = wanted.length > 0 ? wanted : known;
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`No benchmark ${unknown.join(", ")}; there are ${known.join(", ")}.`);

const buildInto = async (entry) => {
  await build({
    config: false,
    entry,
    outDir: "build/bench",
    format: ["esm"],
    target: "node20",
    platform: "node",
    splitting: true,
    sourcemap: true,
    dts: false,
    silent: true,
  });
};
await buildInto(Object.fromEntries(names.map((name) => [name, `bench/${name}.ts`])));
// Runs in processes of its own. Built apart, so that it loads no more than it needs.
await buildInto({ "drive-task-program": "bench/support/drive-task-program.ts" });
for (const name of names) {
  const program = ["--enable-source-maps", "--expose-gc", `build/bench/${name}.js`, ...options];
  const run = spawnSync(process.execPath, program, { stdio: "inherit" });
  if (run.status !== 0) process.exitCode = run.status ?? 1;
}
