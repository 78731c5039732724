import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { buildRegion } from "../../../src/diskprep/bitlocker/build-metadata.js";
import {
  type BitLockerLayout,
  bitLockerReservedExtents,
  buildBitLockerMetadata,
  planBitLockerLayout,
  recoveryPasswordFromBytes,
  unlockBitLockerMetadata,
} from "../../../src/diskprep/bitlocker/index.js";
import { secretsOf } from "../../../src/diskprep/bitlocker/secrets.js";

const counting = (first: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => first + index);

/** The published example, which two independent programs wrote with the same result. */
const exampleLayout: BitLockerLayout = {
  volumeSizeInBytes: 0x4000000,
  sectorSizeInBytes: 512,
  clusterSizeInBytes: 4096,
  metadataRegionOffsetsInBytes: [0x2252000, 0x2820000, 0x2f40000],
  metadataRegionLengthInBytes: 65_536,
  bootAreaOffsetInBytes: 0x2262000,
  bootAreaLengthInBytes: 8192,
  spareAreaOffsetInBytes: 0x2264000,
  spareAreaLengthInBytes: 65_536,
};
const exampleSecrets = () =>
  secretsOf(
    "xts-aes-128",
    { masterKey: counting(0, 32), encryptionKey: counting(0x20, 32), salt: counting(0x40, 16) },
    recoveryPasswordFromBytes(counting(0x50, 16)),
    "11111111-2222-4333-8444-555555555555",
    "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
  );
