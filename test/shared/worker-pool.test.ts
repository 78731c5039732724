/** Threads: order, failures, death, and that none is left. */
import { describe, expect, test } from "@jest/globals";
import { createWorkerPool, type WorkerPool } from "../../src/shared/worker-pool.js";

/** Answers with its number and the task; some words make it fail in different ways. */
const program = `
const { parentPort, workerData } = require("node:worker_threads");
parentPort.on("message", (task) => {
  if (task === "throw") parentPort.postMessage({ failure: { name: "RangeError", message: "no", code: "E1" } });
  else if (task === "die") process.exit(7);
  else if (task === "crash") setImmediate(() => { throw new Error("crashed"); });
  else parentPort.postMessage({ result: workerData + ":" + task });
});`;

async function withPool(
  count: number,
  use: (pool: WorkerPool<string, string>) => Promise<void>,
): Promise<void> {
  const pool = createWorkerPool<string, string>({
    program,
    count,
    name: "test",
    workerData: (threadNumber) => `thread ${threadNumber}`,
  });
  try {
    await use(pool);
  } finally {
    await pool.close();
  }
}

describe("worker pool", () => {
  test("one thread does tasks in order", () =>
    withPool(1, async (pool) => {
      const results = await Promise.all(["a", "b", "c"].map((task) => pool.run(task)));
      expect(results).toEqual(["thread 0:a", "thread 0:b", "thread 0:c"]);
    }));

  test("a message reaches every thread", () =>
    withPool(3, async (pool) => {
      expect(await pool.runOnEach("x")).toEqual(["thread 0:x", "thread 1:x", "thread 2:x"]);
    }));

  test("a task that fails leaves the thread alive", () =>
    withPool(1, async (pool) => {
      await expect(pool.run("throw")).rejects.toMatchObject({
        name: "RangeError",
        message: "no",
        code: "E1",
      });
      expect(await pool.run("a")).toBe("thread 0:a");
    }));

  test.each(["die", "crash"])("when a thread does '%s', everything waiting is rejected", (word) =>
    withPool(1, async (pool) => {
      const outcomes = await Promise.allSettled([pool.run(word), pool.run("a"), pool.runOnEach("b")]);
      expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
      await expect(pool.run("later")).rejects.toThrow(word === "die" ? /exit code 7/ : /crashed/);
    }),
  );

  test("closing rejects what is not done, and may be repeated", async () => {
    await withPool(1, async (pool) => {
      const pending = pool.run("die");
      const rejected = expect(pending).rejects.toThrow(/ended/);
      await Promise.all([pool.close(), pool.close()]);
      await rejected;
    });
  });
});
