/**
 * The threads and the memory through which the bytes of drives pass, for writing and for verifying.
 *
 * One shared memory holds everything: slots that files and devices are read into and written from without copying
 * (they begin on page boundaries, as direct I/O demands), and a scratch area for every thread. Messages carry offsets.
 */
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import { markPageAligned } from "../../shared/page-aligned-memory.js";
import { createWorkerPool } from "../../shared/worker-pool.js";
import {
  type Acceleration,
  beginKeyStretch,
  bitLockerRoundCount,
  createArena,
  type SectorCipherMethod,
  stretchKeyInSlices,
} from "../kernels/index.js";
import { noReadTurns } from "./read-turns.js";
import { createSlots, type Slot } from "./slots.js";
import {
  createVolumeProcessor,
  processorScratchInBytes,
  type VolumeProcessor,
  type VolumeRequest,
} from "./volume-processor.js";
import type { VolumeResult, VolumeTask } from "./volume-task.js";
import type { VolumeWorkerData } from "./volume-worker.js";
import { volumeWorkerProgram } from "./volume-worker-program.js";

/** Options of {@link createVolumeWorkers}. */
export interface VolumeWorkersOptions {
  /** Threads beside this one; with 0, or where threads cannot be started, this one does all the work. */
  readonly threadCount: number;
  readonly slotCount: number;
  /** A multiple of 64 KiB. */
  readonly slotLengthInBytes: number;
  /** How many ciphers may be open at a time. Default: 1. */
  readonly cipherCount?: number;
  /** Default: `automatic`. */
  readonly acceleration?: Acceleration;
}

/** Does tasks on slots. Touches files named in tasks, and no device. */
export interface VolumeWorkers extends AsyncDisposable {
  readonly slotLengthInBytes: number;
  readonly slotCount: number;
  /** Threads beside the main one. */
  readonly threadCount: number;
  /** Resolves when a slot is free. */
  acquireSlot(): Promise<Slot>;
  /**
   * Makes a cipher known to all threads.
   *
   * @param key copied; belongs to the caller
   * @returns its number, for tasks
   * @throws RangeError when more are open than was foreseen
   */
  openCipher(method: SectorCipherMethod, key: Uint8Array, sectorSizeInBytes: 512 | 4096): Promise<number>;
  /** Forgets the key. May be repeated. */
  closeCipher(cipherNumber: number): Promise<void>;
  /**
   * Stretches a key in parts that threads do between tasks; without threads, on this one in slices of a few milliseconds.
   * One at a time.
   *
   * @returns 32 bytes. SECRET; the caller zeroes them after use.
   * @throws AbortError after the part under way
   */
  stretchKey(initialHash: Uint8Array, salt: Uint8Array, options?: AbortOptions): Promise<Uint8Array>;
  /** Does a task in a thread that is free; rejects when the thread dies. */
  run(task: VolumeTask): Promise<VolumeResult>;
  /** Closes files, zeroes keys, ends the threads and waits until they are gone. May be repeated. */
  close(): Promise<void>;
}

const pageInBytes = 65_536;
const keyAreaInBytes = 64;
/** Some forty milliseconds, no longer than the other tasks. */
const roundsInPart = bitLockerRoundCount / 8;

