/** The program of a thread that hashes long contents; bundled into `content-hash-worker-program.ts`. */
import { serveTasks } from "../shared/worker-thread.js";
import { createContentHashHandler } from "./content-hash-task.js";

serveTasks(createContentHashHandler);
