/** Partition tables that were damaged or made to harm: this library's errors only, partitions inside the disk only. */
import { crc32 } from "node:zlib";
import { beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createMemoryDevice, recordDevice } from "../../../src/diskprep/device/index.js";
import { readPartitionTable, writeGpt } from "../../../src/diskprep/partition/index.js";
import { fuzz } from "../../support/fuzz.js";

const sizeInBytes = 3 * 2 ** 20;
const base = Buffer.alloc(sizeInBytes);
beforeAll(async () => {
  const device = createMemoryDevice(sizeInBytes);
  await writeGpt(device, {
    diskGuid: "11111111-2222-4333-8444-555555555555",
    partitionGuid: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
  });
  await device.read(0, base);
});

/** Offset in the table's own places, value, length. */
const changes = fc.array(
  fc.tuple(
    fc.oneof(
      fc.integer({ min: 0x1be, max: 0x1ff }),
      fc.integer({ min: 512, max: 604 }),
      fc.integer({ min: 1024, max: 1400 }),
      fc.nat(20_000),
    ),
    fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
    fc.constantFrom(1, 2, 4, 8),
  ),
  { minLength: 1, maxLength: 5 },
);

/** Makes the checksums right again, of the primary copy and, with the same content, of the backup. */
function mend(disk: Buffer): void {
  const entriesLength = Math.min(disk.readUInt32LE(512 + 0x50) * disk.readUInt32LE(512 + 0x54), 65_536);
  const headerLength = Math.min(Math.max(disk.readUInt32LE(512 + 0x0c), 92), 512);
  disk.writeUInt32LE(crc32(disk.subarray(1024, 1024 + entriesLength)), 512 + 0x58);
  disk.writeUInt32LE(0, 512 + 0x10);
  disk.writeUInt32LE(crc32(disk.subarray(512, 512 + headerLength)), 512 + 0x10);
}

describe("damaged and hostile tables", () => {
  test("a partition over the table itself is not believed", async () => {
    const disk = Buffer.from(base);
    disk.writeBigUInt64LE(0n, 512 + 0x28);
    disk.fill(1, 1024 + 128, 1024 + 128 + 16);
    mend(disk);
    const device = createMemoryDevice(sizeInBytes);
    await device.write(0, disk);
    expect(await readPartitionTable(device)).toMatchObject({
      copy: "backup",
      partitions: [{ offsetInBytes: 2 ** 20 }],
    });
  });

  test.each([
    ["as they are", false],
    ["with right checksums", true],
  ])("%s", async (name, isMended) => {
    const seen = new Map<string, number>();
    await fuzz(
      `partition table ${name}`,
      fc.asyncProperty(changes, async (list) => {
        const disk = Buffer.from(base);
        for (const [at, value, length] of list) disk.fill(value, at, at + length);
        if (isMended) mend(disk);
        const { device, operations } = recordDevice(createMemoryDevice(sizeInBytes));
        await device.write(0, disk);
        const table = await readPartitionTable(device).catch((error: unknown) => {
          expect((error as Error).name).toBe("PartitionError");
          seen.set((error as { code: string }).code, 1);
        });
        if (table) seen.set(`${table.kind} ${table.copy}`, 1);
        for (const { offsetInBytes, lengthInBytes } of table?.partitions ?? []) {
          expect(offsetInBytes).toBeGreaterThan(0);
          expect(lengthInBytes).toBeGreaterThan(0);
          expect(offsetInBytes + lengthInBytes).toBeLessThanOrEqual(sizeInBytes);
        }
        expect(operations.length).toBeLessThan(200);
        expect(Math.max(...operations.slice(1).map((one) => one.lengthInBytes))).toBeLessThanOrEqual(2 ** 20);
      }),
      { usualCases: 350, seed: 20_240_404 },
    );
    expect(seen.size).toBeGreaterThan(2);
  });
});
