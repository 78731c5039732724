/**
 * Runs Jest with native ES modules on any operating system and closes with one line that counts the tests.
 * Arguments are handed to Jest as they are; `--oracles` runs only the tests that ask independent programs.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const scratchFolder = mkdtempSync(join(tmpdir(), "offline-seed-tests-"));
const resultFile = join(scratchFolder, "result.json");
const jestArguments = process.argv
  .slice(2)
  .map((argument) => (argument === "--oracles" ? "test/oracles" : argument));

const run = spawnSync(
  process.execPath,
  [
    "--experimental-vm-modules",
    "--disable-warning=ExperimentalWarning",
    createRequire(import.meta.url).resolve("jest/bin/jest"),
    "--json",
    `--outputFile=${resultFile}`,
    ...jestArguments,
  ],
  { stdio: ["inherit", "ignore", "inherit"] },
);

let exitCode = run.status ?? 1;
try {
  const result = JSON.parse(readFileSync(resultFile, "utf8"));
  const failedSuites = result.numRuntimeErrorTestSuites;
  console.log(
    `tests: ${result.numPassedTests} passed, ${result.numFailedTests + failedSuites} failed, ${result.numPendingTests} skipped`,
  );
  if (result.numPassedTests === 0) exitCode ||= 1;
} catch (error) {
  console.error(`Jest left no result file (${error.message}); it probably could not start.`);
  exitCode ||= 1;
} finally {
  rmSync(scratchFolder, { recursive: true, force: true });
}
process.exitCode = exitCode;
