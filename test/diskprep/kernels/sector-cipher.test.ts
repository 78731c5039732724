import { createCipheriv, createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  createArena,
  createBulkSectorCipher,
  type SectorCipherMethod,
  sectorCipherScratchInBytes,
} from "../../../src/diskprep/kernels/index.js";
import type { SectorCipherKernel } from "../../../src/diskprep/kernels/kernel-exports.js";
import { createSectorCipherReference } from "../../../src/diskprep/kernels/sector-cipher-reference.js";
import { fillFromSeed, namedArenas } from "./arenas.js";

const keyLengths: Readonly<Record<SectorCipherMethod, number>> = {
  "aes-cbc-128": 16,
  "aes-cbc-256": 32,
  "xts-aes-128": 32,
  "xts-aes-256": 64,
};
const methods = Object.keys(keyLengths) as SectorCipherMethod[];

/** The platform's own mode, one cipher object for each sector. */
function encryptEachSector(
  method: SectorCipherMethod,
  key: Uint8Array,
  sectorSize: number,
  plain: Uint8Array,
  position: number,
): Uint8Array {
  const isXts = method.startsWith("xts");
  const name = isXts ? `aes-${key.length * 4}-xts` : `aes-${key.length * 8}-cbc`;
  const result = new Uint8Array(plain.length);
  for (let offset = 0; offset < plain.length; offset += sectorSize) {
    const number = Buffer.alloc(16);
    number.writeBigUInt64LE(BigInt(position + offset) / BigInt(isXts ? sectorSize : 1));
    const vector = isXts
      ? number
      : createCipheriv(`aes-${key.length * 8}-ecb`, key, null)
          .setAutoPadding(false)
          .update(number);
    const cipher = createCipheriv(name, key, vector).setAutoPadding(false);
    result.set(cipher.update(plain.subarray(offset, offset + sectorSize)), offset);
  }
  return result;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe.each(namedArenas)("bulk sector cipher: $name", ({ create }) => {
  const arena = create(18 << 20);
  const dataOffset = 1 << 18;

  /** Encrypts, compares with the platform's own mode, and decrypts. */
  const check = (
    method: SectorCipherMethod,
    sectorSize: number,
    sectorCount: number,
    offset: number,
    place: number,
    seed: number,
  ): void => {
    const lengthInBytes = sectorCount * sectorSize;
    const lastPlace = Math.floor((2 ** 53 - 1 - lengthInBytes) / sectorSize);
    const position = Math.min(place, lastPlace) * sectorSize;
    const key = new Uint8Array(keyLengths[method]);
    fillFromSeed(key, seed);
    const data = arena.bytes.subarray(offset, offset + lengthInBytes);
    fillFromSeed(data, seed + 1);
    const plain = Uint8Array.from(data);
    const expected = encryptEachSector(method, key, sectorSize, plain, position);
    using cipher = createBulkSectorCipher(method, key, sectorSize, arena, 0);
    key.fill(0);
    // In parts and the later one first: no call may depend on what was done before.
    const part = (seed % (sectorCount + 1)) * sectorSize;
    cipher.encrypt(offset + part, lengthInBytes - part, position + part);
    cipher.encrypt(offset, part, position);
    expect(Buffer.compare(data, expected)).toBe(0);
    const half = Math.floor(sectorCount / 2) * sectorSize;
    cipher.decrypt(offset + half, lengthInBytes - half, position + half);
    cipher.decrypt(offset, half, position);
    expect(Buffer.compare(data, plain)).toBe(0);
  };

  test.each(methods)("%s equals the platform's mode sector by sector, both ways", (method) => {
    fc.assert(
      fc.property(
        fc.constantFrom(512, 4096),
        fc.nat(70),
        fc.nat(64),
        fc.oneof(fc.nat(1000), fc.maxSafeNat()),
        fc.nat(),
        (sectorSize, sectorCount, shiftInWords, place, seed) =>
          check(method, sectorSize, sectorCount, dataOffset + shiftInWords * 4, place, seed),
      ),
      { numRuns: 40 },
    );
  });

  test.each(methods)("%s over several batches", (method) => {
    check(method, 512, 2 * 2048 + 65, dataOffset, 2 ** 23 - 5, 1);
    check(method, 4096, 2 * 2048 + 9, dataOffset, 2 ** 20 - 5, 2);
  });

  test("known answers", () => {
    const answers: readonly (readonly [SectorCipherMethod, number, number, string])[] = [
      ["xts-aes-128", 512, 0x2200000, "db3c97e67d3a33240bfd2b739096350a5b7811a15226b3f45fb93cbeebfffcbb"],
      ["xts-aes-256", 512, 0x2200000, "33501d91cb75e955a45ec3d4ee1fb0726ad2dd8ec820167c2931225232cfc0d5"],
      ["aes-cbc-128", 512, 0x2200000, "6c50ba15c5c0e779b2aa3ef9d909d056c0a607eacb96cc22af56aed14a7b29e9"],
      ["aes-cbc-256", 512, 0x2200000, "a714a1dd1ad0cfda818f2fbb0d8155d7ebb1e3be8bf899f8ddbf7303d6fe684b"],
      ["xts-aes-128", 4096, 0x2200000, "5180dd464d1168b4782e16eb8946605c1d6f3657406481aa45e132fe0217c85f"],
      ["aes-cbc-256", 4096, 0x2200000, "a4e7b1cc72ea66734a7744aa157415e45a5c96599cc55793db18413567c30428"],
    ];
    const found = answers.map(([method, sectorSize, position]) => {
      const data = arena.bytes.subarray(dataOffset, dataOffset + sectorSize);
      for (let index = 0; index < sectorSize; index++) data[index] = index;
      const key = Uint8Array.from({ length: keyLengths[method] }, (_, index) => 0x20 + index);
      using cipher = createBulkSectorCipher(method, key, sectorSize, arena, 0);
      cipher.encrypt(dataOffset, sectorSize, position);
      return [method, sectorSize, position, sha256(data)] as const;
    });
    expect(found).toEqual(answers);
  });

  test("touches nothing but the range and its scratch area, which it clears at the end", () => {
    arena.bytes.fill(0x55);
    const cipher = createBulkSectorCipher("aes-cbc-256", new Uint8Array(32), 512, arena, 4096);
    cipher.encrypt(dataOffset, 1024, 0);
    cipher.decrypt(dataOffset, 1024, 0);
    cipher.dispose();
    cipher.dispose();
    const expected = new Uint8Array(arena.bytes.length).fill(0x55);
    expected.fill(0, 4096, 4096 + sectorCipherScratchInBytes);
    expect(Buffer.compare(arena.bytes, expected)).toBe(0);
    expect(() => cipher.encrypt(dataOffset, 512, 0)).toThrow(RangeError);
  });

  test("refuses what is not whole sectors beside the scratch area", () => {
    using cipher = createBulkSectorCipher("xts-aes-128", new Uint8Array(32), 512, arena, 0);
    const calls: readonly (readonly [number, number, number])[] = [
      [dataOffset, 100, 0],
      [dataOffset, 512, 100],
      [dataOffset, 512, -512],
      [dataOffset, 512, 2 ** 53 - 512],
      [dataOffset + 2, 512, 0],
      [-512, 512, 0],
      [arena.bytes.length, 512, 0],
      [sectorCipherScratchInBytes - 512, 1024, 0],
      [dataOffset, Number.NaN, 0],
      [dataOffset, 512, Number.NaN],
    ];
    for (const call of calls) expect(() => cipher.encrypt(...call)).toThrow(RangeError);
    const create = (method: string, keyLength: number, sectorSize: number, scratch: number) => () =>
      createBulkSectorCipher(
        method as SectorCipherMethod,
        new Uint8Array(keyLength),
        sectorSize,
        arena,
        scratch,
      );
    expect(create("xts-aes-128", 16, 512, 0)).toThrow(RangeError);
    expect(create("toString", 16, 512, 0)).toThrow(RangeError);
    expect(create("aes-cbc-128", 16, 1024, 0)).toThrow(RangeError);
    expect(create("aes-cbc-128", 16, 512, 8)).toThrow(RangeError);
    expect(create("aes-cbc-128", 16, 512, arena.bytes.length)).toThrow(RangeError);
  });
});

describe("sector cipher kernel", () => {
  test("each function equals its plain implementation on the whole memory", () => {
    const size = 65_536;
    const arenas = [createArena(size), createArena(size)] as const;
    const implementations: readonly SectorCipherKernel[] = [
      arenas[0].kernel("sector-cipher")!,
      createSectorCipherReference(arenas[1].bytes),
    ];
    // Three areas that do not overlap; only the row before may be the last of the rows, as encryption has it.
    const word = fc.nat(500).map((index) => index * 4);
    const rows = word.map((offset) => 8192 + offset);
    const data = word.map((offset) => 16_384 + offset);
    const count = fc.nat(8);
    const number = fc.integer({ min: 0, max: 0xffffffff });
    const sectorSize = fc.constantFrom(512, 4096);
    const operation = fc.oneof(
      fc
        .tuple(word, count, number, fc.nat(0x1fffff), fc.constantFrom(1, 512, 4096))
        .map((args) => ({ name: "writeNumbers" as const, args })),
      fc
        .tuple(data, word, count, fc.constantFrom(32, 256))
        .map((args) => ({ name: "whiten" as const, args })),
      fc.tuple(data, rows, fc.option(word), count, sectorSize).map(([from, to, previous, sectors, size]) => ({
        name: "gatherRows" as const,
        args: [from, to, previous ?? to + 3 * 16 * sectors, sectors, size],
      })),
      fc.tuple(data, rows, count, sectorSize).map((args) => ({ name: "scatterRows" as const, args })),
      fc
        .tuple(data, fc.constantFrom(16, 512), rows, fc.constantFrom(16, 512), count)
        .map((args) => ({ name: "xorBlocks" as const, args })),
    );
    fc.assert(
      fc.property(operation, fc.nat(), ({ name, args }, seed) => {
        for (const [index, arena] of arenas.entries()) {
          fillFromSeed(arena.bytes, seed);
          (implementations[index]![name] as (...numbers: number[]) => void)(...args);
        }
        expect(Buffer.compare(arenas[0].bytes, arenas[1].bytes)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
