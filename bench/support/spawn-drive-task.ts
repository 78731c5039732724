/** Starts processes that prepare or verify one drive. */
import { fileURLToPath } from "node:url";
import type { DriveTask, DriveTaskReport } from "./drive-task.js";
import { runApart } from "./run-apart.js";

const program = fileURLToPath(new URL("./drive-task-program.js", import.meta.url));

/** Starts the process and waits. */
export function spawnDriveTask(task: DriveTask): DriveTaskReport & { readonly wallInMs: number } {
  const startInMs = performance.now();
  const report = runApart<DriveTaskReport>(program, [JSON.stringify(task)]);
  return { ...report, wallInMs: performance.now() - startInMs };
}
