/** Both ways of reading a file give the same bytes; what lies behind them is zero or untouched. */
import { randomBytes } from "node:crypto";
import { openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createReadPath } from "../../../src/diskprep/pipeline/read-path.js";
import { allocatePageAligned } from "../../../src/shared/page-aligned-memory.js";

const mebibyte = 1024 * 1024;
const content = randomBytes(9 * mebibyte + 123);
let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-read-path-"));
  path = join(folder, "file");
  await writeFile(path, content);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As if every read had come from the disk, or none. */
const fetchedAlways = (): (() => number) => {
  let bytes = 0;
  return () => (bytes += 64 * mebibyte);
};
const fetchedNever = (): (() => number) => () => 0;

describe.each([
  ["the cache", fetchedNever],
  ["past the cache", fetchedAlways],
])("through %s", (_, createCount) => {
  test.each([
    [0, 4 * mebibyte],
    [4 * mebibyte, 2 * mebibyte + 1],
    [8 * mebibyte, mebibyte + 123],
    [512, 3 * mebibyte],
    [9 * mebibyte, 2 * mebibyte],
  ])("%d + %d bytes", (offset, length) => {
    const fileLengthInBytes = content.length;
    const options = { countFetchedBytes: createCount(), fileLengthInBytes };
    const file = createReadPath(path, openSync(path, "r"), options);
    const readAll = (target: Uint8Array): number => {
      for (let done = 0; ; ) {
        const count = done < target.length ? file.read(target.subarray(done), offset + done) : 0;
        if (count === 0) return done;
        done += count;
      }
    };
    try {
      for (let round = 0; round < 3; round += 1) {
        const slot = allocatePageAligned(12 * mebibyte).fill(0xcc);
        const count = readAll(slot.subarray(0, length));
        const expected = content.subarray(offset, offset + length);
        expect(count).toBe(expected.length);
        expect(Buffer.compare(slot.subarray(0, count), expected)).toBe(0);
        const isEnd = offset + length === content.length;
        const padding = slot.subarray(length, isEnd ? Math.ceil(length / 4096) * 4096 : length);
        expect([...new Set(padding)].every((byte) => byte === 0 || byte === 0xcc)).toBe(true);
        expect(new Set(slot.subarray(length + padding.length, length + 8192))).toEqual(new Set([0xcc]));
      }
    } finally {
      file.close();
    }
  });
});
