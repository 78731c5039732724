import { expect, test } from "@jest/globals";
import { forEachConcurrently } from "../../src/shared/index.js";

test("works on every item, never on more than asked at once, and reads no further ahead", async () => {
  let taken = 0;
  let running = 0;
  let most = 0;
  const done: number[] = [];
  async function* items(): AsyncGenerator<number> {
    for (let item = 0; item < 20; item += 1) {
      taken += 1;
      expect(taken - done.length).toBeLessThanOrEqual(4);
      yield item;
    }
  }
  await forEachConcurrently(items(), 3, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    done.push(item);
  });
  expect([most, done.sort((left, right) => left - right)]).toEqual([
    3,
    Array.from({ length: 20 }, (_, item) => item),
  ]);
});

test("after a failure nothing more is taken, running work is waited for, and the source is closed", async () => {
  const finished: number[] = [];
  let isClosed = false;
  function* items(): Generator<number> {
    try {
      for (let item = 0; ; item += 1) yield item;
    } finally {
      isClosed = true;
    }
  }
  const work = async (item: number): Promise<void> => {
    if (item === 1) throw new Error("first");
    await new Promise((resolve) => setImmediate(resolve));
    finished.push(item);
  };
  await expect(forEachConcurrently(items(), 2, work)).rejects.toThrow("first");
  expect([finished, isClosed]).toEqual([[0], true]);
});
