/**
 * Compares the public interface with the reports under review/ and fails when they differ, so that every change of it is
 * seen in a review. `--update` writes the reports anew. A second report is for the emulator, whose entry is its own.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";

const isUpdate = process.argv.includes("--update");

function run(...nodeArguments) {
  const { status } = spawnSync(process.execPath, nodeArguments, { stdio: "inherit" });
  if (status === 0) return;
  if (!isUpdate)
    console.error("The public interface and review/ differ: npm run api, look at the change, commit it.");
  process.exit(status ?? 1);
}

rmSync("build/api", { recursive: true, force: true });
mkdirSync("build/api", { recursive: true });
run(
  createRequire(import.meta.url).resolve("typescript/bin/tsc"),
  ...[
    "-p",
    "tsconfig.build.json",
    "--noEmit",
    "false",
    "--emitDeclarationOnly",
    "--isolatedDeclarations",
    "false",
  ],
  ...["--declarationMap", "false", "--outDir", "build/api/declarations"],
);
for (const config of ["review/api-extractor.json", "review/api-extractor.emulator.json"]) {
  run("tools/run.mjs", "api-extractor", "run", "--config", config, ...(isUpdate ? ["--local"] : []));
}
