/** The thread's side of `worker-pool.ts`: takes one task after the other and answers each. */
import { parentPort, workerData } from "node:worker_threads";
import { errorMessageOf } from "./error-message.js";
import type { WorkerAnswer } from "./worker-pool.js";

/**
 * Serves the tasks of the thread that started this one. To be called once, by the program of a worker.
 *
 * @param createHandler gets what the pool was given as `workerData`
 */
export function serveTasks<Data, Task, Result>(createHandler: (data: Data) => (task: Task) => Result): void {
  const port = parentPort;
  if (port === null) throw new Error("This program runs as a worker thread only.");
  const handle = createHandler(workerData as Data);
  port.on("message", (task: Task) => port.postMessage(answerOf(handle, task)));
}

function answerOf<Task, Result>(handle: (task: Task) => Result, task: Task): WorkerAnswer<Result> {
  try {
    return { result: handle(task) };
  } catch (error) {
    const { name = "Error", code } = (error ?? {}) as { readonly name?: string; readonly code?: unknown };
    return {
      failure: {
        name,
        message: errorMessageOf(error),
        ...(typeof code === "string" ? { code } : {}),
      },
    };
  }
}
