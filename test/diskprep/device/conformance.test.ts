import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import {
  type BlockDevice,
  type BlockDeviceHarness,
  blockDeviceConformance,
  createFaultyDevice,
  createImageFile,
  createMemoryDevice,
  openImageFile,
  recordDevice,
  sliceDevice,
} from "../../../src/diskprep/device/index.js";

const sizeInBytes = 256 * 1024;

function imageFileHarness(sectorSizeInBytes: 512 | 4096, bypassCache = false): BlockDeviceHarness {
  let folder = "";
  const path = (): string => join(folder, "disk.img");
  return {
    async create() {
      folder = await mkdtemp(join(tmpdir(), "offline-seed-image-"));
      const created = await createImageFile(path(), { sizeInBytes, sectorSizeInBytes, bypassCache });
      if (bypassCache && !created.bypassesCache) {
        console.warn("SKIPPED: the temporary folder has no direct I/O to test");
      }
      return created;
    },
    reopen: ({ canWrite }) => openImageFile(path(), { canWrite, sectorSizeInBytes, bypassCache }),
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  };
}

const harnesses: Record<string, BlockDeviceHarness> = {
  "memory, 512-byte sectors": { create: async () => createMemoryDevice(sizeInBytes) },
  "memory, 4096-byte sectors": {
    create: async () => createMemoryDevice(sizeInBytes, { sectorSizeInBytes: 4096 }),
  },
  "image file, 512-byte sectors": imageFileHarness(512),
  "image file, 4096-byte sectors": imageFileHarness(4096),
  "image file past the page cache": imageFileHarness(512, true),
  "slice of memory": { create: async () => sliceDevice(createMemoryDevice(2 ** 20), 512, sizeInBytes) },
  "recording of memory": { create: async () => recordDevice(createMemoryDevice(sizeInBytes)).device },
  "fault injection whose turn never comes": {
    create: async () =>
      createFaultyDevice(createMemoryDevice(sizeInBytes), { atOperation: 1e9, kind: "fail" }).device,
  },
};

describe.each(Object.entries(harnesses))("%s", (_, harness) => {
  test.each(blockDeviceConformance(harness))("$name", (check) => check.run());
});

describe("the suite itself", () => {
  const broken: Record<string, (device: BlockDevice) => Partial<BlockDevice>> = {
    "reads past the end": () => ({ read: async () => undefined }),
    "loses writes": () => ({ write: async () => undefined }),
    "stays open after close": () => ({ close: async () => undefined }),
    "writes too much": (device) => ({
      write: (offset, data, options) =>
        device.write(
          offset,
          offset + data.length < device.sizeInBytes ? Uint8Array.of(...data, 1) : data,
          options,
        ),
    }),
    "ignores where a view begins": (device) => ({
      write: (offset, data, options) =>
        device.write(offset, new Uint8Array(data.buffer, 0, data.length), options),
    }),
    "keeps the buffer": (device) => {
      const kept: [number, Uint8Array][] = [];
      return {
        async write(offset, data, options) {
          await device.write(offset, data, options);
          kept.push([offset, data]);
        },
        async flush() {
          for (const [offset, data] of kept) await device.write(offset, data);
        },
      };
    },
  };

  test.each(Object.entries(broken))("finds a device that %s", async (_, change) => {
    const checks = blockDeviceConformance({
      create: async () => {
        const device = createMemoryDevice(sizeInBytes);
        return { ...device, ...change(device) };
      },
    });
    const outcomes = await Promise.allSettled(checks.map((check) => check.run()));
    expect(outcomes.filter((outcome) => outcome.status === "rejected").length).toBeGreaterThan(0);
  });
});
