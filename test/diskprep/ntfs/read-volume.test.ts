/** What the reader does with volumes that are not fresh from the writer: refused features, damage, aborts. */
import { describe, expect, test } from "@jest/globals";
import type { BlockDevice } from "../../../src/diskprep/device/index.js";
import { type NtfsEntry, type NtfsFile, openNtfsVolume } from "../../../src/diskprep/ntfs/index.js";
import { createSampleTree, patternOf, writeSample } from "./sample-volumes.js";
import { editVolume, overlayOf, type VolumeEditor } from "./volume-editor.js";

const sample = createSampleTree({ manyFiles: 300, largeFile: 3_000_000 });
const clean = writeSample(sample.tree);
const recordOf = (path: string): number => sample.files.get(path)!.node + 63;

async function editor(): Promise<VolumeEditor> {
  const { device, layout } = await clean;
  const { geometry } = layout;
  const boot = new Uint8Array(512);
  await device.read(0, boot);
  const view = new DataView(boot.buffer);
  return editVolume(overlayOf(device), {
    sectorSize: 512,
    clusterSize: geometry.clusterSizeInBytes,
    recordSize: geometry.recordSizeInBytes,
    indexBlockSize: geometry.indexBlockSizeInBytes,
    totalSectors: geometry.totalSectors,
    clusterCount: geometry.clusterCount,
    mftCluster: view.getUint32(0x30, true),
    mirrorCluster: view.getUint32(0x38, true),
  });
}

/** Changes the data attribute of a file and opens it. */
async function openChanged(
  path: string,
  change: (view: DataView, position: number) => void,
  openPath = path,
): Promise<NtfsFile> {
  const edit = await editor();
  const record = await edit.record(recordOf(path));
  change(record.view, record.attribute(0x80).position);
  await record.save();
  return (await openNtfsVolume(edit.device)).openFile(openPath);
}

describe("features that are not read", () => {
  test.each([
    ["NTFS compression", 0x0001, "unsupported-compressed"],
    ["EFS encryption", 0x4000, "unsupported-encrypted"],
  ])("%s has an error of its own", async (_, flags, code) => {
    const opened = openChanged("\\large", (view, position) => view.setUint16(position + 12, flags, true));
    await expect(opened).rejects.toMatchObject({ name: "NtfsError", code });
  });

  test("other files of the volume stay readable", async () => {
    const file = await openChanged(
      "\\large",
      (view, position) => view.setUint16(position + 12, 1, true),
      "\\lengths\\length 4097",
    );
    const content = new Uint8Array(4097);
    await file.read(0, content);
    expect(content).toEqual(patternOf(sample.files.get("\\lengths\\length 4097")!.node, 4097));
  });

  test("a format version of the future is refused", async () => {
    const edit = await editor();
    const record = await edit.record(3);
    record.bytes[record.attribute(0x70).valuePosition + 8] = 4;
    await record.save();
    await expect(openNtfsVolume(edit.device)).rejects.toMatchObject({ code: "unsupported-version" });
  });
});

describe("data", () => {
  test("beyond the initialised size reads as zeros", async () => {
    const path = "\\lengths\\length 65537";
    const file = await openChanged(path, (view, position) => view.setUint32(position + 0x38, 5000, true));
    const content = new Uint8Array(file.sizeInBytes).fill(0xee);
    await file.read(0, content);
    const expected = patternOf(sample.files.get(path)!.node, 65_537);
    expected.fill(0, 5000);
    expect(Buffer.compare(content, expected)).toBe(0);
    const part = new Uint8Array(10).fill(0xee);
    await file.read(4995, part);
    expect([...part]).toEqual([...expected.subarray(4995, 5005)]);
  });

  test("can be read in any part, and not beyond its end", async () => {
    const volume = await openNtfsVolume((await clean).device);
    const file = await volume.openFile("/LARGE");
    const whole = patternOf(sample.files.get("\\large")!.node, 3_000_000);
    for (const [offset, length] of [
      [0, 1],
      [4095, 2],
      [1_234_567, 100_000],
      [2_999_999, 1],
      [3_000_000, 0],
    ] as const) {
      const part = new Uint8Array(length);
      await file.read(offset, part);
      expect(Buffer.compare(part, whole.subarray(offset, offset + length))).toBe(0);
    }
    await expect(file.read(2_999_999, new Uint8Array(2))).rejects.toMatchObject({ code: "out-of-range" });
    await expect(file.read(-1, new Uint8Array(2))).rejects.toMatchObject({ code: "out-of-range" });
    const chunks: Uint8Array[] = [];
    for await (const chunk of file.stream({
      offsetInBytes: 100,
      lengthInBytes: 10_000,
      chunkSizeInBytes: 3000,
    })) {
      chunks.push(chunk);
    }
    expect(chunks.map((chunk) => chunk.length)).toEqual([3000, 3000, 3000, 1000]);
    expect(Buffer.compare(Buffer.concat(chunks), whole.subarray(100, 10_100))).toBe(0);
  });
});

