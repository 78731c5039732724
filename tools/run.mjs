/**
 * Runs one of the checking programs of this folder: `node tools/run.mjs biome check .`
 *
 * They are installed on first use and after a change of the list. Whoever only builds, tests or tries the demo never needs them.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const toolsFolder = import.meta.dirname;

function npm(...npmArguments) {
  return (
    spawnSync("npm", npmArguments, { stdio: "inherit", shell: process.platform === "win32" }).status ?? 1
  );
}

// A program that is not there was added to the list since the last installation, or nothing was installed yet.
if (!existsSync(join(toolsFolder, "node_modules", ".bin", process.argv[2] ?? ""))) {
  const status = npm("ci", "--prefix", toolsFolder, "--no-audit", "--no-fund");
  if (status !== 0) process.exit(status);
}
process.exitCode = npm("exec", "--prefix", toolsFolder, "--", ...process.argv.slice(2));
