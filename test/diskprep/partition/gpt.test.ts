import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import {
  type BlockDevice,
  createFaultyDevice,
  createMemoryDevice,
  recordDevice,
} from "../../../src/diskprep/device/index.js";
import { planGptDisk, readPartitionTable, writeGpt } from "../../../src/diskprep/partition/index.js";

const mebibyte = 2 ** 20;
const identity = {
  diskGuid: "11111111-2222-4333-8444-555555555555",
  partitionGuid: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
};

async function readBytes(device: BlockDevice, offset: number, length: number): Promise<Buffer> {
  const target = Buffer.alloc(length);
  await device.read(offset, target);
  return target;
}

async function flipByte(device: BlockDevice, offset: number): Promise<void> {
  const [byte] = await readBytes(device, offset, 1);
  await device.write(offset, Uint8Array.of(byte! ^ 0xff));
}

describe("plan", () => {
  test.each([
    [512, 2 ** 30, 34, 2 ** 30 / 512 - 34, 1022],
    [512, 2 ** 30 + 512 * 33, 34, 2 ** 30 / 512 - 1, 1023],
    [512, 2 ** 30 + 512 * 32, 34, 2 ** 30 / 512 - 2, 1022],
    [4096, 2 ** 30, 6, 2 ** 30 / 4096 - 6, 1022],
    [512, 3 * mebibyte, 34, 6144 - 34, 1],
    [512, 10_000_831_348_736, 34, 19_532_873_728 - 34, 9_537_534],
  ] as const)("%p-byte sectors, %p bytes", (sectorSizeInBytes, diskSizeInBytes, first, last, mebibytes) => {
    const plan = planGptDisk({ diskSizeInBytes, sectorSizeInBytes });
    expect(plan).toMatchObject({
      partitionOffsetInBytes: mebibyte,
      partitionLengthInBytes: mebibytes * mebibyte,
      firstUsableSector: first,
      lastUsableSector: last,
    });
  });

  test.each([
    [3 * mebibyte - 512, "too-small"],
    [0, "too-small"],
    [-512, "invalid-argument"],
    [2 ** 30 + 1, "invalid-argument"],
    [Number.NaN, "invalid-argument"],
  ])("refuses %p bytes", (diskSizeInBytes, code) => {
    expect(() => planGptDisk({ diskSizeInBytes, sectorSizeInBytes: 512 })).toThrow(
      expect.objectContaining({ name: "PartitionError", code }),
    );
  });
});

