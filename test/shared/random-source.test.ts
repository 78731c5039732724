import { expect, test } from "@jest/globals";
import { randomBytesFrom } from "../../src/shared/random-source.js";
import { replayedRandomSource } from "../../src/shared/replayed-random-source.js";

test("recorded bytes are handed out once, in order, and never more of them", () => {
  const random = replayedRandomSource(Uint8Array.of(1, 2, 3, 4, 5));
  expect([...randomBytesFrom(random, 2)]).toEqual([1, 2]);
  expect([...randomBytesFrom(random, 3)]).toEqual([3, 4, 5]);
  expect(() => randomBytesFrom(random, 1)).toThrow(RangeError);
});
