import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  appendVhdFooter,
  blockDeviceConformance,
  createImageFile,
  decodeVhdFooter,
  encodeVhdFooter,
  openVhdFile,
  vhdGeometryOf,
} from "../../../src/diskprep/device/index.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-vhd-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const options = {
  createdAtInMs: Date.UTC(2025, 5, 1),
  random: (target: Uint8Array) => void target.fill(0xab),
};

async function createVhd(name: string, sizeInBytes: number): Promise<string> {
  const path = join(folder, name);
  await (await createImageFile(path, { sizeInBytes, replaceExisting: true })).close();
  await appendVhdFooter(path, options);
  return path;
}

describe("fixed virtual hard disk", () => {
  let path = "";
  test.each(
    blockDeviceConformance({
      async create() {
        path = await createVhd("conformance.vhd", 2 ** 20);
        return await openVhdFile(path, { canWrite: true });
      },
      reopen: ({ canWrite }) => openVhdFile(path, { canWrite }),
    }),
  )("$name", (check) => check.run());

  test("has a footer that says what the file is, once", async () => {
    const file = await createVhd("footer.vhd", 3 * 2 ** 20);
    await appendVhdFooter(file);
    const bytes = await readFile(file);
    expect(bytes.length).toBe(3 * 2 ** 20 + 512);
    expect(decodeVhdFooter(bytes.subarray(-512), file)).toEqual({
      sizeInBytes: 3 * 2 ** 20,
      createdAtInMs: options.createdAtInMs,
      uniqueId: "ab".repeat(16),
    });
    await using disk = await openVhdFile(file);
    expect(disk).toMatchObject({ sizeInBytes: 3 * 2 ** 20, sectorSizeInBytes: 512, canWrite: false });
  });

  test("does not hide that it was cut or grew or is something else", async () => {
    const file = await createVhd("damaged.vhd", 2 ** 20);
    const { size } = await stat(file);
    await appendFile(file, new Uint8Array(512));
    await expect(openVhdFile(file)).rejects.toMatchObject({ name: "DeviceError", code: "bad-format" });
    const footer = (await readFile(file)).subarray(size - 512, size);
    await appendFile(file, footer);
    await expect(openVhdFile(file)).rejects.toMatchObject({ code: "bad-format" });
    await truncate(file, 100);
    await expect(openVhdFile(file)).rejects.toMatchObject({ code: "bad-format" });
    await expect(openVhdFile(join(folder, "missing.vhd"))).rejects.toMatchObject({ code: "not-found" });
  });

  test("refuses dynamic disks and damaged footers", () => {
    const footer = Buffer.from(
      encodeVhdFooter({ sizeInBytes: 2 ** 20, createdAtInMs: 0, uniqueId: "00".repeat(16) }),
    );
    const dynamic = Buffer.from(footer);
    dynamic[63] = 3;
    dynamic.writeUInt32BE(dynamic.readUInt32BE(64) - 1, 64);
    expect(() => decodeVhdFooter(dynamic, "x")).toThrow(expect.objectContaining({ code: "unsupported" }));
    for (let index = 0; index < 512; index++) {
      const damaged = Buffer.from(footer);
      damaged[index] = damaged[index]! ^ 1;
      expect(() => decodeVhdFooter(damaged, "x")).toThrow(expect.objectContaining({ code: "bad-format" }));
    }
  });

  test.each([0, -512, 1000, 2 ** 20 + 1, 2040 * 2 ** 30 + 512, Number.NaN])(
    "cannot have %p bytes",
    (sizeInBytes) => {
      expect(() => encodeVhdFooter({ sizeInBytes, createdAtInMs: 0, uniqueId: "00".repeat(16) })).toThrow(
        expect.objectContaining({ code: "invalid-argument" }),
      );
    },
  );

  test("leaves a file alone that cannot become one", async () => {
    const file = join(folder, "odd.img");
    await writeFile(file, new Uint8Array(1000));
    await expect(appendVhdFooter(file)).rejects.toMatchObject({ code: "invalid-argument" });
    expect((await stat(file)).size).toBe(1000);
  });

  test.each([
    [3 * 2 ** 20, 90, 4, 17],
    [64 * 2 ** 20, 963, 8, 17],
    [2 ** 30, 2080, 16, 63],
    [127 * 2 ** 30, 65_278, 16, 255],
    [2040 * 2 ** 30, 65_535, 16, 255],
  ])("geometry of %p bytes", (sizeInBytes, cylinderCount, headCount, sectorsPerTrack) => {
    expect(vhdGeometryOf(sizeInBytes)).toEqual({ cylinderCount, headCount, sectorsPerTrack });
  });
});
