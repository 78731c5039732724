/**
 * Runs one of the checking programs of this folder: `node tools/run.mjs biome check .`
 *
 * They are installed on first use. Whoever only builds, tests or tries the demo never needs them.
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

if (!existsSync(join(toolsFolder, "node_modules"))) {
  const status = npm("ci", "--prefix", toolsFolder, "--no-audit", "--no-fund");
  if (status !== 0) process.exit(status);
}
process.exitCode = npm("exec", "--prefix", toolsFolder, "--", ...process.argv.slice(2));
