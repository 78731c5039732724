import { expect, test } from "@jest/globals";
import { startSideWork } from "../../src/shared/side-work.js";

test("gives the result, however late it is asked for", async () => {
  await using work = startSideWork(async () => 7);
  expect(await work.result()).toBe(7);
  expect(await work.result()).toBe(7);
});

test("a failure is told to who asks, and to nobody else", async () => {
  await using unasked = startSideWork(() => Promise.reject(new Error("unasked")));
  await using asked = startSideWork(() => Promise.reject(new Error("asked")));
  // An unhandled rejection would end the process at the next turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
  await expect(asked.result()).rejects.toThrow("asked");
  expect(unasked).toBeDefined();
});

test("disposing stops the work and waits for its end", async () => {
  let end: "no" | "yes" = "no";
  const work = startSideWork(async (abortSignal) => {
    while (!abortSignal.aborted) await new Promise((resolve) => setImmediate(resolve));
    end = "yes";
  });
  await work[Symbol.asyncDispose]();
  expect(end).toBe("yes");
});

test.each(["before", "after"])("hears its caller's signal, aborted %s it starts", async (when) => {
  const caller = new AbortController();
  if (when === "before") caller.abort();
  await using work = startSideWork(async (abortSignal) => {
    while (!abortSignal.aborted) await new Promise((resolve) => setImmediate(resolve));
    return "stopped";
  }, caller.signal);
  caller.abort();
  expect(await work.result()).toBe("stopped");
});
