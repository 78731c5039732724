/** Virtual hard disks as qemu-img sees them, and qemu-img's as this library does. */
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  appendVhdFooter,
  createImageFile,
  encodeVhdFooter,
  openVhdFile,
} from "../../src/diskprep/device/index.js";
import { systemCommandRunner } from "../../src/shared/command-runner.js";
import { isOracleMissing } from "../support/required-programs.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-vhd-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function qemuImage(...programArguments: string[]): Promise<string> {
  const result = await systemCommandRunner("qemu-img", programArguments);
  expect(result).toMatchObject({ exitCode: 0 });
  return result.stdout;
}

(isOracleMissing("qemu-img") ? describe.skip : describe)("qemu-img", () => {
  test.each([1, 3, 64, 100, 1000, 5 * 1024, 127 * 1024, 1024 * 1024])(
    "knows our disk of %p MiB",
    async (mebibytes) => {
      const path = join(folder, `ours-${mebibytes}.vhd`);
      await (await createImageFile(path, { sizeInBytes: mebibytes * 2 ** 20 })).close();
      await appendVhdFooter(path);
      expect(JSON.parse(await qemuImage("info", "-f", "vpc", "--output=json", path))).toMatchObject({
        format: "vpc",
        "virtual-size": mebibytes * 2 ** 20,
      });
    },
  );

  test("reads back what we wrote", async () => {
    const path = join(folder, "content.vhd");
    const raw = join(folder, "content.raw");
    const data = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251));
    {
      await using image = await createImageFile(path, { sizeInBytes: 4 * 2 ** 20 });
      await image.write(123_456, data);
    }
    await appendVhdFooter(path);
    await qemuImage("convert", "-f", "vpc", "-O", "raw", path, raw);
    const converted = await readFile(raw);
    expect(converted.length).toBe(4 * 2 ** 20);
    expect(converted.subarray(123_456, 193_456).equals(data)).toBe(true);
  });

  test.each([1, 3, 64, 100, 1000, 5 * 1024, 127 * 1024])(
    "made a disk of %p MiB with the geometry we would write",
    async (mebibytes) => {
      const path = join(folder, `theirs-${mebibytes}.vhd`);
      const size = String(mebibytes * 2 ** 20);
      await qemuImage("create", "-f", "vpc", "-o", "subformat=fixed", path, size);
      await using disk = await openVhdFile(path);
      // It rounds the size up until it is a product of cylinders, heads and sectors.
      expect(disk.sizeInBytes).toBeGreaterThanOrEqual(mebibytes * 2 ** 20);
      const geometry = (await lastBytes(path)).subarray(56, 60);
      const ours = encodeVhdFooter({
        sizeInBytes: disk.sizeInBytes,
        createdAtInMs: 0,
        uniqueId: "00".repeat(16),
      });
      expect(Buffer.from(geometry).toString("hex")).toBe(Buffer.from(ours.subarray(56, 60)).toString("hex"));
    },
  );
});

async function lastBytes(path: string): Promise<Uint8Array> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const footer = new Uint8Array(512);
  await file.read(footer, 0, 512, size - 512);
  return footer;
}
