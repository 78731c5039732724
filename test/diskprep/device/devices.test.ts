import { mkdtemp, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readExactly, writeExactly } from "../../../src/diskprep/device/file-transfer.js";
import {
  createFaultyDevice,
  createImageFile,
  createMemoryDevice,
  createOpenDeviceCounter,
  openImageFile,
  recordDevice,
  sliceDevice,
} from "../../../src/diskprep/device/index.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-devices-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("memory device", () => {
  test("holds a volume of 12 TiB of which little is written", async () => {
    const device = createMemoryDevice(12 * 2 ** 40);
    await device.write(12 * 2 ** 40 - 3, Uint8Array.of(1, 2, 3));
    await device.write(0, new Uint8Array(2 ** 26));
    const end = new Uint8Array(4);
    await device.read(12 * 2 ** 40 - 4, end);
    expect([...end]).toEqual([0, 1, 2, 3]);
  });

  test.each([0, -512, 1000, Number.NaN, 2 ** 53])("refuses a size of %p", (size) => {
    expect(() => createMemoryDevice(size)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });
});

describe("image file", () => {
  test("is sparse, private and as long as asked", async () => {
    const path = join(folder, "sparse.img");
    await using device = await createImageFile(path, { sizeInBytes: 2 ** 40 });
    const facts = await stat(path);
    expect({ size: facts.size, device: device.sizeInBytes }).toEqual({ size: 2 ** 40, device: 2 ** 40 });
    expect(facts.blocks).toBeLessThan(1024);
    if (process.platform !== "win32") expect(facts.mode & 0o777).toBe(0o600);
  });

  test("refuses an existing file unless told to replace it, and then empties it", async () => {
    const path = join(folder, "existing.img");
    await writeFile(path, new Uint8Array(1024).fill(9), { mode: 0o644 });
    await expect(createImageFile(path, { sizeInBytes: 512 })).rejects.toMatchObject({
      code: "already-exists",
    });
    expect((await stat(path)).size).toBe(1024);
    await using device = await createImageFile(path, { sizeInBytes: 512, replaceExisting: true });
    const sector = new Uint8Array(512).fill(1);
    await device.read(0, sector);
    expect(sector).toEqual(new Uint8Array(512));
    if (process.platform !== "win32") expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["a missing file", "missing.img", "not-found"],
    ["a folder", ".", "invalid-argument"],
    ["a length that is no whole number of sectors", "odd.img", "invalid-argument"],
    ["an empty file", "empty.img", "invalid-argument"],
  ])("does not open %s", async (_, name, code) => {
    await writeFile(join(folder, "odd.img"), "odd");
    await writeFile(join(folder, "empty.img"), "");
    await expect(openImageFile(join(folder, name))).rejects.toMatchObject({ name: "DeviceError", code });
  });

  test("says so when the file became shorter while it was open", async () => {
    const path = join(folder, "shrunk.img");
    await using device = await createImageFile(path, { sizeInBytes: 8192 });
    await truncate(path, 1000);
    await expect(device.read(512, new Uint8Array(1024))).rejects.toMatchObject({
      code: "short-transfer",
      details: { offsetInBytes: 512, lengthInBytes: 1024, transferredBytes: 488 },
    });
  });

  test("leaves no file behind when it cannot be made that large", async () => {
    const path = join(folder, "huge.img");
    // More than any file system here can address.
    await expect(createImageFile(path, { sizeInBytes: 2 ** 53 - 2 ** 20 })).rejects.toMatchObject({
      name: "DeviceError",
    });
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("transfers", () => {
  test("go on after a portion and end with the system's reason", async () => {
    const medium = Uint8Array.from({ length: 100 }, (_, index) => index);
    const handle = {
      async read(buffer: Uint8Array, offset: number, length: number, position: number) {
        const portion = medium.subarray(position, position + Math.min(7, length));
        buffer.set(portion, offset);
        return { bytesRead: portion.length };
      },
      async write() {
        throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      },
    };
    const target = new Uint8Array(50);
    await readExactly(handle, "test", 10, target);
    expect(target).toEqual(medium.subarray(10, 60));
    await expect(writeExactly(handle, "test", 10, target)).rejects.toMatchObject({
      code: "no-space",
      details: {
        deviceName: "test",
        operation: "write",
        offsetInBytes: 10,
        lengthInBytes: 50,
        systemCode: "ENOSPC",
      },
    });
  });
});

describe("slice", () => {
  const device = createMemoryDevice(1 << 20, { sectorSizeInBytes: 4096 });

  test("does not reach outside its window", async () => {
    const slice = sliceDevice(device, 8192, 4096);
    await slice.write(0, new Uint8Array(4096).fill(1));
    await expect(slice.write(4095, Uint8Array.of(1, 1))).rejects.toMatchObject({ code: "out-of-range" });
    const around = new Uint8Array(4098);
    await device.read(8191, around);
    expect(around).toEqual(Uint8Array.of(0, ...new Uint8Array(4096).fill(1), 0));
  });

  test.each([
    [0, 2 ** 20 + 4096, "out-of-range"],
    [-4096, 4096, "out-of-range"],
    [512, 4096, "invalid-argument"],
    [0, 512, "invalid-argument"],
    [0, 0, "invalid-argument"],
  ])("refuses the window at %p of %p bytes", (offset, length, code) => {
    expect(() => sliceDevice(device, offset, length)).toThrow(expect.objectContaining({ code }));
  });

  test("leaves the device below open and can be read-only", async () => {
    const slice = sliceDevice(device, 0, 4096, { canWrite: false });
    await expect(slice.write(0, Uint8Array.of(1))).rejects.toMatchObject({ code: "read-only" });
    await slice.close();
    await expect(slice.read(0, new Uint8Array(1))).rejects.toMatchObject({ code: "closed" });
    await device.read(0, new Uint8Array(1));
  });
});

describe("wrappers", () => {
  test("a recording lists accesses in order", async () => {
    const { device, operations } = recordDevice(createMemoryDevice(4096));
    await device.write(1, new Uint8Array(3));
    await device.read(5, new Uint8Array(7));
    await device.flush();
    await device.close();
    expect(operations).toEqual([
      { kind: "write", offsetInBytes: 1, lengthInBytes: 3 },
      { kind: "read", offsetInBytes: 5, lengthInBytes: 7 },
      { kind: "flush", offsetInBytes: 0, lengthInBytes: 0 },
      { kind: "close", offsetInBytes: 0, lengthInBytes: 0 },
    ]);
  });

  test("a counter knows what is still open", async () => {
    const counter = createOpenDeviceCounter();
    const first = counter.track(createMemoryDevice(512));
    const second = counter.track(createMemoryDevice(512));
    await first.close();
    await first.close();
    expect(counter.openCount).toBe(1);
    await second[Symbol.asyncDispose]();
    expect(counter.openCount).toBe(0);
  });

  test.each([
    ["fail", "EIO", "io-failed", 0],
    ["fail", "ENXIO", "device-gone", 0],
    ["tear", "ENOSPC", "no-space", 1024],
    ["shorten", "EIO", "short-transfer", 1024],
  ] as const)("a faulty device can %s with %s", async (kind, systemCode, code, moved) => {
    const medium = createMemoryDevice(4096);
    const faulty = createFaultyDevice(medium, { atOperation: 2, kind, systemCode, staysBroken: true });
    await faulty.device.read(0, new Uint8Array(1));
    const failure = faulty.device.write(0, new Uint8Array(2560).fill(1));
    await expect(failure).rejects.toMatchObject({ code });
    await expect(faulty.device.flush()).rejects.toMatchObject({ name: "DeviceError" });
    const seen = new Uint8Array(4096);
    await medium.read(0, seen);
    expect(seen.lastIndexOf(1) + 1).toBe(moved);
    expect(faulty).toMatchObject({ operationCount: expect.any(Number), hasFaultHappened: true });
  });

  test("a faulty device can lose and corrupt without a word", async () => {
    const medium = createMemoryDevice(512);
    const losing = createFaultyDevice(medium, { atOperation: 1, kind: "lose", operations: ["write"] });
    await losing.device.write(0, Uint8Array.of(1, 1, 1));
    const corrupting = createFaultyDevice(medium, { atOperation: 1, kind: "corrupt", operations: ["write"] });
    await corrupting.device.write(3, Uint8Array.of(1, 1, 1));
    const seen = new Uint8Array(6);
    await medium.read(0, seen);
    expect([...seen]).toEqual([0, 0, 0, 1, 0x11, 1]);
  });
});