describe.each([512, 4096] as const)("%p-byte sectors", (sectorSizeInBytes) => {
  const sizeInBytes = 64 * mebibyte;
  const create = (): BlockDevice => createMemoryDevice(sizeInBytes, { sectorSizeInBytes });

  test("what is written is read back, and the same again", async () => {
    const device = create();
    const plan = await writeGpt(device, identity);
    const digest = async (): Promise<string> =>
      createHash("sha256")
        .update(await readBytes(device, 0, sizeInBytes))
        .digest("hex");
    const first = await digest();
    expect(await readPartitionTable(device)).toEqual({
      kind: "gpt",
      diskGuid: identity.diskGuid,
      copy: "primary",
      isIntact: true,
      partitions: [
        {
          offsetInBytes: plan.partitionOffsetInBytes,
          lengthInBytes: plan.partitionLengthInBytes,
          type: "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7",
          partitionGuid: identity.partitionGuid,
          name: "Basic data partition",
        },
      ],
    });
    await writeGpt(device, identity);
    expect(await digest()).toBe(first);
  });

  test("wipes the ends first and writes sector 0 last, after a flush", async () => {
    const medium = create();
    for (const offset of [0, mebibyte - 1, sizeInBytes - mebibyte, sizeInBytes - 1]) {
      await medium.write(offset, Uint8Array.of(0xff));
    }
    const { device, operations } = recordDevice(medium);
    await writeGpt(device, identity);
    const arraySize = 16_384;
    const end = sizeInBytes - sectorSizeInBytes;
    expect(
      operations.map(({ kind, offsetInBytes, lengthInBytes }) => [kind, offsetInBytes, lengthInBytes]),
    ).toEqual([
      ["write", 0, mebibyte],
      ["write", sizeInBytes - mebibyte, mebibyte],
      ["flush", 0, 0],
      ["write", end - arraySize, arraySize],
      ["write", end, sectorSizeInBytes],
      ["write", 2 * sectorSizeInBytes, arraySize],
      ["write", sectorSizeInBytes, sectorSizeInBytes],
      ["flush", 0, 0],
      ["write", 0, sectorSizeInBytes],
      ["flush", 0, 0],
    ]);
    expect((await readBytes(medium, mebibyte - 1, 1))[0]).toBe(0);
  });

  test("a run that failed anywhere leaves no table or a whole one, and can be repeated", async () => {
    for (let atOperation = 1; ; atOperation++) {
      const medium = create();
      const faulty = createFaultyDevice(medium, { atOperation, kind: "tear", staysBroken: true });
      try {
        await writeGpt(faulty.device, identity);
        expect(atOperation).toBeGreaterThan(9);
        break;
      } catch (error) {
        expect(error).toMatchObject({ name: "DeviceError", code: "io-failed" });
      }
      const table = await readPartitionTable(medium).catch((error: unknown) => error);
      expect(["none", "gpt"]).toContain((table as { kind: string }).kind);
      await writeGpt(medium, identity);
      expect(await readPartitionTable(medium)).toMatchObject({ kind: "gpt", isIntact: true });
    }
  });

  test.each([
    ["primary header", sectorSizeInBytes + 0x38, "backup"],
    ["primary entries", 2 * sectorSizeInBytes + 16_000, "backup"],
    ["backup header", sizeInBytes - sectorSizeInBytes + 9, "primary"],
    ["backup entries", sizeInBytes - sectorSizeInBytes - 1, "primary"],
    ["protective MBR", 0x1fe, "primary"],
  ])("a damaged %s leaves the %s copy", async (part, offset, copy) => {
    const device = create();
    await writeGpt(device, identity);
    await flipByte(device, offset);
    expect(await readPartitionTable(device)).toMatchObject({
      kind: "gpt",
      copy: part === "protective MBR" ? "primary" : copy,
      isIntact: false,
      partitions: [{ offsetInBytes: mebibyte }],
    });
  });

  test("both copies damaged is an error, not an empty disk", async () => {
    const device = create();
    await writeGpt(device, identity);
    await flipByte(device, sectorSizeInBytes + 0x38);
    await flipByte(device, sizeInBytes - 1 - sectorSizeInBytes);
    await expect(readPartitionTable(device)).rejects.toMatchObject({
      name: "PartitionError",
      code: "damaged",
    });
  });

  test("the other sector size is named", async () => {
    const device = create();
    await writeGpt(device, identity);
    const other = createMemoryDevice(sizeInBytes, {
      sectorSizeInBytes: sectorSizeInBytes === 512 ? 4096 : 512,
    });
    await other.write(0, await readBytes(device, 0, sizeInBytes));
    await expect(readPartitionTable(other)).rejects.toMatchObject({ code: "sector-size-mismatch" });
  });

  test("a table with valid checksums but a partition outside the disk is not believed", async () => {
    const device = create();
    await writeGpt(device, identity);
    for (const [headerOffset, entriesOffset] of [
      [sectorSizeInBytes, 2 * sectorSizeInBytes],
      [sizeInBytes - sectorSizeInBytes, sizeInBytes - sectorSizeInBytes - 16_384],
    ] as const) {
      const entries = await readBytes(device, entriesOffset, 16_384);
      entries.writeBigUInt64LE(2n ** 60n, 0x28);
      await device.write(entriesOffset, entries);
      const header = await readBytes(device, headerOffset, 92);
      header.writeUInt32LE(crc32(entries), 0x58);
      header.writeUInt32LE(0, 0x10);
      header.writeUInt32LE(crc32(header), 0x10);
      await device.write(headerOffset, header);
    }
    await expect(readPartitionTable(device)).rejects.toMatchObject({ code: "damaged" });
  });
});

test.each([
  [{ ...identity, diskGuid: "nonsense" }],
  [{ ...identity, partitionName: "x".repeat(37) }],
  [{ ...identity, partitionName: "a\0b" }],
])("refuses %p and touches nothing", async (options) => {
  const { device, operations } = recordDevice(createMemoryDevice(8 * mebibyte));
  await expect(writeGpt(device, options)).rejects.toMatchObject({ code: "invalid-argument" });
  expect(operations).toEqual([]);
});

test("an aborted caller's disk stays as it was", async () => {
  const { device, operations } = recordDevice(createMemoryDevice(8 * mebibyte));
  await expect(writeGpt(device, { ...identity, abortSignal: AbortSignal.abort() })).rejects.toMatchObject({
    name: "AbortError",
  });
  expect(operations).toEqual([]);
});
