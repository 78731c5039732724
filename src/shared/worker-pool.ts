/**
 * Worker threads that each do one task after the other. Their program is a text that the build has bundled
 * (`scripts/build-workers.mjs`), so that nothing is looked up at run time, in whatever way the library is packaged.
 *
 * The thread's side is `worker-thread.ts`.
 */
import { Worker } from "node:worker_threads";

/** Options of {@link createWorkerPool}. */
export interface WorkerPoolOptions {
  /** The bundled program, a CommonJS text. */
  readonly program: string;
  /** How many threads; at least 1. */
  readonly count: number;
  /** What a thread, counted from 0, is given when it starts; shared memory stays shared. */
  readonly workerData: (threadNumber: number) => unknown;
  /** How the threads are called in debuggers and profiles. */
  readonly name: string;
}

/** Threads that take tasks in the order in which they were given. */
export interface WorkerPool<Task, Result> {
  /**
   * Posts a task to the next thread that is free.
   *
   * Rejects when the thread cannot do it: with what the program threw (its name, message and `code`; the class is
   * lost), or because the thread died; then every other task is rejected, too.
   */
  run(task: Task): Promise<Result>;
  /** Posts a message to every thread, in order with the tasks; resolves when all have handled it. */
  runOnEach(task: Task): Promise<readonly Result[]>;
  /** Ends the threads and resolves when they are gone; tasks not yet done are rejected. May be repeated. */
  close(): Promise<void>;
}

/** What a thread answers. */
export type WorkerAnswer<Result> =
  | { readonly result: Result }
  | { readonly failure: { readonly name: string; readonly message: string; readonly code?: string } };

interface Waiting<Task, Result> {
  readonly task: Task;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread<Task, Result> {
  readonly worker: Worker;
  /** Tasks for this thread only. */
  readonly own: Waiting<Task, Result>[];
  current: Waiting<Task, Result> | undefined;
}

/** Starts the threads. They do not keep the process alive while they have nothing to do. */
export function createWorkerPool<Task, Result>(options: WorkerPoolOptions): WorkerPool<Task, Result> {
  const waiting: Waiting<Task, Result>[] = [];
  let failure: unknown;
  let closing: Promise<void> | undefined;

  const fail = (error: unknown): void => {
    failure ??= error;
    for (const { reject } of waiting.splice(0)) reject(failure);
    for (const thread of threads) {
      for (const { reject } of thread.own.splice(0)) reject(failure);
      thread.current?.reject(failure);
      thread.current = undefined;
    }
  };

  const next = (thread: Thread<Task, Result>): void => {
    // The end of a thread is waited for, so an answer that comes late must not let the process go before it.
    if (thread.current || closing !== undefined) return;
    const job = thread.own.shift() ?? waiting.shift();
    if (job === undefined) {
      thread.worker.unref();
      return;
    }
    thread.current = job;
    thread.worker.ref();
    thread.worker.postMessage(job.task);
  };

  const start = (number: number): Thread<Task, Result> => {
    const worker = new Worker(options.program, {
      eval: true,
      // Loaders and flags of the main thread are not meant for this program.
      execArgv: [],
      name: `${options.name} ${number + 1}`,
      workerData: options.workerData(number),
    });
    const thread: Thread<Task, Result> = { worker, own: [], current: undefined };
    worker.on("message", (answer: WorkerAnswer<Result>) => {
      const done = thread.current;
      thread.current = undefined;
      if ("failure" in answer) done?.reject(workerFailure(answer.failure));
      else done?.resolve(answer.result);
      next(thread);
    });
    worker.on("error", (error) => fail(error));
    worker.on("exit", (code) =>
      fail(workerFailure({ name: "Error", message: `a worker thread ended with exit code ${code}` })),
    );
    worker.unref();
    return thread;
  };

  const threads = Array.from({ length: options.count }, (_, number) => start(number));

  const post = (enqueue: (job: Waiting<Task, Result>) => void, task: Task): Promise<Result> =>
    new Promise<Result>((resolve, reject) => {
      if (failure !== undefined) {
        reject(failure);
        return;
      }
      enqueue({ task, resolve, reject });
      for (const thread of threads) next(thread);
    });

  return Object.freeze({
    run: (task: Task) => post((job) => waiting.push(job), task),
    runOnEach: (task: Task) =>
      Promise.all(threads.map((thread) => post((job) => thread.own.push(job), task))),
    close() {
      closing ??= (async () => {
        fail(workerFailure({ name: "Error", message: "the worker threads were ended" }));
        await Promise.all(threads.map(({ worker }) => worker.terminate()));
      })();
      return closing;
    },
  });
}

function workerFailure({ name, message, code }: { name: string; message: string; code?: string }): Error {
  return Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) });
}