const exampleOptions = {
  createdAtInMs: Date.UTC(2024, 11, 25, 12),
  label: "AZIMPORT",
  computerName: "HOST",
  partitionOffsetInBytes: 2048 * 512,
};
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("metadata", () => {
  test("equals the published example byte for byte", async () => {
    using secrets = exampleSecrets();
    const region = buildRegion(exampleLayout, secrets, {
      passwordBytes: counting(0x50, 16),
      stretchedKey: Buffer.from("77f3cff93cda73f2809b1463337e8fb755481e444ae67b4a5d022b3bd2189a48", "hex"),
      description: "HOST AZIMPORT 12/25/2024",
      createdAt: 0x01db56df30e70000n,
    });
    expect(crc32(region.subarray(0, 0x2a0)).toString(16)).toBe("dcead08a");
    expect(sha256(region)).toBe("c33b6543f0498a87ac7498551f24f46728bcb45d603d75a5dcfa5b88e6164440");
  });

  test("is the same for the same inputs and can be unlocked again", async () => {
    using secrets = exampleSecrets();
    const { createdAtInMs } = exampleOptions;
    const build = () =>
      buildBitLockerMetadata(exampleLayout, secrets, {
        ...exampleOptions,
        random: (target) => target.fill(0x5a),
      });
    const [metadata, again] = await Promise.all([build(), build()]);
    expect(again).toEqual(metadata);
    expect(sha256(metadata.volumeHeader)).toBe(
      "26f486b452ed22d448092c7958542bdca42054029ea5a533d81a57db19cf84bf",
    );
    expect(metadata.filler).toEqual(new Uint8Array(0x1e00).fill(0x5a));

    using unlocked = await unlockBitLockerMetadata(metadata, {
      recoveryPassword: "228976-234630-240284-245938-251592-257246-262900-268554",
    });
    const {
      clusterSizeInBytes: _,
      spareAreaLengthInBytes: __,
      spareAreaOffsetInBytes: ___,
      ...areas
    } = exampleLayout;
    expect(unlocked.info).toEqual({
      method: "xts-aes-128",
      volumeGuid: "11111111-2222-4333-8444-555555555555",
      createdAtInMs,
      description: "HOST AZIMPORT 12/25/2024",
      protectors: [{ guid: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", kind: "recovery-password" }],
      copies: [{ offsetInBytes: 0x2252000, state: "intact" }],
      areas,
    });
    const key = unlocked.copyEncryptionKey();
    expect(key).toEqual(counting(0x20, 32));
    unlocked.dispose();
    expect(() => unlocked.copyEncryptionKey()).toThrow(expect.objectContaining({ code: "invalid-argument" }));
    expect(key).toEqual(counting(0x20, 32));
  });

  test("refuses a description that does not fit and secrets that are gone", async () => {
    const secrets = exampleSecrets();
    const wrong = [
      { label: "x".repeat(300) },
      { label: "a\0b" },
      { createdAtInMs: Number.NaN },
      { createdAtInMs: -1 },
      { partitionOffsetInBytes: 1000 },
      { partitionOffsetInBytes: 2 ** 45 },
    ];
    for (const change of wrong) {
      await expect(
        buildBitLockerMetadata(exampleLayout, secrets, { ...exampleOptions, ...change }),
      ).rejects.toMatchObject({ name: "BitLockerError", code: "invalid-argument" });
    }
    secrets.dispose();
    await expect(buildBitLockerMetadata(exampleLayout, secrets, exampleOptions)).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });
});

describe("layout", () => {
  test.each([
    [
      "100 MiB as Windows places it when nothing is in the way",
      0x6400000,
      512,
      4096,
      [0x2100000, 0x2c1d000, 0x373a000],
      0x2110000,
      0x2112000,
    ],
    ["64 MiB, the smallest", 0x4000000, 512, 4096, [0x2100000, 0x281d000, 0x2f3a000], 0x2110000, 0x2112000],
    [
      "10 TB, steps of 1 GiB",
      10_000_829_251_584,
      512,
      4096,
      [0x2100000, 0x42100000, 0x82100000],
      0x2110000,
      0x2112000,
    ],
    ["64 KiB clusters", 0x40000000, 512, 65_536, [0x2100000, 0x92d0000, 0x104a0000], 0x2110000, 0x2120000],
    [
      "512 KiB clusters on 4096-byte sectors",
      0x40000000,
      4096,
      524_288,
      [0x2100000, 0x9300000, 0x10500000],
      0x2180000,
      0x2200000,
    ],
  ] as const)("%s", (_, volumeSizeInBytes, sectorSizeInBytes, clusterSizeInBytes, regions, boot, spare) => {
    const layout = planBitLockerLayout({ volumeSizeInBytes, sectorSizeInBytes, clusterSizeInBytes });
    expect(layout).toMatchObject({
      metadataRegionOffsetsInBytes: regions,
      bootAreaOffsetInBytes: boot,
      spareAreaOffsetInBytes: spare,
    });
  });

  test("areas are whole clusters apart for every cluster size and many volume sizes", () => {
    for (let clusterSizeInBytes = 512; clusterSizeInBytes <= 65_536; clusterSizeInBytes *= 2) {
      for (let size = 64 * 2 ** 20; size < 2 ** 48; size = Math.ceil((size * 1.37) / 4096) * 4096) {
        const layout = planBitLockerLayout({
          volumeSizeInBytes: size,
          sectorSizeInBytes: 512,
          clusterSizeInBytes,
        });
        const extents = bitLockerReservedExtents(layout).toSorted(
          (a, b) => a.offsetInBytes - b.offsetInBytes,
        );
        let end = 33 * 2 ** 20;
        for (const extent of extents) {
          expect(extent.offsetInBytes % clusterSizeInBytes).toBe(0);
          expect(extent.offsetInBytes).toBeGreaterThanOrEqual(end);
          end =
            extent.offsetInBytes + Math.ceil(extent.lengthInBytes / clusterSizeInBytes) * clusterSizeInBytes;
        }
        expect(end).toBeLessThanOrEqual(size);
      }
    }
  });

  test("names the files of Windows", () => {
    const layout = planBitLockerLayout({
      volumeSizeInBytes: 2 ** 30,
      sectorSizeInBytes: 512,
      clusterSizeInBytes: 4096,
    });
    expect(bitLockerReservedExtents(layout)).toEqual([
      {
        name: "FVE2.{e40ad34d-dae9-4bc7-95bd-b16218c10f72}.1",
        offsetInBytes: 0x2100000,
        lengthInBytes: 65_536,
      },
      {
        name: "FVE2.{e40ad34d-dae9-4bc7-95bd-b16218c10f72}.2",
        offsetInBytes: 0x92c8000,
        lengthInBytes: 65_536,
      },
      {
        name: "FVE2.{e40ad34d-dae9-4bc7-95bd-b16218c10f72}.3",
        offsetInBytes: 0x10490000,
        lengthInBytes: 65_536,
      },
      { name: "FVE2.{24e6f0ae-6a00-4f73-984b-75ce9942852d}", offsetInBytes: 0x2110000, lengthInBytes: 8192 },
      {
        name: "FVE2.{da392a22-cae0-4f0f-9a30-b8830385d046}",
        offsetInBytes: 0x2112000,
        lengthInBytes: 65_536,
      },
    ]);
  });

  test.each([
    [
      { volumeSizeInBytes: 2 ** 26 - 512, sectorSizeInBytes: 512, clusterSizeInBytes: 4096 },
      "volume-too-small",
    ],
    [
      { volumeSizeInBytes: 2 ** 30 + 1, sectorSizeInBytes: 512, clusterSizeInBytes: 4096 },
      "invalid-argument",
    ],
    [{ volumeSizeInBytes: 2 ** 30, sectorSizeInBytes: 512, clusterSizeInBytes: 131_072 }, "invalid-argument"],
    [{ volumeSizeInBytes: 2 ** 30, sectorSizeInBytes: 4096, clusterSizeInBytes: 512 }, "invalid-argument"],
    [{ volumeSizeInBytes: 2 ** 30, sectorSizeInBytes: 512, clusterSizeInBytes: 3072 }, "invalid-argument"],
    [{ volumeSizeInBytes: Number.NaN, sectorSizeInBytes: 512, clusterSizeInBytes: 4096 }, "invalid-argument"],
  ] as const)("refuses %p", (facts, code) => {
    expect(() => planBitLockerLayout(facts)).toThrow(
      expect.objectContaining({ name: "BitLockerError", code }),
    );
  });
});
