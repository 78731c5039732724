/** One task on a slot: read, decrypt, hash, encrypt. With threads and without, the result is node's own. */
import { spawnSync } from "node:child_process";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { stretchKeyInSlices } from "../../../src/diskprep/kernels/index.js";
import {
  createVolumeWorkers,
  type VolumeResult,
  type VolumeWorkers,
} from "../../../src/diskprep/pipeline/index.js";
import { isMemoryAligned } from "../../../src/shared/page-aligned-memory.js";

const slotLengthInBytes = 64 * 1024;
const key = Uint8Array.from({ length: 32 }, (_, index) => index);
const sectorSizeInBytes = 512;
const position = 7 * 1024 * 1024;

let folder: string;
const contents = [randomBytes(10_000), randomBytes(3000), randomBytes(5000)];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-workers-"));
  await writeFile(join(folder, "one"), contents[0]!);
  await writeFile(join(folder, "pack"), Buffer.concat([contents[1]!, contents[2]!]));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function encrypted(plain: Uint8Array): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < plain.length; at += sectorSizeInBytes) {
    const tweak = Buffer.alloc(16);
    tweak.writeBigUInt64LE(BigInt((position + at) / sectorSizeInBytes));
    const cipher = createCipheriv("aes-128-xts", key, tweak);
    parts.push(cipher.update(plain.subarray(at, at + sectorSizeInBytes)));
  }
  return Buffer.concat(parts);
}

const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

const pieces = () => ({
  paths: [join(folder, "one"), join(folder, "pack")],
  pathLengths: [10_000, -1],
  pathNumbers: [0, 1, 1],
  fileOffsets: [0, 0, 3000],
  slotOffsets: [4096, 16_384, 20_480],
  lengths: [10_000, 3000, 5000],
});

const rangesOfPieces = { offsets: [4096, 16_384, 20_480], lengths: [10_000, 3000, 5000] };

function expectedSlot(): Buffer {
  const slot = Buffer.alloc(32_768);
  for (const [index, offset] of [4096, 16_384, 20_480].entries()) slot.set(contents[index]!, offset);
  slot.fill(0xaa, 100, 300);
  slot.fill(0xbb, 30_000, 30_100);
  return slot;
}

async function withWorkers(
  threadCount: number,
  use: (workers: VolumeWorkers) => Promise<void>,
  acceleration: "automatic" | "none" = "automatic",
): Promise<void> {
  const workers = createVolumeWorkers({ threadCount, slotCount: 2, slotLengthInBytes, acceleration });
  try {
    await use(workers);
  } finally {
    await workers.close();
  }
}

describe.each([
  [0, "automatic"],
  [0, "none"],
  [2, "automatic"],
  [2, "none"],
] as const)("%d threads, acceleration %s", (threadCount, acceleration) => {
  test("reads, zeroes the gaps, hashes and encrypts, and back again", () =>
    withWorkers(
      threadCount,
      async (workers) => {
        expect(workers.threadCount).toBe(threadCount);
        const cipherNumber = await workers.openCipher("xts-aes-128", key, sectorSizeInBytes);
        const slot = await workers.acquireSlot();
        expect(isMemoryAligned(slot.bytes, 4096)).toBe(true);
        slot.bytes.fill(0xcc);
        slot.bytes.fill(0xaa, 100, 300);
        slot.bytes.fill(0xbb, 30_000, 30_100);
        const sectors = { offsets: [0], lengths: [32_768], positionsInBytes: [position] };
        const common = { slotOffset: slot.offset, lengthInBytes: 32_768, cipherNumber, hash: rangesOfPieces };
        const kept = { offsets: [100, 30_000], lengths: [200, 100] };
        const written = await workers.run({ ...common, pieces: pieces(), kept, encrypt: sectors });
        expect(hashesOf(written)).toEqual(contents.map(md5));
        expect(encrypted(expectedSlot()).compare(slot.bytes.subarray(0, 32_768))).toBe(0);
        expect(slot.bytes[32_768]).toBe(0xcc);
        const verified = await workers.run({ ...common, decrypt: sectors });
        expect(hashesOf(verified)).toEqual(contents.map(md5));
        expect(expectedSlot().compare(slot.bytes.subarray(0, 32_768))).toBe(0);
      },
      acceleration,
    ));
});

test.each([0, 2])("stretches a key between tasks, %d threads", (threadCount) =>
  withWorkers(threadCount, async (workers) => {
    const [hash, salt] = [new Uint8Array(32).fill(1), new Uint8Array(16).fill(2)];
    const stretching = workers.stretchKey(hash, salt);
    const slot = await workers.acquireSlot();
    const task = { slotOffset: slot.offset, lengthInBytes: 32_768, pieces: pieces(), hash: rangesOfPieces };
    for (let turn = 0; turn < 20; turn += 1)
      expect(hashesOf(await workers.run(task))).toEqual(contents.map(md5));
    const expected = await stretchKeyInSlices(hash, salt);
    expect(Buffer.from(await stretching).toString("hex")).toBe(Buffer.from(expected).toString("hex"));

    const stop = new AbortController();
    const stopped = workers.stretchKey(hash, salt, { abortSignal: stop.signal });
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
  }),
);

