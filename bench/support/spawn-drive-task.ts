/** Starts processes that prepare or verify one drive. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { DriveTask, DriveTaskReport } from "./drive-task.js";

const program = fileURLToPath(new URL("./drive-task-program.js", import.meta.url));

/** Starts the process and waits. */
export function spawnDriveTask(task: DriveTask): DriveTaskReport & { readonly wallInMs: number } {
  const startInMs = performance.now();
  const run = spawnSync(process.execPath, [program, JSON.stringify(task)], { encoding: "utf8" });
  const wallInMs = performance.now() - startInMs;
  if (run.status !== 0) throw new Error(`${task.kind} failed: ${run.stderr}`);
  return { ...(JSON.parse(run.stdout) as DriveTaskReport), wallInMs };
}