describe("entries", () => {
  test("tell names, sizes, times and attributes", async () => {
    const volume = await openNtfsVolume((await clean).device);
    const entries: NtfsEntry[] = [];
    for await (const entry of volume.list("lengths")) entries.push(entry);
    expect(entries.map(({ name, sizeInBytes }) => `length ${sizeInBytes}` === name)).not.toContain(false);
    const { node } = sample.files.get("\\lengths\\length 720")!;
    expect(await volume.stat("\\Lengths\\LENGTH 720")).toEqual({
      name: "length 720",
      path: "\\lengths\\length 720",
      isDirectory: false,
      sizeInBytes: 720,
      createdAtInMs: 1_600_000_000_000 + [...sample.files.keys()].indexOf("\\lengths\\length 720") * 1000,
      modifiedAtInMs: 1_600_000_000_000 + [...sample.files.keys()].indexOf("\\lengths\\length 720") * 1000,
      attributes: 0x20,
      record: node + 63,
    });
    expect(await volume.stat("")).toMatchObject({
      path: "\\",
      isDirectory: true,
      createdAtInMs: 1_700_000_000_000,
    });
    expect(await volume.stat("/many")).toMatchObject({ path: "\\many", isDirectory: true, attributes: 0 });
  });

  test("of the file system itself are listed when asked for", async () => {
    const volume = await openNtfsVolume((await clean).device);
    const names: string[] = [];
    for await (const entry of volume.list("\\", { includeSystemFiles: true })) names.push(entry.name);
    expect(names.filter((name) => name.startsWith("$")).length).toBe(12);
    const walked: string[] = [];
    for await (const entry of volume.walk("\\", { includeSystemFiles: true })) walked.push(entry.path);
    expect(walked).toContain("\\$Extend\\$Quota");
    const mft = await volume.openFile("$MFT");
    expect(mft.sizeInBytes).toBe((await clean).layout.recordCount * 1024);
  });
});

describe("failures", () => {
  test("of the device come through as they are", async () => {
    const { device } = await clean;
    const failing: BlockDevice = {
      ...device,
      read: (offset, target, options) =>
        offset > 4_000_000 ? Promise.reject(new Error("medium error")) : device.read(offset, target, options),
    };
    const volume = await openNtfsVolume(failing);
    const file = await volume.openFile("\\large");
    await expect(file.read(2_900_000, new Uint8Array(10))).rejects.toThrow("medium error");
  });

  test("aborts end reading and walking", async () => {
    const { device } = await clean;
    const aborted = new AbortController();
    const volume = await openNtfsVolume(device);
    const walk = volume.walk("\\", { abortSignal: aborted.signal });
    await walk.next();
    aborted.abort();
    await expect(walk.next()).rejects.toMatchObject({ name: "AbortError" });
    await expect(openNtfsVolume(device, { abortSignal: aborted.signal })).rejects.toMatchObject({
      name: "AbortError",
    });
  });

  test("a torn record is named", async () => {
    const edit = await editor();
    const { offset } = await edit.record(recordOf("\\large"));
    await edit.flip(offset + 1023);
    const volume = await openNtfsVolume(edit.device);
    await expect(volume.openFile("\\large")).rejects.toMatchObject({
      code: "corrupt",
      details: { record: recordOf("\\large") },
    });
  });

  test.each([
    ["a length with its sign bit set", 1, 0x80],
    ["a length of zero", 1, 0],
    ["a place outside the volume", 3, 0x7f],
    ["no end", 4, 0x11],
  ])("a run with %s is refused", async (_, position, value) => {
    const opened = openChanged("\\lengths\\length 4097", (view, attribute) => {
      const pairs = attribute + view.getUint16(attribute + 0x20, true);
      // 21 02 xx xx 00: two clusters at a place of two bytes.
      expect(view.getUint16(pairs, true)).toBe(0x0221);
      view.setUint8(pairs + position, value);
      if (position === 4) for (let at = 4; at < 8; at++) view.setUint8(pairs + at, value);
    });
    await expect(opened).rejects.toMatchObject({ name: "NtfsError", code: "corrupt" });
  });

  test("a directory that contains itself is walked once", async () => {
    const edit = await editor();
    const folder = await edit.record(sample.tree.find(0, "level 0")! + 63);
    const root = folder.attribute(0x90, "$I30");
    // The entry of "level 1" leads back to "level 0".
    folder.view.setUint32(root.valuePosition + 0x20, folder.inspected.record, true);
    await folder.save();
    const volume = await openNtfsVolume(edit.device);
    const paths: string[] = [];
    for await (const entry of volume.walk("\\level 0")) paths.push(entry.path);
    expect(paths).toEqual(["\\level 0\\level 1"]);
  });
});
