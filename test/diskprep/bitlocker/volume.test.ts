import { inspect } from "node:util";
import { crc32 } from "node:zlib";
import { beforeAll, describe, expect, test } from "@jest/globals";
import {
  type BitLockerMetadata,
  type BitLockerMethod,
  type BitLockerSecrets,
  buildBitLockerMetadata,
  createBitLockerSecrets,
  createBitLockerVolume,
  generateRecoveryPassword,
  mapBitLockerRange,
  openBitLockerVolume,
  planBitLockerLayout,
  unlockBitLockerMetadata,
} from "../../../src/diskprep/bitlocker/index.js";
import {
  type BlockDevice,
  blockDeviceConformance,
  createFaultyDevice,
  createMemoryDevice,
  recordDevice,
} from "../../../src/diskprep/device/index.js";

const sizeInBytes = 96 * 2 ** 20;
const layoutOf = (sectorSizeInBytes: 512 | 4096) =>
  planBitLockerLayout({ volumeSizeInBytes: sizeInBytes, sectorSizeInBytes, clusterSizeInBytes: 4096 });

/** Repeatable "randomness". */
function countingRandom(seed: number): (target: Uint8Array) => void {
  let next = seed;
  return (target) => {
    for (let index = 0; index < target.length; index++)
      target[index] = (next = (next * 1_103_515_245 + 12_345) >>> 0) >>> 24;
  };
}

async function readBytes(device: BlockDevice, offset: number, length: number): Promise<Buffer> {
  const target = Buffer.alloc(length, 0xa5);
  await device.read(offset, target);
  return target;
}

const options = { createdAtInMs: Date.UTC(2024, 1, 29), label: "SEED", random: countingRandom(9) };

