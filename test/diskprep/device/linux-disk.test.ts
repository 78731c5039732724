import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  blockDeviceConformance,
  createImageFile,
  openLinuxDisk,
  rereadPartitionTable,
} from "../../../src/diskprep/device/index.js";
import { writeGpt } from "../../../src/diskprep/partition/index.js";
import { type CommandRunner, systemCommandRunner } from "../../../src/shared/command-runner.js";
import { allocatePageAligned } from "../../../src/shared/page-aligned-memory.js";
import { isFileMissing, isOracleMissing, isRootMissing } from "../../support/required-programs.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-disks-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const lacksLoopDevices =
  process.platform !== "linux" ||
  isOracleMissing("losetup", "sfdisk", "partx", "blockdev", "mkfs.ext4") ||
  isRootMissing() ||
  isFileMissing("/dev/loop-control");

async function run(program: string, ...programArguments: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await systemCommandRunner(program, programArguments);
  if (exitCode !== 0) throw new Error(`${program} ended with ${exitCode}: ${stderr}`);
  return stdout.trim();
}

/** A loop device on a fresh sparse file; both are gone afterwards. */
class LoopDevice {
  path = "";
  #image = "";
  static #count = 0;

  async attach(sizeInBytes: number, sectorSizeInBytes: 512 | 4096): Promise<string> {
    this.#image = join(folder, `loop-${LoopDevice.#count++}.img`);
    await (await createImageFile(this.#image, { sizeInBytes })).close();
    this.path = await run(
      "losetup",
      "--find",
      "--show",
      "--partscan",
      "--sector-size",
      String(sectorSizeInBytes),
      this.#image,
    );
    return this.path;
  }

  async detach(): Promise<void> {
    await run("losetup", "--detach", this.path);
    await rm(this.#image);
  }
}

(lacksLoopDevices ? describe.skip : describe).each([512, 4096] as const)(
  "loop device with %p-byte sectors",
  (sectorSizeInBytes) => {
    const loop = new LoopDevice();
    const checks = blockDeviceConformance({
      create: async () => openLinuxDisk(await loop.attach(2 ** 20, sectorSizeInBytes), { canWrite: true }),
      reopen: ({ canWrite }) => openLinuxDisk(loop.path, { canWrite }),
      cleanUp: () => loop.detach(),
    });
    test.each(checks)("$name", (check) => check.run());

    test("is opened with its own sizes, past the page cache, for one writer at a time", async () => {
      await loop.attach(3 * 2 ** 20, sectorSizeInBytes);
      try {
        await using disk = await openLinuxDisk(loop.path, { canWrite: true });
        expect(disk).toMatchObject({
          name: loop.path,
          sizeInBytes: 3 * 2 ** 20,
          sectorSizeInBytes,
          canWrite: true,
          bypassesCache: true,
          preferredAlignmentInBytes: 4096,
        });
        await expect(openLinuxDisk(loop.path, { canWrite: true })).rejects.toMatchObject({
          name: "DeviceError",
          code: "busy",
        });
        await using second = await openLinuxDisk(loop.path);
        expect(second.canWrite).toBe(false);
      } finally {
        await loop.detach();
      }
    });

    test("moves large aligned memory without and large unaligned memory with copying, equally", async () => {
      await loop.attach(8 * 2 ** 20, sectorSizeInBytes);
      try {
        await using disk = await openLinuxDisk(loop.path, { canWrite: true });
        const aligned = allocatePageAligned(3 * 2 ** 20, { isShared: true });
        for (let index = 0; index < aligned.length; index += 8) aligned[index] = index >> 12;
        await disk.write(2 ** 20, aligned);
        const copy = new Uint8Array(aligned.length + 1).subarray(1);
        await disk.read(2 ** 20, copy);
        expect(Buffer.compare(copy, aligned)).toBe(0);
        await disk.write(5 * 2 ** 20 - 1, copy);
        aligned.fill(0);
        await disk.read(5 * 2 ** 20 - sectorSizeInBytes, aligned);
        expect(
          Buffer.compare(
            aligned.subarray(sectorSizeInBytes - 1),
            copy.subarray(0, aligned.length - sectorSizeInBytes + 1),
          ),
        ).toBe(0);
      } finally {
        await loop.detach();
      }
    });

    test("shows its new partition after the table was read again", async () => {
      await loop.attach(16 * 2 ** 20, sectorSizeInBytes);
      try {
        {
          await using disk = await openLinuxDisk(loop.path, { canWrite: true });
          await writeGpt(disk, {
            diskGuid: "11111111-2222-4333-8444-555555555555",
            partitionGuid: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
          });
        }
        expect(await rereadPartitionTable(loop.path)).toBe(true);
        const table = JSON.parse(await run("sfdisk", "--json", loop.path)) as {
          partitiontable: { partitions: { start: number }[] };
        };
        expect(table.partitiontable.partitions.map((one) => one.start)).toEqual([
          2 ** 20 / sectorSizeInBytes,
        ]);
        // A kernel without GPT support is told what the table says; and where no service makes the node in /dev,
        // its own list still has the partition.
        if (!existsSync(`/sys/class/block/${basename(loop.path)}p1`)) await run("partx", "--add", loop.path);
        const numbers = await readFile(`/sys/class/block/${basename(loop.path)}p1/dev`, "latin1");
        const node = join(folder, `partition-${sectorSizeInBytes}`);
        await run("mknod", node, "b", ...numbers.trim().split(":"));
        await using partition = await openLinuxDisk(node);
        expect(partition).toMatchObject({ sizeInBytes: 14 * 2 ** 20, sectorSizeInBytes });
      } finally {
        await loop.detach();
      }
    });
  },
);

(lacksLoopDevices ? describe.skip : describe)("a loop device that must not be written", () => {
  test("because it is mounted", async () => {
    const loop = new LoopDevice();
    const mountPoint = await mkdtemp(join(folder, "mounted-"));
    await loop.attach(32 * 2 ** 20, 512);
    try {
      await run("mkfs.ext4", "-q", loop.path);
      await run("mount", loop.path, mountPoint);
      try {
        await expect(openLinuxDisk(loop.path, { canWrite: true })).rejects.toMatchObject({ code: "busy" });
      } finally {
        await run("umount", mountPoint);
      }
    } finally {
      await loop.detach();
    }
  });

  test("because it is switched to read-only", async () => {
    const loop = new LoopDevice();
    await loop.attach(2 ** 20, 512);
    try {
      await run("blockdev", "--setro", loop.path);
      await expect(openLinuxDisk(loop.path, { canWrite: true })).rejects.toMatchObject({
        code: expect.stringMatching(/read-only|access-denied/),
      });
      await using disk = await openLinuxDisk(loop.path);
      expect(disk.canWrite).toBe(false);
    } finally {
      // A loop device keeps this switch for its next image.
      await run("blockdev", "--setrw", loop.path);
      await loop.detach();
    }
  });
});

(process.platform === "linux" ? describe : describe.skip)("what is no disk", () => {
  test.each([
    ["a missing path", () => "/dev/there-is-no-such-disk", "not-found"],
    ["an image file", () => join(folder, "file.img"), "invalid-argument"],
    ["a character device", () => "/dev/null", "invalid-argument"],
  ])("%s is refused", async (_, path, code) => {
    await writeFile(join(folder, "file.img"), new Uint8Array(4096));
    await expect(openLinuxDisk(path(), { canWrite: true })).rejects.toMatchObject({
      name: "DeviceError",
      code,
    });
  });
});

describe("reading the partition table again", () => {
  test("tries one program after the other", async () => {
    const calls: string[] = [];
    const runner: CommandRunner = async (program, programArguments) => {
      calls.push([program, ...programArguments].join(" "));
      if (program === "blockdev")
        return { exitCode: 1, stdout: "", stderr: "BLKRRPART: Device or resource busy" };
      throw Object.assign(new Error("not installed"), { code: "ENOENT" });
    };
    expect(await rereadPartitionTable("/dev/sdx", runner)).toBe(false);
    expect(calls).toEqual(["blockdev --rereadpt /dev/sdx", "partprobe /dev/sdx", "partx --update /dev/sdx"]);
  });
});
