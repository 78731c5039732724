/** Metadata that was damaged or made to harm: this library's errors only, no hang, no access outside the volume. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { buildRegion } from "../../../src/diskprep/bitlocker/build-metadata.js";
import { encodeDatum, encodeSealedKey, numbers16, numbers64 } from "../../../src/diskprep/bitlocker/datum.js";
import { decodeExternalKey } from "../../../src/diskprep/bitlocker/external-key.js";
import {
  type BitLockerUnlock,
  openBitLockerVolume,
  planBitLockerLayout,
  recoveryPasswordFromBytes,
  unlockBitLockerMetadata,
} from "../../../src/diskprep/bitlocker/index.js";
import { secretsOf } from "../../../src/diskprep/bitlocker/secrets.js";
import { encodeVolumeHeader } from "../../../src/diskprep/bitlocker/volume-header.js";
import { createMemoryDevice, recordDevice } from "../../../src/diskprep/device/index.js";
import { fuzz } from "../../support/fuzz.js";

const fill = (value: number, length: number): Uint8Array => new Uint8Array(length).fill(value);
const masterKey = fill(1, 32);
const layout = planBitLockerLayout({
  volumeSizeInBytes: 2 ** 26,
  sectorSizeInBytes: 512,
  clusterSizeInBytes: 4096,
});
const header = encodeVolumeHeader(layout, { hiddenSectors: 2048, sectorsPerTrack: 63, headCount: 255 });

/** A volume that needs no secret: after the recovery password's protector stands one with a clear key. */
function clearKeyRegion(): Buffer {
  const secrets = secretsOf(
    "xts-aes-128",
    { masterKey: Uint8Array.from(masterKey), encryptionKey: fill(2, 32), salt: fill(3, 16) },
    recoveryPasswordFromBytes(fill(4, 16)),
    "11111111-2222-4333-8444-555555555555",
    "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
  );
  const region = Buffer.from(
    buildRegion(layout, secrets, {
      passwordBytes: fill(4, 16),
      stretchedKey: fill(5, 32),
      description: "TEST",
      createdAt: 1n,
    }),
  );
  const clearKey = fill(6, 32);
  const protector = encodeDatum(
    2,
    8,
    fill(7, 16),
    numbers64(1),
    numbers16(0, 0),
    encodeDatum(0, 1, numbers16(0x2000, 0), clearKey),
    encodeSealedKey(0, clearKey, 1n, 9, 0x2003, masterKey),
  );
  const end = 0x40 + region.readUInt32LE(0x40);
  region.set(protector, end);
  region.writeUInt32LE(end - 0x40 + protector.length, 0x40);
  region.writeUInt32LE(end - 0x40 + protector.length, 0x4c);
  region.writeUInt16LE(Math.ceil((end + protector.length) / 16), 0x08);
  return seal(region);
}

/** Makes CRC-32 and sealed hash right again, as only the owner of the master key can. */
function seal(region: Buffer): Buffer {
  const infoSize = region.readUInt16LE(0x08) * 16;
  if (infoSize + 0x58 > region.length) return region;
  const info = region.subarray(0, infoSize);
  region.writeUInt16LE(Math.min(region.length - infoSize, 0xffff), infoSize);
  region.writeUInt16LE(2, infoSize + 2);
  region.writeUInt32LE(crc32(info), infoSize + 4);
  const hash = createHash("sha256").update(info).digest();
  region.set(encodeSealedKey(0, masterKey, 2n, 10, 0x2005, hash), infoSize + 8);
  return region;
}

const base = clearKeyRegion();
const infoSize = base.readUInt16LE(0x08) * 16;
const interesting = [0, 1, 0x7f, 0x80, 0xff];
/** Single bytes and small numbers, mostly in the part that has a meaning. */
const changes = fc.array(
  fc.tuple(
    fc.oneof(fc.nat(infoSize + 0x58), fc.nat(0x80), fc.nat(65_535)),
    fc.oneof(fc.constantFrom(...interesting), fc.nat(255)),
    fc.constantFrom(1, 2, 4, 8),
  ),
  { minLength: 1, maxLength: 6 },
);
type Changes = [number, number, number][];