/** Starts the threads. */
export function createVolumeWorkers(options: VolumeWorkersOptions): VolumeWorkers {
  const { slotCount, slotLengthInBytes, cipherCount = 1, acceleration = "automatic" } = options;
  const processorCount = Math.max(1, options.threadCount);
  const scratchInBytes = processorScratchInBytes(cipherCount);
  const keyOffset = slotCount * slotLengthInBytes;
  const stretchOffset = keyOffset + cipherCount * keyAreaInBytes;
  const scratchOffset = keyOffset + pageInBytes;
  const arena = createArena(scratchOffset + processorCount * scratchInBytes, { acceleration });
  markPageAligned(arena.memory.buffer);
  const slots = createSlots(arena, 0, slotCount, slotLengthInBytes);

  const crew =
    startThreads(options.threadCount, (threadNumber) => ({
      memory: arena.memory,
      acceleration,
      scratchOffset: scratchOffset + threadNumber * scratchInBytes,
      readTurnOffset: scratchOffset - 4,
    })) ?? onThisThread(createVolumeProcessor(arena, scratchOffset, noReadTurns));
  const freeCiphers = Array.from({ length: cipherCount }, (_, number) => number);
  let closing: Promise<void> | undefined;

  const close = async (): Promise<void> => {
    await crew.close();
    // Slots hold what is on the drive or in the staging folder anyway; here lie keys.
    arena.bytes.fill(0, keyOffset);
  };

  return Object.freeze({
    slotLengthInBytes,
    slotCount,
    threadCount: crew.threadCount,
    acquireSlot: () => slots.acquire(),
    async openCipher(method: SectorCipherMethod, key: Uint8Array, sectorSizeInBytes: 512 | 4096) {
      const cipherNumber = freeCiphers.shift();
      if (cipherNumber === undefined) throw new RangeError(`More than ${cipherCount} ciphers were opened.`);
      const place = keyOffset + cipherNumber * keyAreaInBytes;
      arena.bytes.set(key, place);
      const order = {
        cipherNumber,
        method,
        sectorSizeInBytes,
        keyOffset: place,
        keyLengthInBytes: key.length,
      };
      try {
        await crew.tellAll({ kind: "open-cipher", order });
      } finally {
        arena.bytes.fill(0, place, place + keyAreaInBytes);
      }
      return cipherNumber;
    },
    async closeCipher(cipherNumber: number) {
      if (closing || freeCiphers.includes(cipherNumber)) return;
      await crew.tellAll({ kind: "close-cipher", cipherNumber });
      freeCiphers.push(cipherNumber);
    },
    async stretchKey(initialHash: Uint8Array, salt: Uint8Array, { abortSignal }: AbortOptions = {}) {
      const state =
        crew.threadCount > 0 ? beginKeyStretch(arena, stretchOffset, initialHash, salt) : undefined;
      if (!state) return await stretchKeyInSlices(initialHash, salt, { abortSignal, acceleration });
      try {
        for (let firstRound = 0; firstRound < bitLockerRoundCount; firstRound += roundsInPart) {
          throwIfAborted(abortSignal);
          await crew.run({
            kind: "stretch",
            stateOffset: stretchOffset,
            firstRound,
            roundCount: roundsInPart,
          });
        }
        return state.result();
      } finally {
        state.dispose();
      }
    },
    async run(task: VolumeTask) {
      return (await crew.run({ kind: "task", task }))!;
    },
    close() {
      closing ??= close();
      return closing;
    },
    [Symbol.asyncDispose]() {
      return this.close();
    },
  });
}

interface Crew {
  readonly threadCount: number;
  run(request: VolumeRequest): Promise<VolumeResult | undefined>;
  tellAll(request: VolumeRequest): Promise<unknown>;
  close(): Promise<void>;
}

/** Undefined where threads are not wanted or not allowed. */
function startThreads(count: number, dataOf: (threadNumber: number) => VolumeWorkerData): Crew | undefined {
  if (count === 0) return undefined;
  try {
    const pool = createWorkerPool<VolumeRequest, VolumeResult | undefined>({
      program: volumeWorkerProgram,
      count,
      workerData: dataOf,
      name: "offline-seed volume",
    });
    return {
      threadCount: count,
      run: (request) => pool.run(request),
      tellAll: (request) => pool.runOnEach(request),
      async close() {
        // Files are closed before the threads end; a thread that has died has none open.
        await pool.runOnEach({ kind: "rest" }).catch(() => undefined);
        await pool.close();
      },
    };
  } catch {
    return undefined;
  }
}

function onThisThread(process: VolumeProcessor): Crew {
  const open = new Set<number>();
  return {
    threadCount: 0,
    run: async (request) => process(request),
    tellAll: async (request) => {
      process(request);
      if (request.kind === "open-cipher") open.add(request.order.cipherNumber);
      if (request.kind === "close-cipher") open.delete(request.cipherNumber);
    },
    close: async () => {
      process({ kind: "rest" });
      for (const cipherNumber of open) process({ kind: "close-cipher", cipherNumber });
      open.clear();
    },
  };
}
