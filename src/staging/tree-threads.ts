/** Threads that list or read a tree. Where threads cannot be had, the same work is done in the calling one. */
import { createWorkerPool, type WorkerPool } from "../shared/worker-pool.js";
import { createHashThreadsOn, type HashThreads } from "./hash-threads.js";
import type { TreeReplies, TreeTask, TreeThreadData } from "./tree-task.js";
import { createTreeTaskHandler } from "./tree-thread.js";
import { treeWorkerProgram } from "./tree-worker-program.js";

/** Takes tasks. */
export interface TreeThreads {
  /** Gives a task to the thread that has least to do. */
  run<Kind extends TreeTask["kind"]>(task: Extract<TreeTask, { kind: Kind }>): Promise<TreeReplies[Kind]>;
  /** Hashing of long contents in the same threads, which is cheaper than starting others. */
  readonly hashing: HashThreads;
  close(): Promise<void>;
}

interface TreeThread {
  /** Tasks without answer yet. */
  waiting: number;
  readonly run: (task: TreeTask) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** Starts threads; 0 is for computers with one processor. */
export function startTreeThreads(count: number, data: TreeThreadData, name: string): TreeThreads {
  const threads = startThreads(count, data, name) ?? [callingThread(data)];
  const runOn = async (thread: TreeThread, task: TreeTask): Promise<never> => {
    thread.waiting += 1;
    try {
      return (await thread.run(task)) as never;
    } finally {
      thread.waiting -= 1;
    }
  };
  const leastBusy = (): TreeThread =>
    threads.reduce((least, other) => (other.waiting < least.waiting ? other : least));
  return {
    // Who lists remembers how far the walk has come.
    run: (task) => runOn(task.kind === "list" ? threads[0]! : leastBusy(), task),
    hashing: createHashThreadsOn(() =>
      threads.map((thread) => ({
        run: (step) => runOn(thread, { kind: "hash", step }),
        close: async () => undefined,
      })),
    ),
    async close() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

/** Pools of one: the steps of some work belong to one thread. */
function startThreads(count: number, data: TreeThreadData, name: string): readonly TreeThread[] | undefined {
  if (count === 0) return undefined;
  const pools: WorkerPool<TreeTask, unknown>[] = [];
  try {
    for (let threadNumber = 0; threadNumber < count; threadNumber += 1) {
      pools.push(
        createWorkerPool<TreeTask, unknown>({
          program: treeWorkerProgram,
          count: 1,
          name: `${name} ${threadNumber + 1}`,
          workerData: () => ({ data, threadNumber }),
        }),
      );
    }
  } catch {
    // No threads for this process, for example under Node's permission model.
    for (const pool of pools) void pool.close();
    return undefined;
  }
  return pools.map((pool) => ({ waiting: 0, run: (task) => pool.run(task), close: () => pool.close() }));
}

function callingThread(data: TreeThreadData): TreeThread {
  const handler = createTreeTaskHandler(data, 0);
  // A failure shows in the tasks.
  handler.catch(() => undefined);
  return {
    waiting: 0,
    async run(task) {
      const handle = await handler;
      // Between two tasks the rest of the program has its turn.
      await new Promise((resolve) => setImmediate(resolve));
      return handle(task);
    },
    close: async () => undefined,
  };
}