function hashesOf(result: VolumeResult): readonly string[] {
  if (result.kind !== "done") throw new Error(`failed: ${result.failure.kind}`);
  const digits = Buffer.from(result.hashes).toString("hex");
  return digits.match(/.{32}/g) ?? [];
}

describe("volume workers", () => {
  test.each([
    ["length-differs", { pathLengths: [9999, -1] }, { piece: 0, actualLengthInBytes: 10_000 }],
    ["length-differs", { lengths: [10_000, 3000, 5001] }, { piece: 1, actualLengthInBytes: 8000 }],
    ["unreadable", { paths: ["/nowhere/x", "/nowhere/y"] }, { piece: 0, systemCode: "ENOENT" }],
  ])("a piece that is %s: %j", (kind, change, expected) =>
    withWorkers(0, async (workers) => {
      const slot = await workers.acquireSlot();
      const task = { slotOffset: slot.offset, lengthInBytes: 32_768, pieces: { ...pieces(), ...change } };
      expect(await workers.run(task)).toMatchObject({ kind: "failed", failure: { kind, ...expected } });
    }),
  );

  test("slots are handed out as they come back", () =>
    withWorkers(0, async (workers) => {
      const [first] = [await workers.acquireSlot(), await workers.acquireSlot()];
      const third = workers.acquireSlot();
      first.release();
      first.release();
      expect((await third).offset).toBe(first.offset);
    }));

  test("no more ciphers than foreseen, and one number again after closing", () =>
    withWorkers(2, async (workers) => {
      const cipherNumber = await workers.openCipher("xts-aes-128", key, 512);
      await expect(workers.openCipher("xts-aes-128", key, 512)).rejects.toThrow(RangeError);
      await workers.closeCipher(cipherNumber);
      await workers.closeCipher(cipherNumber);
      expect(await workers.openCipher("xts-aes-128", key, 512)).toBe(cipherNumber);
    }));

  test("closing leaves no file open and no key in memory", async () => {
    const openFiles = (): number =>
      process.platform === "linux" ? readdirSync("/proc/self/fd").length : Number.NaN;
    await withWorkers(1, async () => undefined);
    const before = openFiles();
    const workers = createVolumeWorkers({ threadCount: 2, slotCount: 1, slotLengthInBytes });
    await workers.openCipher("xts-aes-128", key, 512);
    const slot = await workers.acquireSlot();
    const half = { ...pieces(), lengths: [5000, 3000, 5000] };
    await workers.run({ slotOffset: slot.offset, lengthInBytes: 32_768, pieces: half });
    await workers.close();
    expect(openFiles()).toBe(before);
    expect(Buffer.from(slot.bytes.buffer).indexOf(key.subarray(0, 16))).toBe(-1);
  });

  test("the program of the threads is up to date", () => {
    const check = spawnSync(process.execPath, ["scripts/build-workers.mjs", "--check"], { encoding: "utf8" });
    expect({ status: check.status, stderr: check.stderr }).toEqual({ status: 0, stderr: "" });
  });
});

describe("large files", () => {
  test("are read in turns and past the cache with the same result, up to a last byte that fills no block", async () => {
    const content = randomBytes(5 * 1024 * 1024 + 777);
    const path = join(folder, "large");
    await writeFile(path, content);
    const workers = createVolumeWorkers({ threadCount: 2, slotCount: 4, slotLengthInBytes: 8 * 1024 * 1024 });
    try {
      // More rounds than a slow read is followed by direct ones, on a file that each task opens anew.
      const rounds = Array.from({ length: 24 }, async () => {
        const slot = await workers.acquireSlot();
        slot.bytes.fill(0xcc);
        const pieces = {
          paths: [path],
          pathLengths: [content.length],
          pathNumbers: [0, 0],
          fileOffsets: [0, 4 * 1024 * 1024],
          slotOffsets: [0, 4 * 1024 * 1024],
          lengths: [4 * 1024 * 1024, 1024 * 1024 + 777],
        };
        const lengthInBytes = 6 * 1024 * 1024;
        const hash = { offsets: [0], lengths: [content.length] };
        const result = await workers.run({ slotOffset: slot.offset, lengthInBytes, pieces, hash });
        const isPadded = slot.bytes.subarray(content.length, lengthInBytes).every((byte) => byte === 0);
        slot.release();
        return [...hashesOf(result), isPadded];
      });
      for (const round of await Promise.all(rounds)) expect(round).toEqual([md5(content), true]);
    } finally {
      await workers.close();
    }
  });
});