function changed(bytes: Uint8Array, list: Changes): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, value, length] of list) copy.fill(value, at, Math.min(at + length, copy.length));
  return copy;
}

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "opened";
  } catch (error) {
    expect((error as Error).name).toBe("BitLockerError");
    return (error as { code: string }).code;
  }
}

describe("damaged and hostile metadata", () => {
  test("the volume that the cases start from can be opened", async () => {
    expect(
      await outcomeOf(unlockBitLockerMetadata({ volumeHeader: header, region: base }, { clearKey: true })),
    ).toBe("opened");
  });

  test.each<[string, boolean, BitLockerUnlock]>([
    ["with the checksums as they were", false, { clearKey: true }],
    ["with right checksums", true, { clearKey: true }],
    ["with right checksums and the wrong kind of key", true, { externalKey: fill(8, 32) }],
  ])("a region %s", async (name, isSealed, unlock) => {
    const seen = new Map<string, number>();
    await fuzz(
      `BitLocker metadata ${name}`,
      fc.asyncProperty(changes, async (list) => {
        const region = changed(base, list);
        const outcome = await outcomeOf(
          unlockBitLockerMetadata({ volumeHeader: header, region: isSealed ? seal(region) : region }, unlock),
        );
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }),
      { usualCases: 250, seed: 20_240_401 },
    );
    expect([...seen.keys()].length).toBeGreaterThan(1);
  });

  test("a volume whose owner lies about its places is read inside its own bounds or not at all", async () => {
    await fuzz(
      "BitLocker volume with hostile places",
      fc.asyncProperty(changes, changes, async (regionChanges, headerChanges) => {
        const { device, operations } = recordDevice(createMemoryDevice(2 ** 26));
        await device.write(
          0,
          changed(
            header,
            headerChanges.slice(0, 1).map(([at, value]) => [at % 512, value, 1]),
          ),
        );
        for (const offset of layout.metadataRegionOffsetsInBytes) {
          await device.write(offset, seal(changed(base, regionChanges)));
        }
        await outcomeOf(
          (async () => {
            const volume = await openBitLockerVolume(device, { clearKey: true });
            const target = new Uint8Array(10_000);
            for (const part of [0, 0.3, 0.5, 1]) {
              await volume.device.read(
                Math.floor((volume.device.sizeInBytes - target.length) * part),
                target,
              );
            }
          })(),
        );
        const longest = Math.max(...operations.map((one) => one.lengthInBytes));
        expect(longest).toBeLessThanOrEqual(2 ** 20);
      }),
      { usualCases: 150, seed: 20_240_402 },
    );
  });

  test("an external key file of any content", async () => {
    const file = Buffer.concat([
      Buffer.from([0x9c, 0, 0, 0, 1, 0, 0, 0, 0x30, 0, 0, 0, 0x9c, 0, 0, 0]),
      fill(0, 32),
      encodeDatum(6, 9, fill(7, 16), numbers64(1), encodeDatum(0, 1, numbers16(0x2002, 0), fill(8, 32))),
    ]);
    file.writeUInt32LE(file.length, 0);
    expect(decodeExternalKey(file).key).toEqual(Buffer.from(fill(8, 32)));
    await fuzz(
      "BitLocker external key",
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          changes.map((list) =>
            changed(
              file,
              list.map(([at, value, length]) => [at % file.length, value, length]),
            ),
          ),
        ),
        (content) => {
          try {
            expect(decodeExternalKey(content).key.length).toBe(32);
          } catch (error) {
            expect(error).toMatchObject({ name: "BitLockerError", code: "invalid-argument" });
          }
        },
      ),
      { usualCases: 200, seed: 20_240_403 },
    );
  });
});
