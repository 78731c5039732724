import { Worker } from "node:worker_threads";
import { expect, test } from "@jest/globals";
import { createWorkerPool } from "../../src/shared/worker-pool.js";

/** Answers, and then says through shared memory that it has. */
const program = `
const { parentPort } = require("node:worker_threads");
parentPort.on("message", (shared) => {
  parentPort.postMessage({ result: 1 });
  Atomics.store(shared, 0, 1);
  Atomics.notify(shared, 0);
});
`;

test("an answer that comes after closing does not let the process end before the threads have", async () => {
  const pool = createWorkerPool<Int32Array, number>({
    program,
    name: "test",
    count: 1,
    workerData: () => undefined,
  });
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const task = pool.run(answered).catch((error: Error) => error.message);
  // Nothing of this thread runs meanwhile, so the answer waits behind the call of close.
  Atomics.wait(answered, 0, 0, 30_000);
  let isLetGo = false;
  const original = Worker.prototype.unref;
  Worker.prototype.unref = function unref(this: Worker): void {
    isLetGo = true;
    original.call(this);
  };
  try {
    await pool.close();
  } finally {
    Worker.prototype.unref = original;
  }
  expect({ task: await task, isLetGo }).toEqual({ task: "the worker threads were ended", isLetGo: false });
});
