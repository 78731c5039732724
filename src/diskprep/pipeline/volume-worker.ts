/** The program of a worker thread; bundled into `volume-worker-program.ts`. */
import { markPageAligned } from "../../shared/page-aligned-memory.js";
import type { WebAssemblyMemory } from "../../shared/web-assembly.js";
import { serveTasks } from "../../shared/worker-thread.js";
import { type Acceleration, openArena } from "../kernels/index.js";
import { createReadTurns } from "./read-turns.js";
import { createVolumeProcessor, type VolumeRequest } from "./volume-processor.js";
import type { VolumeResult } from "./volume-task.js";

/** What the thread is told when it starts. */
export interface VolumeWorkerData {
  readonly memory: WebAssemblyMemory;
  readonly acceleration: Acceleration;
  /** Start of this thread's scratch area. */
  readonly scratchOffset: number;
  /** Offset of the number by which the threads take turns in reading; a multiple of 4. */
  readonly readTurnOffset: number;
}

serveTasks<VolumeWorkerData, VolumeRequest, VolumeResult | undefined>(
  ({ memory, acceleration, scratchOffset, readTurnOffset }) => {
    markPageAligned(memory.buffer);
    return createVolumeProcessor(
      openArena(memory, { acceleration }),
      scratchOffset,
      createReadTurns(new Int32Array(memory.buffer, readTurnOffset, 1)),
    );
  },
);
