/** The program of a thread that lists or reads a tree; bundled into `tree-worker-program.ts`. */
import { workerData } from "node:worker_threads";
import { serveTasks } from "../shared/worker-thread.js";
import type { TreeThreadData } from "./tree-task.js";
import { createTreeTaskHandler } from "./tree-thread.js";

// Tasks that arrive meanwhile wait in the port. A failure ends the thread, which the pool reports.
const { data, threadNumber } = workerData as { data: TreeThreadData; threadNumber: number };
void createTreeTaskHandler(data, threadNumber).then((handle) => serveTasks(() => handle));
