/** What becomes of a drive when one of the threads that work on it fails. */
import { describe, expect, test } from "@jest/globals";
import { planBitLockerLayout } from "../../../src/diskprep/bitlocker/index.js";
import { createMemoryDevice } from "../../../src/diskprep/device/index.js";
import { createLargerWorkers, failingAsDrive } from "../../../src/diskprep/drive/drive-workers.js";
import { createVolumeGroup, type VolumeGroup } from "../../../src/diskprep/drive/volume-group.js";
import { writeGroups } from "../../../src/diskprep/drive/write-groups.js";
import { createVolumeWorkers } from "../../../src/diskprep/pipeline/index.js";

const mebibyte = 1024 * 1024;
const groupLengthInBytes = mebibyte;

async function* groups(count: number): AsyncGenerator<VolumeGroup> {
  for (let index = 0; index < count; index += 1)
    yield {
      ...createVolumeGroup(8 * mebibyte + index * groupLengthInBytes),
      lengthInBytes: groupLengthInBytes,
    };
}

describe("writeGroups", () => {
  test("a thread that dies fails the drive; groups before it are written, none after it", async () => {
    const volume = createMemoryDevice(64 * mebibyte);
    const layout = planBitLockerLayout({
      volumeSizeInBytes: 64 * mebibyte,
      sectorSizeInBytes: 512,
      clusterSizeInBytes: 4096,
    });
    await using workers = createVolumeWorkers({
      threadCount: 0,
      slotCount: 3,
      slotLengthInBytes: groupLengthInBytes,
    });
    const cipherNumber = await workers.openCipher("xts-aes-128", new Uint8Array(32), 512);
    let tasks = 0;
    const handed: number[] = [];
    const writing = writeGroups(groups(20), {
      volume,
      layout,
      workers: failingAsDrive({
        ...workers,
        run: (task) => {
          tasks += 1;
          return tasks === 6 ? Promise.reject(new Error("no more memory")) : workers.run(task);
        },
      }),
      createLargerWorkers: async () => ({ workers, cipherNumber }),
      cipherNumber,
      untilWritable: () => Promise.resolve(),
      onGroup: ({ volumeOffsetInBytes }) => handed.push(volumeOffsetInBytes / mebibyte),
      onWritten: async () => undefined,
    });
    await expect(writing).rejects.toMatchObject({
      name: "DriveError",
      code: "worker-failed",
      message: expect.stringContaining("no more memory"),
    });
    expect(handed).toEqual([8, 9, 10, 11, 12]);
    const behind = new Uint8Array(groupLengthInBytes);
    await volume.read(13 * mebibyte, behind);
    expect(behind.every((byte) => byte === 0)).toBe(true);
    // All slots have come back.
    await Promise.all([workers.acquireSlot(), workers.acquireSlot(), workers.acquireSlot()]);
  });

  test("what the memory for a long group cannot do is a failure of the drive as well", async () => {
    const failure = { name: "DriveError", code: "worker-failed" };
    await using workers = createLargerWorkers(groupLengthInBytes);
    const encrypt = { offsets: [0], lengths: [512], positionsInBytes: [0] };
    const task = { slotOffset: 0, lengthInBytes: 512, cipherNumber: 0, encrypt };
    await expect(workers.run(task)).rejects.toMatchObject(failure);
    expect(() => createLargerWorkers(2 ** 50)).toThrow(expect.objectContaining(failure));
  });
});
