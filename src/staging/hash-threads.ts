/**
 * Threads that hash long contents: one the whole, another the ranges of the same content, so that one stream is hashed as fast as MD5
 * can be computed and the calling thread stays free.
 */
import { availableParallelism } from "node:os";
import { allocatePageAligned } from "../shared/page-aligned-memory.js";
import { createWorkerPool, type WorkerPool } from "../shared/worker-pool.js";
import {
  type ContentHashReply,
  type ContentHashTask,
  createContentHashHandler,
} from "./content-hash-task.js";
import { contentHashWorkerProgram } from "./content-hash-worker-program.js";
import type { ContentHashes } from "./content-hasher.js";

/** The hashing of one content. */
export interface HashSession {
  /** Resolves when the buffer may be used again. Runs are triples: offset, length, 1 for a hole of zeros. */
  append(buffer: SharedArrayBuffer, runs: readonly number[]): Promise<void>;
  finish(): Promise<ContentHashes>;
  /** Forgets the content; nothing else may be called afterwards. */
  abandon(): void;
}

/** Threads that are started when first needed. */
export interface HashThreads {
  /** Shared memory that begins on a page where the engine allows it; kept for the next content, because fresh memory costs time. */
  takeMemory(lengthInBytes: number): Uint8Array;
  giveMemory(memory: Uint8Array): void;
  open(rangeSizeInBytes: number): HashSession;
  /** May be repeated. */
  close(): Promise<void>;
}

/** A thread that takes the steps of hashing. */
export type HashThread = Pick<WorkerPool<ContentHashTask, ContentHashReply>, "run" | "close">;

/** Creates threads. Default: one for each processor, at most 4. */
export function createHashThreads(count: number = Math.min(4, availableParallelism())): HashThreads {
  return createHashThreadsOn(() => Array.from({ length: count }, startThread));
}

/** Hashes on threads that are started when first needed. */
export function createHashThreadsOn(start: () => readonly HashThread[]): HashThreads {
  let threads: readonly HashThread[] | undefined;
  let nextSession = 0;
  const freeMemory: Uint8Array[] = [];
  return {
    takeMemory(lengthInBytes) {
      const at = freeMemory.findIndex((memory) => memory.length >= lengthInBytes);
      return at < 0 ? allocateMemory(lengthInBytes) : freeMemory.splice(at, 1)[0]!;
    },
    giveMemory: (memory) => freeMemory.push(memory),
    open(rangeSizeInBytes) {
      threads ??= start();
      const session = nextSession;
      nextSession += 1;
      const forWhole = threads[(2 * session) % threads.length]!;
      const forRanges = threads[(2 * session + 1) % threads.length]!;
      const whole = { session: 2 * session };
      const ranges = { session: 2 * session + 1 };
      const opened = Promise.all([
        forWhole.run({ kind: "open", ...whole, rangeSize: rangeSizeInBytes, parts: "whole" }),
        forRanges.run({ kind: "open", ...ranges, rangeSize: rangeSizeInBytes, parts: "ranges" }),
      ]);
      // Its failure shows in the calls that follow.
      opened.catch(() => undefined);
      return {
        async append(buffer, runs) {
          const added = { kind: "append", buffer, runs } as const;
          await Promise.all([forWhole.run({ ...whole, ...added }), forRanges.run({ ...ranges, ...added })]);
        },
        async finish() {
          const [wholeHashes, rangeHashes] = await Promise.all([
            forWhole.run({ kind: "finish", ...whole }),
            forRanges.run({ kind: "finish", ...ranges }),
          ]);
          return { ...(rangeHashes as ContentHashes), md5: (wholeHashes as ContentHashes).md5 };
        },
        abandon() {
          forWhole.run({ kind: "abandon", ...whole }).catch(() => undefined);
          forRanges.run({ kind: "abandon", ...ranges }).catch(() => undefined);
        },
      };
    },
    async close() {
      const running = threads ?? [];
      threads = [];
      await Promise.all(running.map((thread) => thread.close()));
    },
  };
}

function allocateMemory(lengthInBytes: number): Uint8Array {
  try {
    return allocatePageAligned(lengthInBytes, { isShared: true });
  } catch {
    // An engine without WebAssembly.
    return new Uint8Array(new SharedArrayBuffer(lengthInBytes));
  }
}

/** A pool of one, because the steps of one content belong to one thread. Where threads cannot be had, the caller's is used. */
function startThread(): HashThread {
  try {
    return createWorkerPool({
      program: contentHashWorkerProgram,
      count: 1,
      name: "content hash",
      workerData: () => undefined,
    });
  } catch {
    const handle = createContentHashHandler();
    return { run: async (task) => handle(task), close: async () => undefined };
  }
}
