import { expect, test } from "@jest/globals";
import { createMemoryRelease } from "../../src/shared/memory-release.js";

const sizeInBytes = 32 * 1024 * 1024;

test("a released buffer is empty, and its memory is given back without the garbage collector", () => {
  const release = createMemoryRelease();
  const before = process.memoryUsage().rss;
  let mostInUse = 0;
  for (let turn = 0; turn < 40; turn += 1) {
    const bytes = new Uint8Array(sizeInBytes).fill(turn);
    release(bytes.buffer);
    expect(bytes.length).toBe(0);
    mostInUse = Math.max(mostInUse, process.memoryUsage().rss - before);
  }
  // Two of forty, whatever else the process does meanwhile.
  expect(mostInUse).toBeLessThan(4 * sizeInBytes);
});
