import { describe, expect, test } from "@jest/globals";
import { type BlockDevice, createMemoryDevice } from "../../../src/diskprep/device/index.js";
import { readPartitionTable } from "../../../src/diskprep/partition/index.js";

/** type, first sector, sector count, status */
type Entry = readonly [number, number, number, number?];

async function writeTable(device: BlockDevice, sector: number, entries: readonly Entry[]): Promise<void> {
  const table = Buffer.alloc(512);
  entries.forEach(([type, first, count, status], index) => {
    const offset = 0x1be + index * 16;
    table[offset] = status ?? 0;
    table[offset + 4] = type;
    table.writeUInt32LE(first, offset + 8);
    table.writeUInt32LE(count, offset + 12);
  });
  table.writeUInt16LE(0xaa55, 0x1fe);
  await device.write(sector * 512, table);
}

const create = (): BlockDevice => createMemoryDevice(64 * 2 ** 20);
const at = (first: number, count: number, type: string) => ({
  offsetInBytes: first * 512,
  lengthInBytes: count * 512,
  type,
  partitionGuid: undefined,
  name: undefined,
});

describe("MBR", () => {
  test("primary and logical partitions", async () => {
    const device = create();
    await writeTable(device, 0, [
      [0x07, 2048, 4096, 0x80],
      [0x0f, 10_000, 50_000],
    ]);
    await writeTable(device, 10_000, [
      [0x07, 63, 1000],
      [0x05, 20_000, 20_000],
    ]);
    await writeTable(device, 30_000, [[0x83, 63, 1000]]);
    expect(await readPartitionTable(device)).toEqual({
      kind: "mbr",
      diskGuid: undefined,
      copy: undefined,
      isIntact: true,
      partitions: [at(2048, 4096, "07"), at(10_063, 1000, "07"), at(30_063, 1000, "83")],
    });
  });

  test.each<[string, readonly Entry[]]>([
    ["a partition past the end", [[0x07, 2048, 2 ** 31]]],
    ["a partition over the table itself", [[0x07, 0, 100]]],
    ["an empty partition", [[0x07, 2048, 0]]],
    ["an unknown status", [[0x07, 2048, 100, 0x11]]],
    [
      "overlapping partitions",
      [
        [0x07, 2048, 4096],
        [0x07, 4096, 4096],
      ],
    ],
    ["a chain that leads to itself", [[0x05, 20_000, 20_000]]],
    ["a chain into nothing", [[0x05, 40_000, 20_000]]],
    ["a chain that leaves the disk", [[0x05, 2 ** 31, 20_000]]],
    ["a protective entry without the table it protects", [[0xee, 1, 100]]],
  ])("%s is damage", async (_, entries) => {
    const device = create();
    await writeTable(device, 0, entries);
    await writeTable(device, 20_000, [[0x05, 0, 20_000]]);
    await expect(readPartitionTable(device)).rejects.toMatchObject({
      name: "PartitionError",
      code: "damaged",
    });
  });

  test.each([
    ["an empty disk", 0, ""],
    ["NTFS without a table", 3, "NTFS    "],
    ["BitLocker without a table", 3, "-FVE-FS-"],
    ["FAT32 without a table", 0x52, "FAT32   "],
  ])("%s has no table", async (_, offset, name) => {
    const device = create();
    if (name !== "") {
      await device.write(offset, Buffer.from(name));
      await device.write(0x1fe, Uint8Array.of(0x55, 0xaa));
    }
    expect(await readPartitionTable(device)).toMatchObject({ kind: "none", partitions: [] });
  });
});
