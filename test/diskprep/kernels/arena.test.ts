import { spawnSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { hasVectorInstructions } from "../../../src/diskprep/kernels/arena.js";
import { createArena, createMd5Hasher, openArena } from "../../../src/diskprep/kernels/index.js";

describe("arena", () => {
  test("this machine runs the WebAssembly kernels, so the other tests mean something", () => {
    expect(hasVectorInstructions()).toBe(true);
    expect(createArena(1).kernel("md5-lanes")).toBeDefined();
    expect(createArena(1, { acceleration: "none" }).kernel("md5-lanes")).toBeUndefined();
  });

  test("a kernel is loaded once for each arena", () => {
    const arena = createArena(1);
    expect(arena.kernel("zero-scan")).toBe(arena.kernel("zero-scan"));
  });

  test("two threads' views of one memory work side by side with scratch areas of their own", () => {
    const first = createArena(65_536);
    const second = openArena(first.memory);
    first.bytes.fill(0x61, 8192, 8192 + 3);
    const [hasher, other] = [createMd5Hasher(first, 0), createMd5Hasher(second, 4096)];
    const lengths = [3, 3, 3];
    const expected = "47bce5c74f589f4867dbd57e9ca9f808".repeat(3);
    for (let turn = 0; turn < 3; turn++) {
      for (const each of [hasher, other]) {
        expect(Buffer.from(each.digest([8192, 8192, 8192], lengths)).toString("hex")).toBe(expected);
      }
    }
  });

  test("the committed binaries are what the sources make", () => {
    const check = spawnSync(process.execPath, ["scripts/build-kernels.mjs", "--check"], { encoding: "utf8" });
    expect([check.status, check.stderr]).toEqual([0, ""]);
  });
});
