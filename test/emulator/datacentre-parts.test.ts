import { describe, expect, test } from "@jest/globals";
import { createMemoryDevice } from "../../src/diskprep/index.js";
import { renamedBlob } from "../../src/emulator/datacentre/blob-target.js";
import { drivePathNames } from "../../src/emulator/datacentre/drive-volume.js";
import { createReadAhead } from "../../src/emulator/datacentre/read-ahead.js";
import { createTransferWindow } from "../../src/emulator/datacentre/transfer-window.js";
import { createTimeline } from "../../src/emulator/timeline.js";
import { patternBytes } from "../support/memory-catalog.js";
import { createManualClock } from "./support/manual-clock.js";

describe("createTransferWindow", () => {
  test("never admits more than its limits, in the order of asking; one that is too large goes alone", async () => {
    const window = createTransferWindow({ maximumTransfers: 3, maximumBytes: 100 });
    let bytes = 0;
    let transfers = 0;
    const admitted: number[] = [];
    const lengths = [60, 30, 30, 500, 10, 10, 10, 10, 100];
    await Promise.all(
      lengths.map(async (length) => {
        const leave = await window.enter(length);
        bytes += length;
        transfers += 1;
        admitted.push(length);
        expect(transfers === 1 || (transfers <= 3 && bytes <= 100)).toBe(true);
        await new Promise((resolve) => setImmediate(resolve));
        bytes -= length;
        transfers -= 1;
        leave();
      }),
    );
    expect(admitted).toEqual(lengths);
  });
});

describe("createReadAhead", () => {
  const mebibyte = 1024 * 1024;
  const content = patternBytes(5 * mebibyte + 512, 3);

  test("reads the same bytes at any offset, and reads each window once", async () => {
    const device = createMemoryDevice(content.byteLength);
    await device.write(0, content);
    let reads = 0;
    const view = createReadAhead({
      ...device,
      read: (offset, target, options) => {
        reads += 1;
        return device.read(offset, target, options);
      },
    });
    for (const [offset, length] of [
      [0, 10],
      [mebibyte - 5, 10],
      [5 * mebibyte - 100, 612],
      [100, 3 * mebibyte],
      [mebibyte + 17, 4096],
      [5 * mebibyte, 512],
      [7, 0],
    ] as const) {
      const target = new Uint8Array(length);
      await view.read(offset, target);
      expect(Buffer.compare(target, content.subarray(offset, offset + length))).toBe(0);
    }
    expect(reads).toBe(5);
    await expect(view.read(content.byteLength - 1, new Uint8Array(2))).rejects.toMatchObject({
      code: "out-of-range",
    });
  });

  test("a damaged sector costs only those who ask for it", async () => {
    const device = createMemoryDevice(content.byteLength);
    await device.write(0, content);
    const view = createReadAhead({
      ...device,
      async read(offset, target, options) {
        if (offset < 5000 && offset + target.byteLength > 4096) throw new Error("medium error");
        await device.read(offset, target, options);
      },
    });
    const target = new Uint8Array(100);
    await view.read(9000, target);
    expect(Buffer.compare(target, content.subarray(9000, 9100))).toBe(0);
    await expect(view.read(4500, target)).rejects.toThrow("medium error");
  });
});

describe("createTimeline", () => {
  test("does due work in the order of time, what it enters included, with deadlines in between", async () => {
    const clock = createManualClock(0);
    const timeline = createTimeline(clock);
    const seen: string[] = [];
    timeline.addDeadlineRule((nowInMs) => seen.push(`deadline ${nowInMs}`));
    timeline.schedule(30, () => void seen.push("30"));
    timeline.schedule(10, async (atInMs) => {
      await Promise.resolve();
      seen.push(`10 at ${atInMs}`);
      timeline.schedule(20, () => void seen.push("20"));
    });
    await timeline.settle();
    expect(seen).toEqual(["deadline 0"]);
    clock.advance(100);
    await timeline.settle();
    expect(seen.filter((entry) => !entry.startsWith("deadline"))).toEqual(["10 at 10", "20", "30"]);
    expect(seen).toContain("deadline 20");
    expect(seen.at(-1)).toBe("deadline 100");
  });

  test("hands a failure to whoever waits, once, and goes on", async () => {
    const timeline = createTimeline(createManualClock(0));
    timeline.schedule(0, async () => {
      throw new RangeError("broken");
    });
    let isDone = false;
    timeline.schedule(0, () => {
      isDone = true;
    });
    await expect(timeline.settle()).rejects.toThrow("broken");
    await timeline.settle();
    expect(isDone).toBe(true);
  });
});

describe("names", () => {
  test.each([
    ["a", "a (2)"],
    ["a.txt", "a (2).txt"],
    ["a.tar.gz", "a.tar (2).gz"],
    ["v1.0/readme", "v1.0/readme (2)"],
    [".profile", " (2).profile"],
  ])("'%s' is renamed to '%s'", (name, renamed) => {
    expect(renamedBlob(name, 2)).toBe(renamed);
  });

  test("paths that Windows refuses, or that climb, are refused", () => {
    expect([
      drivePathNames("\\a\\b.txt"),
      drivePathNames("a"),
      drivePathNames("\\a\\..\\b"),
      drivePathNames("\\a/b"),
      drivePathNames("\\a\\\\b"),
      drivePathNames("\\C:\\b"),
      drivePathNames(`\\${"x".repeat(256)}`),
      drivePathNames("\\a".repeat(20_000)),
    ]).toEqual([
      ["a", "b.txt"],
      ["a"],
      "FileNameInvalid",
      "FileNameInvalid",
      "FileNameInvalid",
      "FileNameInvalid",
      "FileNameTooLong",
      "FileNameTooLong",
    ]);
  });
});
