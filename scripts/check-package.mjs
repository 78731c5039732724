/**
 * Packs the library as it would be published, checks what is inside and how large it is, and asks publint and attw
 * whether every entry resolves.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentProblems, sizeBudget } from "./package-contents.mjs";

const scratchFolder = mkdtempSync(join(tmpdir(), "offline-seed-package-"));

function run(command, ...commandArguments) {
  const result = spawnSync(command, commandArguments, {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (result.status !== 0) throw new Error(`${command} ${commandArguments.join(" ")} failed`);
}

function pack() {
  const packed = spawnSync("npm", ["pack", "--json", "--pack-destination", scratchFolder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  });
  if (packed.status !== 0) throw new Error("npm pack failed");
  return JSON.parse(packed.stdout)[0];
}

try {
  const listing = pack();
  for (const { path, size } of listing.files) console.log(`${String(size).padStart(9)} ${path}`);
  console.log(
    `${listing.files.length} files, ${listing.size} bytes packed (at most ${sizeBudget.packed}), ` +
      `${listing.unpackedSize} unpacked (at most ${sizeBudget.unpacked})`,
  );
  const problems = contentProblems(JSON.parse(readFileSync("package.json", "utf8")), listing);
  if (problems.length > 0) throw new Error(`The package is not as it should be:\n${problems.join("\n")}`);
  const tarball = join(scratchFolder, listing.filename);
  run("node", "tools/run.mjs", "publint", "run", "--strict", tarball);
  // The old node10 resolver cannot see sub-paths; nobody on a supported Node uses it.
  run("node", "tools/run.mjs", "attw", tarball, "--profile", "node16");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(scratchFolder, { recursive: true, force: true });
}
