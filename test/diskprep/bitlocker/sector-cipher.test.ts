import { createCipheriv, createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type BitLockerMethod,
  bitLockerMethods,
  createSectorCipher,
} from "../../../src/diskprep/bitlocker/index.js";

const keyOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => 0x20 + index);
const keyLengths = { "aes-cbc-128": 16, "aes-cbc-256": 32, "xts-aes-128": 32, "xts-aes-256": 64 } as const;
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index & 0xff);
const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** One cipher object for each sector, as anyone would write it first. */
function encryptPlainly(
  method: BitLockerMethod,
  key: Uint8Array,
  sectorSizeInBytes: number,
  data: Uint8Array,
  position: number,
): Buffer {
  const sectors: Buffer[] = [];
  for (let start = 0; start < data.length; start += sectorSizeInBytes) {
    const bits = (method.startsWith("xts") ? key.length / 2 : key.length) * 8;
    const tweak = Buffer.alloc(16);
    const at = BigInt(position + start);
    tweak.writeBigUInt64LE(method.startsWith("xts") ? at / BigInt(sectorSizeInBytes) : at);
    const iv = method.startsWith("xts")
      ? tweak
      : createCipheriv(`aes-${bits}-ecb`, key, null).setAutoPadding(false).update(tweak);
    const cipher = createCipheriv(`aes-${bits}-${method.startsWith("xts") ? "xts" : "cbc"}`, key, iv);
    cipher.setAutoPadding(false);
    sectors.push(cipher.update(data.subarray(start, start + sectorSizeInBytes)), cipher.final());
  }
  return Buffer.concat(sectors);
}

describe("published vectors", () => {
  test.each([
    [
      "xts-aes-128",
      512,
      0x2200000,
      "7b2b08fca4ed367e068f48e15634962c",
      "db3c97e67d3a33240bfd2b739096350a5b7811a15226b3f45fb93cbeebfffcbb",
    ],
    ["xts-aes-256", 512, 0x2200000, "", "33501d91cb75e955a45ec3d4ee1fb0726ad2dd8ec820167c2931225232cfc0d5"],
    [
      "aes-cbc-128",
      512,
      0x2200000,
      "6c15556ff615d38ca676ca03938014c2",
      "6c50ba15c5c0e779b2aa3ef9d909d056c0a607eacb96cc22af56aed14a7b29e9",
    ],
    [
      "aes-cbc-256",
      512,
      0x2200000,
      "423ff4470d4d7e7becb0fc2bdad0f5f0",
      "a714a1dd1ad0cfda818f2fbb0d8155d7ebb1e3be8bf899f8ddbf7303d6fe684b",
    ],
    ["xts-aes-128", 4096, 0x2200000, "", "5180dd464d1168b4782e16eb8946605c1d6f3657406481aa45e132fe0217c85f"],
    ["aes-cbc-256", 4096, 0x2200000, "", "a4e7b1cc72ea66734a7744aa157415e45a5c96599cc55793db18413567c30428"],
    ["xts-aes-128", 512, 0x10000000a00, "55f09842ec9340aea1f04812db9870b8", ""],
    ["aes-cbc-256", 512, 0x10000000a00, "7fa15d749988dfdd6d6b2716dbf77c59", ""],
  ] as const)("%s, %p-byte sectors, position %p", (method, sectorSize, position, start, sha256) => {
    using cipher = createSectorCipher(method, keyOf(keyLengths[method]), sectorSize);
    const sector = counting(sectorSize);
    cipher.encrypt(sector, position);
    if (start !== "") expect(Buffer.from(sector.subarray(0, 16)).toString("hex")).toBe(start);
    if (sha256 !== "") expect(digest(sector)).toBe(sha256);
    cipher.decrypt(sector, position);
    expect(sector).toEqual(counting(sectorSize));
  });
});

describe.each(bitLockerMethods)("%s", (method) => {
  test.each([512, 4096] as const)("equals one cipher object per sector, %p-byte sectors", (sectorSize) => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: keyLengths[method], maxLength: keyLengths[method] }),
        fc.integer({ min: 0, max: 2 ** 53 / sectorSize - 200 }),
        fc.integer({ min: 0, max: sectorSize === 512 ? 70 : 20 }),
        fc.integer({ min: 0, max: 9 }),
        fc.integer(),
        (key, firstSector, sectorCount, misalignment, seed) => {
          // Two equal halves are not a key for XTS.
          if (key.every((byte) => byte === key[0])) key[0] = key[0]! ^ 1;
          const position = firstSector * sectorSize;
          const data = Uint8Array.from(
            { length: sectorCount * sectorSize },
            (_, index) => Math.imul(index + seed, 0x9e3779b1) >>> 24,
          );
          const memory = new Uint8Array(data.length + misalignment + 9).fill(0xcc);
          const view = memory.subarray(misalignment, misalignment + data.length);
          view.set(data);
          using cipher = createSectorCipher(method, key, sectorSize);
          cipher.encrypt(view, position);
          expect(Buffer.compare(view, encryptPlainly(method, key, sectorSize, data, position))).toBe(0);
          cipher.decrypt(view, position);
          expect(Buffer.compare(view, data)).toBe(0);
          expect(memory.subarray(0, misalignment).every((byte) => byte === 0xcc)).toBe(true);
          expect(memory.subarray(misalignment + data.length).every((byte) => byte === 0xcc)).toBe(true);
        },
      ),
      { numRuns: process.env["OFFLINE_SEED_LONG"] === "1" ? 2000 : 25, seed: 20_240_301 },
    );
  });

  test("a buffer longer than any chunk equals its pieces", () => {
    using cipher = createSectorCipher(method, keyOf(keyLengths[method]), 512);
    const whole = counting(3 * 512 * 1024 + 512 * 7);
    const pieces = Uint8Array.from(whole);
    cipher.encrypt(whole, 0xfffff000);
    for (let start = 0; start < pieces.length; start += 512 * 777) {
      cipher.encrypt(pieces.subarray(start, start + 512 * 777), 0xfffff000 + start);
    }
    expect(Buffer.compare(whole, pieces)).toBe(0);
    cipher.decrypt(whole, 0xfffff000);
    expect(Buffer.compare(whole, counting(whole.length))).toBe(0);
  });

  test("refuses parts of sectors, wrong keys and use after disposal", () => {
    const cipher = createSectorCipher(method, keyOf(keyLengths[method]), 512);
    const refused = expect.objectContaining({ name: "BitLockerError", code: "invalid-argument" });
    expect(() => cipher.encrypt(new Uint8Array(511), 0)).toThrow(refused);
    expect(() => cipher.encrypt(new Uint8Array(512), 511)).toThrow(refused);
    expect(() => cipher.decrypt(new Uint8Array(512), 2 ** 53)).toThrow(refused);
    expect(() => cipher.decrypt(new Uint8Array(512), -512)).toThrow(refused);
    expect(() => createSectorCipher(method, keyOf(17), 512)).toThrow(refused);
    expect(() => createSectorCipher(method, keyOf(keyLengths[method]), 1024 as 512)).toThrow(refused);
    cipher.dispose();
    cipher.dispose();
    expect(() => cipher.encrypt(new Uint8Array(512), 0)).toThrow(refused);
  });
});

test("an unknown method is refused", () => {
  expect(() => createSectorCipher("toString" as "aes-cbc-128", keyOf(16), 512)).toThrow(
    expect.objectContaining({ code: "invalid-argument" }),
  );
});
