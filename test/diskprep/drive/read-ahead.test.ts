/** The beginning of a volume, read before anybody can decrypt it: what is handed out, and which slots it holds. */
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { type BlockDevice, createMemoryDevice, DeviceError } from "../../../src/diskprep/device/index.js";
import { createReadAhead, type ReadAhead } from "../../../src/diskprep/drive/verification/read-ahead.js";
import { createVolumeWorkers, type Slot, type VolumeWorkers } from "../../../src/diskprep/pipeline/index.js";

const slotLengthInBytes = 128 * 1024;
const slotCount = 5;
/** All slots but two. */
const aheadInBytes = 3 * slotLengthInBytes;
const content = randomBytes(2 * 1024 * 1024);

async function device(): Promise<BlockDevice> {
  const medium = createMemoryDevice(content.length);
  await medium.write(0, content);
  return medium;
}

/** How many slots are free; takes none. */
async function freeSlotsOf(workers: VolumeWorkers): Promise<number> {
  const slots: Slot[] = [];
  for (let count = 0; count < slotCount; count += 1)
    void workers.acquireSlot().then((slot) => slots.push(slot));
  await new Promise((resolve) => setImmediate(resolve));
  const free = slots.length;
  // Whoever still waits gets one that comes back here, and gives it back as well.
  while (slots.length > 0) {
    for (const slot of slots.splice(0)) slot.release();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return free;
}

async function withReadAhead(
  use: (ahead: ReadAhead, workers: VolumeWorkers) => Promise<void>,
): Promise<void> {
  await using workers = createVolumeWorkers({ threadCount: 0, slotCount, slotLengthInBytes });
  {
    await using ahead = createReadAhead(workers);
    await use(ahead, workers);
  }
  expect(await Promise.all(Array.from({ length: slotCount }, () => workers.acquireSlot()))).toHaveLength(
    slotCount,
  );
}

/** Waits until everything that can be read ahead has been read. */
async function untilFull(ahead: ReadAhead, endInBytes = aheadInBytes): Promise<void> {
  while (ahead.endInBytes < endInBytes) await new Promise((resolve) => setImmediate(resolve));
  await ahead.stop();
}

describe("reading ahead", () => {
  test("hands out what is on the volume, across slots, once and in ascending order", () =>
    withReadAhead(async (ahead, workers) => {
      const probe = await workers.acquireSlot();
      const arena = new Uint8Array(probe.bytes.buffer);
      probe.release();
      ahead.start(await device());
      await untilFull(ahead);
      expect(ahead.endInBytes).toBe(aheadInBytes);
      for (const [start, end] of [
        [4096, 8192],
        [8192, slotLengthInBytes + 512],
        [2 * slotLengthInBytes - 512, aheadInBytes],
      ] as const) {
        const bytes = ahead.take(start, end)!;
        expect(
          Buffer.compare(
            arena.subarray(bytes.offset, bytes.offset + end - start),
            content.subarray(start, end),
          ),
        ).toBe(0);
        // Decrypted in place: nobody may be handed it again.
        expect(ahead.take(start, end)).toBeUndefined();
        bytes.release();
      }
    }));

  test("gives slots back when nobody will ask for them any more", () =>
    withReadAhead(async (ahead, workers) => {
      ahead.start(await device());
      await untilFull(ahead);
      expect(await freeSlotsOf(workers)).toBe(2);
      const inFirst = ahead.take(0, 512)!;
      const acrossTwo = ahead.take(slotLengthInBytes - 512, slotLengthInBytes + 512)!;
      inFirst.release();
      // Passed by, but in use.
      expect(await freeSlotsOf(workers)).toBe(2);
      acrossTwo.release();
      expect(await freeSlotsOf(workers)).toBe(3);
      // Not in memory as a whole, and yet it passes everything that is.
      expect(ahead.take(aheadInBytes - 512, aheadInBytes + 512)).toBeUndefined();
      expect(await freeSlotsOf(workers)).toBe(slotCount);
    }));

  test("ends with the volume", () =>
    withReadAhead(async (ahead) => {
      const small = createMemoryDevice(slotLengthInBytes + 4096);
      await small.write(0, content.subarray(0, small.sizeInBytes));
      ahead.start(small);
      await untilFull(ahead, small.sizeInBytes);
      expect(ahead.take(slotLengthInBytes, small.sizeInBytes)).toBeDefined();
      expect(ahead.take(small.sizeInBytes, small.sizeInBytes + 512)).toBeUndefined();
    }));

  test("a failing read ends it; what came before stays, the other slots are given back", () =>
    withReadAhead(async (ahead, workers) => {
      const medium = await device();
      ahead.start({
        ...medium,
        read: async (offset, target, options) => {
          if (offset + target.length > slotLengthInBytes)
            throw new DeviceError("io-failed", "The sector is bad.", { details: { offsetInBytes: offset } });
          await medium.read(offset, target, options);
        },
      });
      await untilFull(ahead, slotLengthInBytes);
      expect(ahead.endInBytes).toBe(slotLengthInBytes);
      expect(await freeSlotsOf(workers)).toBe(slotCount - 1);
      expect(ahead.take(0, slotLengthInBytes)).toBeDefined();
      expect(ahead.take(slotLengthInBytes, slotLengthInBytes + 512)).toBeUndefined();
    }));

  test("asks for nothing more when it is stopped, and hands nothing out when it never began", () =>
    withReadAhead(async (ahead, workers) => {
      expect(ahead.take(0, 512)).toBeUndefined();
      const medium = await device();
      let reads = 0;
      ahead.start({
        ...medium,
        read: async (offset, target, options) => {
          reads += 1;
          await medium.read(offset, target, options);
          void ahead.stop();
        },
      });
      await ahead.stop();
      await new Promise((resolve) => setImmediate(resolve));
      expect(reads).toBeLessThanOrEqual(1);
      expect(await freeSlotsOf(workers)).toBeGreaterThanOrEqual(slotCount - 1);
    }));
});
