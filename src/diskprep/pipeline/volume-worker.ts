/** The program of a worker thread; bundled into `volume-worker-program.ts`. */
import type { WebAssemblyMemory } from "../../shared/web-assembly.js";
import { serveTasks } from "../../shared/worker-thread.js";
import { type Acceleration, openArena } from "../kernels/index.js";
import { createVolumeProcessor, type VolumeRequest } from "./volume-processor.js";
import type { VolumeResult } from "./volume-task.js";

/** What the thread is told when it starts. */
export interface VolumeWorkerData {
  readonly memory: WebAssemblyMemory;
  readonly acceleration: Acceleration;
  /** Start of this thread's scratch area. */
  readonly scratchOffset: number;
}

serveTasks<VolumeWorkerData, VolumeRequest, VolumeResult | undefined>(
  ({ memory, acceleration, scratchOffset }) =>
    createVolumeProcessor(openArena(memory, { acceleration }), scratchOffset),
);
