/** Packs the library as it would be published and asks publint and attw whether every entry resolves. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const scratchFolder = mkdtempSync(join(tmpdir(), "offline-seed-package-"));

function run(command, ...commandArguments) {
  const result = spawnSync(command, commandArguments, {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (result.status !== 0) throw new Error(`${command} ${commandArguments.join(" ")} failed`);
}

try {
  run("npm", "pack", "--silent", "--pack-destination", scratchFolder);
  const tarball = join(scratchFolder, readdirSync(scratchFolder)[0]);
  run("node", "tools/run.mjs", "publint", "run", "--strict", tarball);
  // The old node10 resolver cannot see sub-paths; nobody on a supported Node uses it.
  run("node", "tools/run.mjs", "attw", tarball, "--profile", "node16");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(scratchFolder, { recursive: true, force: true });
}
