/** The program of the processes that `spawnDriveTask` starts. */
import { type DriveTask, runDriveTask } from "./drive-task.js";

await runDriveTask(JSON.parse(process.argv[2]!) as DriveTask);