describe.each([
  ["aes-cbc-256", 512],
  ["xts-aes-128", 4096],
] as const)("%s on %p-byte sectors", (method: BitLockerMethod, sectorSizeInBytes) => {
  const layout = layoutOf(sectorSizeInBytes);
  let secrets: BitLockerSecrets;
  let metadata: BitLockerMetadata;
  let password = "";
  beforeAll(async () => {
    secrets = createBitLockerSecrets(method, countingRandom(1));
    metadata = await buildBitLockerMetadata(layout, secrets, options);
    password = secrets.recoveryPassword.format();
  });
  const create = () => createMemoryDevice(sizeInBytes, { sectorSizeInBytes });

  describe("keeps the contract of block devices", () => {
    let medium = create();
    const checks = blockDeviceConformance({
      async create() {
        medium = create();
        const volume = await createBitLockerVolume(medium, layout, secrets, metadata);
        // The medium holds zeros, which decrypt to noise; the suite wants a volume that reads as zeros.
        const zeros = new Uint8Array(2 ** 20);
        await volume.write(0, zeros);
        await volume.write(sizeInBytes - zeros.length, zeros);
        return volume;
      },
    });
    test.each(checks)("$name", (check) => check.run());
  });

  test("what was written is read back with the recovery password, and not without", async () => {
    const medium = create();
    const volume = await createBitLockerVolume(medium, layout, secrets, metadata);
    const data = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7) >> 3);
    await volume.write(0, data);
    await volume.write(sizeInBytes - 700, data.subarray(0, 700));
    await expect(openBitLockerVolume(medium, { recoveryPassword: password })).rejects.toMatchObject({
      code: "not-bitlocker",
    });
    await volume.finish();
    await volume.close();

    const { device, info } = await openBitLockerVolume(medium, { recoveryPassword: password });
    expect(info.copies.map((copy) => copy.state)).toEqual(["intact", "intact", "intact"]);
    expect(Buffer.compare(await readBytes(device, 0, data.length), data)).toBe(0);
    expect(Buffer.compare(await readBytes(device, sizeInBytes - 700, 700), data.subarray(0, 700))).toBe(0);
    expect(device.canWrite).toBe(false);
    await device.close();
    const stored = await readBytes(medium, 0, sizeInBytes);
    expect(stored.includes(Buffer.from(data.subarray(10_000, 10_032)))).toBe(false);

    const other = generateRecoveryPassword(countingRandom(77));
    await expect(openBitLockerVolume(medium, { recoveryPassword: other })).rejects.toMatchObject({
      code: "wrong-key",
    });
    await expect(openBitLockerVolume(medium, { password: "seed" })).rejects.toMatchObject({
      code: "protector-not-found",
    });
    await expect(openBitLockerVolume(medium, { clearKey: true })).rejects.toMatchObject({
      code: "protector-not-found",
    });
  });

  test("an interrupted run goes on with keys unlocked from its metadata and ends with the same bytes", async () => {
    const data = Uint8Array.from({ length: 50_000 }, (_, index) => index >> 2);
    const whole = create();
    const volume = await createBitLockerVolume(whole, layout, secrets, metadata);
    await volume.write(0, data);
    await volume.write(70 * 2 ** 20, data);
    await volume.finish();

    const resumed = create();
    await (await createBitLockerVolume(resumed, layout, secrets, metadata)).write(
      0,
      data.subarray(0, 30_000),
    );
    using keys = await unlockBitLockerMetadata(metadata, { recoveryPassword: password });
    await using again = await createBitLockerVolume(resumed, layout, keys, metadata);
    await again.write(0, data);
    await again.write(70 * 2 ** 20, data);
    await again.finish();
    const bytes = await readBytes(resumed, 0, sizeInBytes);
    expect(Buffer.compare(bytes, await readBytes(whole, 0, sizeInBytes))).toBe(0);
  });

  test("the areas of BitLocker read as zeros and take nothing but zeros", async () => {
    const medium = create();
    const volume = await createBitLockerVolume(medium, layout, secrets, metadata);
    await volume.finish();
    const before = await readBytes(medium, 0, sizeInBytes);
    const areas = [
      ...layout.metadataRegionOffsetsInBytes.map((at) => [at, 65_536]),
      [layout.bootAreaOffsetInBytes, 8192],
    ];
    for (const [offset, length] of areas) {
      expect((await readBytes(volume, offset!, length!)).every((byte) => byte === 0)).toBe(true);
      await volume.write(offset!, new Uint8Array(length!));
      await expect(volume.write(offset! + length! - 1, Uint8Array.of(1))).rejects.toMatchObject({
        code: "reserved-area",
      });
      await expect(volume.write(offset! - 4096, new Uint8Array(8192).fill(1))).rejects.toMatchObject({
        code: "reserved-area",
      });
    }
    expect(Buffer.compare(await readBytes(medium, 0, sizeInBytes), before)).toBe(0);
  });

  test("the header is written last, after everything else is durable", async () => {
    const { device, operations } = recordDevice(create());
    const volume = await createBitLockerVolume(device, layout, secrets, metadata);
    await volume.finish();
    const [first, second, third] = layout.metadataRegionOffsetsInBytes;
    expect(operations.map((one) => [one.kind, one.offsetInBytes, one.lengthInBytes])).toEqual([
      ["write", 0, 8192],
      ["flush", 0, 0],
      ["write", 512, 7680],
      ["write", third, 65_536],
      ["write", second, 65_536],
      ["write", first, 65_536],
      ["flush", 0, 0],
      ["write", 0, 512],
      ["flush", 0, 0],
    ]);
  });

  test("layout, metadata and device must belong together", async () => {
    const small = createMemoryDevice(sizeInBytes - 4096, { sectorSizeInBytes });
    await expect(createBitLockerVolume(small, layout, secrets, metadata)).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });

  // What follows does not depend on method and sector size, and every opening costs a second.
  if (method !== "aes-cbc-256") return;

  test("one good copy is enough, a forged one is told apart from a damaged one", async () => {
    const medium = create();
    await (await createBitLockerVolume(medium, layout, secrets, metadata)).finish();
    const [first, second, third] = layout.metadataRegionOffsetsInBytes;
    await medium.write(first + 0x90, Uint8Array.of(0xff));
    await forge(medium, second);
    const { info, device } = await openBitLockerVolume(medium, { recoveryPassword: password });
    await device.close();
    expect(info.copies).toEqual([
      { offsetInBytes: first, state: "damaged" },
      { offsetInBytes: second, state: "tampered" },
      { offsetInBytes: third, state: "intact" },
    ]);
    await forge(medium, third);
    await expect(openBitLockerVolume(medium, { recoveryPassword: password })).rejects.toMatchObject({
      code: "metadata-tampered",
    });
    await medium.write(second, new Uint8Array(8));
    await medium.write(third, new Uint8Array(8));
    await expect(openBitLockerVolume(medium, { recoveryPassword: password })).rejects.toMatchObject({
      code: "metadata-damaged",
    });
  });

  test("a copy that cannot be read does not matter, a volume cut off does", async () => {
    const medium = create();
    await (await createBitLockerVolume(medium, layout, secrets, metadata)).finish();
    const faulty = createFaultyDevice(medium, { atOperation: 2, kind: "fail" });
    const { info } = await openBitLockerVolume(faulty.device, { recoveryPassword: password });
    expect(info.copies.map((copy) => copy.state)).toEqual(["damaged", "intact", "intact"]);

    const cut = createMemoryDevice(sizeInBytes - 2 ** 20, { sectorSizeInBytes });
    await cut.write(0, await readBytes(medium, 0, cut.sizeInBytes));
    await expect(openBitLockerVolume(cut, { recoveryPassword: password })).rejects.toMatchObject({
      code: "metadata-damaged",
    });
  });
});

