/** Which independent programs this computer has, and a loud word when a test must be left out for want of one. */
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];

/** Whether a program can be started by name. */
export function hasProgram(name: string): boolean {
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Whether tests that ask these programs cannot run here. Says so on the console; with
 * `OFFLINE_SEED_REQUIRE_ORACLES=1` a missing program is a failure instead.
 */
export function isOracleMissing(...programs: readonly string[]): boolean {
  return isMissing(
    programs.filter((program) => !hasProgram(program)),
    "not installed",
  );
}

/** The same for tests that need the rights of root (loop devices, mounts). */
export function isRootMissing(): boolean {
  return isMissing(process.getuid?.() === 0 ? [] : ["root"], "not available");
}

/** The same for tests that need a device node or another file. */
export function isFileMissing(path: string): boolean {
  return isMissing(existsSync(path) ? [] : [path], "not there");
}

function isMissing(things: readonly string[], state: string): boolean {
  if (things.length === 0) return false;
  const message = `${things.join(", ")} ${state}: the tests that need it prove nothing here`;
  if (process.env["OFFLINE_SEED_REQUIRE_ORACLES"] === "1") throw new Error(message);
  console.warn(`SKIPPED: ${message}`);
  return true;
}
