/** The partition table as other programs see it: sgdisk, parted, sfdisk and partx. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createImageFile, openImageFile } from "../../src/diskprep/device/index.js";
import { readPartitionTable, writeGpt } from "../../src/diskprep/partition/index.js";
import { systemCommandRunner } from "../../src/shared/command-runner.js";
import { judgeBySgdisk } from "../support/partition-judge.js";
import { isFileMissing, isOracleMissing, isRootMissing } from "../support/required-programs.js";

const identity = {
  diskGuid: "11111111-2222-4333-8444-555555555555",
  partitionGuid: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
};

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-gpt-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function output(program: string, ...programArguments: string[]): Promise<string> {
  const result = await systemCommandRunner(program, programArguments);
  expect({ program, exitCode: result.exitCode, stderr: result.stderr }).toEqual({
    program,
    exitCode: 0,
    stderr: "",
  });
  return result.stdout;
}

describe.each([
  ["64 MiB", 64 * 2 ** 20],
  ["3 TiB", 3 * 2 ** 40],
  ["10 TB drive", 10_000_831_348_736],
])("GPT on %s, 512-byte sectors", (name, sizeInBytes) => {
  const path = (): string => join(folder, `${name}.img`);
  const hasNone = isOracleMissing("sgdisk", "parted", "sfdisk");
  beforeAll(async () => {
    await using device = await createImageFile(path(), { sizeInBytes });
    await writeGpt(device, identity);
  });

  (hasNone ? test.skip : test)("sgdisk finds no problem and the same GUIDs", async () => {
    await judgeBySgdisk(path());
    const info = await output("sgdisk", "-i", "1", path());
    expect(info).toMatch(/EBD0A0A2-B9E5-4433-87C0-68B6B72699C7 \(Microsoft basic data\)/);
    expect(info).toMatch(/unique GUID: AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE/);
    expect(await output("sgdisk", "-p", path())).toMatch(/\(GUID\): 11111111-2222-4333-8444-555555555555/);
  });

  (hasNone ? test.skip : test)("parted and sfdisk see the same partition", async () => {
    await using device = await openImageFile(path());
    const [partition] = (await readPartitionTable(device)).partitions;
    const { offsetInBytes, lengthInBytes } = partition!;
    const parted = await output("parted", "-s", "-m", path(), "unit", "B", "print");
    expect(parted).toContain(
      `\n1:${offsetInBytes}B:${offsetInBytes + lengthInBytes - 1}B:${lengthInBytes}B::Basic data partition:msftdata;`,
    );
    const table = JSON.parse(await output("sfdisk", "--json", path())) as {
      partitiontable: { partitions: unknown[] };
    };
    expect(table.partitiontable.partitions).toMatchObject([
      { start: offsetInBytes / 512, size: lengthInBytes / 512, uuid: identity.partitionGuid.toUpperCase() },
    ]);
    await output("sfdisk", "--verify", path());
  });
});

describe("GPT on 4096-byte sectors", () => {
  const hasNone =
    isOracleMissing("sfdisk", "losetup", "sgdisk") || isRootMissing() || isFileMissing("/dev/loop-control");
  (hasNone ? test.skip : test)("a loop device with 4096-byte sectors verifies", async () => {
    const path = join(folder, "4k.img");
    {
      await using device = await createImageFile(path, {
        sizeInBytes: 64 * 2 ** 20,
        sectorSizeInBytes: 4096,
      });
      await writeGpt(device, identity);
    }
    const attached = await output("losetup", "--find", "--show", "--sector-size", "4096", path);
    const loop = attached.trim();
    try {
      await judgeBySgdisk(loop);
      const table = JSON.parse(await output("sfdisk", "--json", loop)) as {
        partitiontable: { sectorsize: number; partitions: unknown[] };
      };
      expect(table.partitiontable).toMatchObject({
        sectorsize: 4096,
        partitions: [{ start: 256, size: 15_872 }],
      });
    } finally {
      await output("losetup", "--detach", loop);
    }
  });
});

describe("tables that other programs wrote", () => {
  const hasNone = isOracleMissing("sgdisk", "sfdisk");
  (hasNone ? test.skip : test)("sgdisk's GPT with three partitions", async () => {
    const path = join(folder, "sgdisk.img");
    await (await createImageFile(path, { sizeInBytes: 256 * 2 ** 20 })).close();
    await output(
      "sgdisk",
      "-n",
      "1:2048:+10M",
      "-t",
      "1:0700",
      "-c",
      "1:Größe",
      "-n",
      "2:0:+20M",
      "-n",
      "5:0:0",
      path,
    );
    await using device = await openImageFile(path);
    expect(await readPartitionTable(device)).toMatchObject({
      kind: "gpt",
      isIntact: true,
      partitions: [
        { offsetInBytes: 2 ** 20, lengthInBytes: 10 * 2 ** 20, name: "Größe" },
        { offsetInBytes: 11 * 2 ** 20, lengthInBytes: 20 * 2 ** 20 },
        { offsetInBytes: 31 * 2 ** 20 },
      ],
    });
  });

  (hasNone ? test.skip : test)("sfdisk's MBR with a logical partition", async () => {
    const path = join(folder, "sfdisk.img");
    await (await createImageFile(path, { sizeInBytes: 256 * 2 ** 20 })).close();
    const script = "label: dos\n,20MiB,7\n,100MiB,E\n,30MiB,83\n,10MiB,7\n";
    const result = await systemCommandRunner("sfdisk", ["--quiet", path], { stdin: script });
    expect(result).toMatchObject({ exitCode: 0 });
    const listed = JSON.parse(await output("sfdisk", "--json", path)) as {
      partitiontable: { partitions: { start: number; size: number; type: string }[] };
    };
    await using device = await openImageFile(path);
    const table = await readPartitionTable(device);
    expect(
      table.partitions.map((one) => [one.offsetInBytes / 512, one.lengthInBytes / 512, one.type]),
    ).toEqual(
      listed.partitiontable.partitions
        .filter((one) => one.type !== "5" && one.type !== "f")
        .map((one) => [one.start, one.size, one.type.padStart(2, "0")]),
    );
    expect([table.kind, table.partitions.length]).toEqual(["mbr", 3]);
  });
});
