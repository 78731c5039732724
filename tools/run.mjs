/**
 * Runs one of the checking programs of this folder: `node tools/run.mjs biome check .`
 *
 * They are installed on first use and after a change of the list. Whoever only builds, tests or tries the demo never needs them.
 */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";

const toolsFolder = import.meta.dirname;

function npm(...npmArguments) {
  return (
    spawnSync("npm", npmArguments, { stdio: "inherit", shell: process.platform === "win32" }).status ?? 1
  );
}

/** Time of the last change of a file of this folder; 0 when it is not there. */
const changedAt = (...path) => statSync(join(toolsFolder, ...path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

// npm writes this file last; the lock file is newer when a program was added since.
if (changedAt("node_modules", ".package-lock.json") < changedAt("package-lock.json")) {
  const status = npm("ci", "--prefix", toolsFolder, "--no-audit", "--no-fund");
  if (status !== 0) process.exit(status);
}
process.exitCode = npm("exec", "--prefix", toolsFolder, "--", ...process.argv.slice(2));
