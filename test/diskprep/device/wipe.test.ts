import { describe, expect, test } from "@jest/globals";
import {
  createFaultyDevice,
  createMemoryDevice,
  recordDevice,
  wipeRanges,
} from "../../../src/diskprep/device/index.js";

const mebibyte = 2 ** 20;

describe("wiping", () => {
  test("overwrites exactly the ranges, in pieces, and flushes last", async () => {
    const { device, operations } = recordDevice(createMemoryDevice(16 * mebibyte));
    const ones = new Uint8Array(16 * mebibyte).fill(1);
    await device.write(0, ones);
    const reports: number[] = [];
    await wipeRanges(
      device,
      [
        { offsetInBytes: 3, lengthInBytes: 5 },
        { offsetInBytes: mebibyte + 1, lengthInBytes: 9 * mebibyte },
        { offsetInBytes: 12 * mebibyte, lengthInBytes: 0 },
      ],
      { onProgress: (progress) => void reports.push(progress.bytesDone / progress.bytesTotal!) },
    );
    const expected = Uint8Array.from(ones)
      .fill(0, 3, 8)
      .fill(0, mebibyte + 1, 10 * mebibyte + 1);
    const seen = new Uint8Array(16 * mebibyte);
    await device.read(0, seen);
    expect(Buffer.compare(seen, expected)).toBe(0);
    expect(
      operations
        .filter((one) => one.kind === "write")
        .slice(1)
        .every((one) => one.lengthInBytes <= 4 * mebibyte),
    ).toBe(true);
    expect(operations.at(-2)!.kind).toBe("flush");
    expect(reports.at(-1)).toBe(1);
  });

  test("stops at the first failure and when aborted", async () => {
    const ranges = [{ offsetInBytes: 0, lengthInBytes: 64 * mebibyte }];
    const faulty = createFaultyDevice(createMemoryDevice(64 * mebibyte), { atOperation: 3, kind: "fail" });
    await expect(wipeRanges(faulty.device, ranges)).rejects.toMatchObject({ code: "io-failed" });
    expect(faulty.operationCount).toBeLessThan(6);

    const controller = new AbortController();
    const recording = recordDevice(createMemoryDevice(64 * mebibyte));
    const onProgress = (progress: { bytesDone: number }): void => {
      if (progress.bytesDone > 0) controller.abort();
    };
    controller.abort();
    await expect(
      wipeRanges(recording.device, ranges, { abortSignal: controller.signal, onProgress }),
    ).rejects.toMatchObject({ name: "AbortError" });
    expect(recording.operations).toEqual([]);
  });
});