/** Changes the description and mends the CRC, as someone without the key could. */
async function forge(medium: BlockDevice, offset: number): Promise<void> {
  const region = await readBytes(medium, offset, 65_536);
  region[0x7a] = region[0x7a]! ^ 1;
  const infoSize = region.readUInt16LE(8) * 16;
  region.writeUInt32LE(crc32(region.subarray(0, infoSize)), infoSize + 4);
  await medium.write(offset, region);
}

test("every byte of a volume is mapped once", () => {
  const layout = layoutOf(512);
  const pieces = mapBitLockerRange(layout, 0, sizeInBytes);
  expect(
    pieces.map((piece) => [piece.kind, piece.offsetInBytes, piece.lengthInBytes, piece.positionInBytes]),
  ).toEqual([
    ["stored", 0, 0x2000, 0x2110000],
    ["stored", 0x2000, 0x20fe000, 0x2000],
    ["reserved", 0x2100000, 0x10000, 0x2100000],
    ["reserved", 0x2110000, 0x2000, 0x2110000],
    ["stored", 0x2112000, 0xa99000, 0x2112000],
    ["reserved", 0x2bab000, 0x10000, 0x2bab000],
    ["stored", 0x2bbb000, 0xa9b000, 0x2bbb000],
    ["reserved", 0x3656000, 0x10000, 0x3656000],
    ["stored", 0x3666000, 0x299a000, 0x3666000],
  ]);
  for (let start = 0; start < sizeInBytes; start += 999_983) {
    for (const length of [0, 1, 512, 8192, 70_000, 3_000_001]) {
      if (start + length > sizeInBytes) continue;
      let at = start;
      for (const piece of mapBitLockerRange(layout, start, length)) {
        expect(piece.offsetInBytes).toBe(at);
        at += piece.lengthInBytes;
      }
      expect(at).toBe(start + length);
    }
  }
  expect(() => mapBitLockerRange(layout, sizeInBytes - 1, 2)).toThrow(
    expect.objectContaining({ code: "invalid-argument" }),
  );
});

test("secrets show nothing by accident", () => {
  using secrets = createBitLockerSecrets("aes-cbc-256", countingRandom(5));
  const digits = secrets.recoveryPassword.format();
  const key = Buffer.from(secrets.copyEncryptionKey()).toString("hex");
  const shown = [
    inspect(secrets, { showHidden: true, depth: 9 }),
    JSON.stringify(secrets),
    Object.values(secrets).join(),
  ].join();
  expect(shown.includes(digits) || shown.includes(digits.slice(0, 6)) || shown.includes(key)).toBe(false);
});
