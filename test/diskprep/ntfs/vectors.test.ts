/** Known bytes of the NTFS format: tables, hashes, run lists, boot sector and records. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { encodeAttributeDefinitions } from "../../../src/diskprep/ntfs/encode/attribute-definitions.js";
import { encodeBootSector } from "../../../src/diskprep/ntfs/encode/boot-sector.js";
import { residentLimitInBytes } from "../../../src/diskprep/ntfs/encode/constants.js";
import { setFileTime } from "../../../src/diskprep/ntfs/encode/little-endian.js";
import { mappingPairsLength, writeMappingPairs } from "../../../src/diskprep/ntfs/encode/mapping-pairs.js";
import {
  encodeSecurityStream,
  ownSecurityDescriptor,
  securityEntries,
} from "../../../src/diskprep/ntfs/encode/security-descriptors.js";
import {
  compareNtfsNames,
  createNtfsTree,
  foldNtfsName,
  ntfsGeometry,
  ntfsNameProblem,
  planNtfsVolume,
} from "../../../src/diskprep/ntfs/index.js";
import { systemStreamSizes } from "../../../src/diskprep/ntfs/layout/system-streams.js";
import { encodeUpcaseTable, upcaseTableCrc64 } from "../../../src/diskprep/ntfs/names/upcase-table.js";
import { parseRunList } from "../../../src/diskprep/ntfs/reader/parse-run-list.js";

const mebibyte = 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** CRC-64/NVME, straight from its definition. */
function crc64(bytes: Uint8Array): bigint {
  let crc = 0xffff_ffff_ffff_ffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n;
  }
  return crc ^ 0xffff_ffff_ffff_ffffn;
}

describe("tables", () => {
  test("the upper-case table is the one Windows writes, and differs from toUpperCase", () => {
    const table = encodeUpcaseTable();
    expect({
      sha256: sha256(table),
      md5: createHash("md5").update(table).digest("hex"),
      crc: crc64(table).toString(16),
      stored: upcaseTableCrc64.high.toString(16) + upcaseTableCrc64.low.toString(16),
      check: crc64(Buffer.from("123456789")).toString(16),
    }).toEqual({
      sha256: "41c26bc7a12bdaeb26025c93118697c7e3ef81ee048b00fe5cce2a472e0e0742",
      md5: "7ff498a44e45e77374cc7c962b1b92f2",
      crc: "dadc7e776b1b690c",
      stored: "dadc7e776b1b690c",
      check: "ae8b14860a799888",
    });
  });

  test("the attribute definitions are those of mkntfs", () => {
    expect(sha256(encodeAttributeDefinitions())).toBe(
      "d7de5b1b2f79f45f235ceb1adbc46908ed64eae174eb90ed66aefe5f25165da3",
    );
  });

  test("the security descriptors have the hashes and places Windows knows", () => {
    const entries = securityEntries();
    expect(
      entries.map((entry) => [
        entry.id,
        entry.offsetInBytes,
        20 + entry.descriptor.length,
        entry.hash.toString(16),
      ]),
    ).toEqual([
      [0x100, 0, 0x7c, "f80312f0"],
      [0x101, 0x80, 0x7c, "b32451"],
      [0x102, 0x100, 0xa4, "4b3fb204"],
      [0x103, 0x1b0, 0xa4, "cb40f20d"],
      [0x104, 0x260, 0xa4, "8340b60d"],
    ]);
    expect(hex(entries[0]!.descriptor)).toBe(
      "0100048048000000580000000000000014000000020034000200000000001400890012000101000000000005120000000000180089001200" +
        "010200000000000520000000200200000102000000000005200000002002000001020000000000052000000020020000",
    );
    expect(ownSecurityDescriptor(true).length).toBe(0x64);
    const stream = encodeSecurityStream(entries);
    expect(stream.length).toBe(0x40000 + 0x304);
    expect(hex(stream.subarray(0x40000))).toBe(hex(stream.subarray(0, 0x304)));
  });
});

describe("run lists", () => {
  const vectors: [string, [number | undefined, number][], string][] = [
    ["one cluster", [[4, 1]], "1101 04 00"],
    ["127 clusters", [[2, 127]], "117f 02 00"],
    ["128 clusters take a sign byte", [[2, 128]], "128000 02 00"],
    ["a place with its top bit set", [[32768, 65]], "3141 008000 00"],
    [
      "a step back",
      [
        [100, 10],
        [50, 5],
      ],
      "110a64 1105ce 00",
    ],
    [
      "a long step back",
      [
        [786432, 300],
        [786000, 7],
      ],
      "322c0100000c 210750fe 00",
    ],
    ["a hole", [[undefined, 262143]], "03ffff03 00"],
    ["a place above 2^31", [[2684563122, 500017]], "5331a107b22e03a000 00"],
    ["a length above 2^31", [[16, 2684354560]], "15000000a000 10 00"],
    [
      "a hole between runs",
      [
        [100, 16],
        [undefined, 32],
        [200, 16],
      ],
      "111064 0120 111064 00",
    ],
  ];
  test.each(vectors)("%s", (_, runs, expected) => {
    const list = runs.map(([firstCluster, clusterCount]) => ({ firstCluster, clusterCount }));
    const bytes = new Uint8Array(64);
    const length = writeMappingPairs(new DataView(bytes.buffer), 0, list);
    expect([hex(bytes.subarray(0, length)), mappingPairsLength(list)]).toEqual([
      expected.replaceAll(" ", ""),
      length,
    ]);
    expect(parseRunList(bytes, 0, length, 0, 2 ** 32).map((run) => [run.lcn, run.clusterCount])).toEqual(
      runs,
    );
  });
});

describe("names", () => {
  test("sort as NTFS sorts them", () => {
    const sorted = "$data|1.txt|10.txt|2.txt|a|a b|a.b|aa|AB|ab-c|ab_c|B|ss|Zz|_x|~|É|éa|ß|ÿ|Ÿ2|😀|ﬀ".split(
      "|",
    );
    expect([...sorted].reverse().sort(compareNtfsNames)).toEqual(sorted);
  });

  test("fold by code unit, without special cases", () => {
    expect(["straße", "ﬀ", "ÿé", "😀"].map(foldNtfsName)).toEqual(["STRAßE", "ﬀ", "ŸÉ", "😀"]);
  });

  test("that Windows refuses are told why", () => {
    const names: Record<string, ReturnType<typeof ntfsNameProblem>> = {
      "": "empty",
      [".".repeat(256)]: "too-long",
      [`${"ä".repeat(255)}`]: undefined,
      "a:b": "reserved-character",
      "a/b": "reserved-character",
      "a\\b": "reserved-character",
      "tab\there": "reserved-character",
      'quote"': "reserved-character",
      "pipe|": "reserved-character",
      "dot.": "trailing-dot-or-space",
      "space ": "trailing-dot-or-space",
      "..": "trailing-dot-or-space",
      "high\ud800": "unpaired-surrogate",
      "\udc00low": "unpaired-surrogate",
      "\ud83d\ud83d\ude00": "unpaired-surrogate",
      "😀": undefined,
      con: "device-name",
      "nul.tar.gz": "device-name",
      "COM1.txt": "device-name",
      lpt9: "device-name",
      "com¹": "device-name",
      "aux .h": "device-name",
      CONIN$: "device-name",
      COM10: undefined,
      COM0: undefined,
      console: undefined,
      ".hidden": undefined,
      "AUX-1": undefined,
      "\u007f": undefined,
    };
    expect(Object.fromEntries(Object.keys(names).map((name) => [name, ntfsNameProblem(name)]))).toEqual(
      names,
    );
  });
});

describe("times", () => {
  test.each([
    [1_700_000_000_000, "00006dc64717da01"],
    [0, "00803ed5deb19d01"],
    [-11_644_473_600_000, "0000000000000000"],
    [1_700_000_000_123, "b0c47fc64717da01"],
  ])("%d ms", (unixMs, expected) => {
    const bytes = new Uint8Array(8);
    setFileTime(new DataView(bytes.buffer), 0, unixMs);
    expect(hex(bytes)).toBe(expected);
    expect(new DataView(bytes.buffer).getBigUint64(0, true)).toBe(
      (BigInt(unixMs) + 11_644_473_600_000n) * 10_000n,
    );
  });
});

describe("boot sector", () => {
  test("of a 64 MiB volume", () => {
    const sector = encodeBootSector(ntfsGeometry(64 * mebibyte, 512), {
      hiddenSectors: 2048,
      mftCluster: 616,
      mirrorCluster: 2,
      serialNumber: 0x1122334455667788n,
    });
    expect(hex(sector.subarray(0, 0x58))).toBe(
      "eb52904e5446532020202000020800000000000000f800003f00ff00000800000000000080008000ffff010000000000" +
        "68020000000000000200000000000000f600000001000000887766554433221100000000faf4ebfd",
    );
    expect([sector.length, hex(sector.subarray(0x1fe))]).toEqual([512, "55aa"]);
  });

  test.each([
    [512, 4096, "08 f6 01"],
    [512, 65_536, "80 f6 f4"],
    [512, 131_072, "f8 f6 f4"],
    [512, 2_097_152, "f4 f6 f4"],
    [4096, 4096, "01 01 01"],
    [4096, 65_536, "10 f4 f4"],
  ] as const)("size bytes with %d-byte sectors and clusters of %d", (sector, cluster, expected) => {
    const bytes = encodeBootSector(ntfsGeometry(1024 * mebibyte, sector, cluster), {
      hiddenSectors: 0,
      mftCluster: 1,
      mirrorCluster: 2,
      serialNumber: 1n,
    });
    expect([0x0d, 0x40, 0x44].map((at) => hex(bytes.subarray(at, at + 1))).join(" ")).toBe(expected);
  });
});

describe("geometry", () => {
  const tebibyte = 2 ** 40;
  test.each([
    [2 ** 30, 512, 4096, 262_143],
    [16 * tebibyte, 512, 4096, 4_294_967_295],
    [16 * tebibyte + 8192, 512, 8192, 2_147_483_648],
    [32 * tebibyte, 512, 8192, 4_294_967_295],
    [256 * tebibyte, 4096, 65_536, 4_294_967_295],
    [2048 * tebibyte, 4096, 524_288, 4_294_967_295],
  ] as const)("a volume of %d bytes", (size, sector, clusterSizeInBytes, clusterCount) => {
    expect(ntfsGeometry(size, sector)).toMatchObject({ clusterSizeInBytes, clusterCount });
  });

  test.each([
    [100_000, 512, undefined],
    [2 ** 30, 1024, undefined],
    [2 ** 30, 512, 2048],
    [2 ** 30, 512, 5000],
    [2 ** 30, 512, 4 * mebibyte],
    [32 * tebibyte, 512, 4096],
    [Number.NaN, 512, undefined],
  ])("refuses %d bytes, sectors of %d, clusters of %s", (size, sector, cluster) => {
    expect(() => ntfsGeometry(size, sector as 512, cluster)).toThrow(
      expect.objectContaining({ code: "invalid-option" }),
    );
  });

  test("log sizes", () => {
    const logOf = (size: number): number => systemStreamSizes(ntfsGeometry(size, 512), 65).log;
    expect([3 * mebibyte, 64 * mebibyte, 2 ** 30, 12 * 2 ** 30, tebibyte].map(logOf)).toEqual([
      512 * 1024,
      2 * mebibyte,
      Math.ceil(2 ** 30 / 200 / 4096) * 4096,
      64 * mebibyte,
      64 * mebibyte,
    ]);
  });
});

describe("a 64 MiB volume with one file of five bytes", () => {
  const tree = createNtfsTree();
  const node = tree.addFile(tree.root, "hello.txt", 5, { modifiedAtInMs: 1_700_000_000_000 });
  const layout = planNtfsVolume(tree, {
    volumeSizeInBytes: 64 * mebibyte,
    sectorSizeInBytes: 512,
    hiddenSectors: 2048,
    serialNumber: 0x1122334455667788n,
    createdAtInMs: 1_700_000_000_000,
  });
  const cluster = (number: number, count = 1): Uint8Array => {
    const bytes = new Uint8Array(4096 * count).fill(0xee);
    layout.render(4096 * number, bytes, () => Buffer.from("hello"));
    return bytes;
  };

  test("has everything where it belongs", () => {
    expect({
      node,
      isResident: layout.isResident(node),
      recordCount: layout.recordCount,
      metadata: layout.metadataExtents,
      occupied: layout.occupiedExtents,
      free: layout.freeBytes,
      rows: layout.dataExtents.count,
      resident: [...layout.residentNodesIn(0, 64 * mebibyte)],
      nobodyBefore: [...layout.residentNodesIn(0, 632 * 4096)],
    }).toEqual({
      node: 1,
      isResident: true,
      recordCount: 68,
      metadata: [
        { offsetInBytes: 0, lengthInBytes: 633 * 4096 },
        { offsetInBytes: 16_383 * 4096, lengthInBytes: 4096 },
      ],
      occupied: [
        { offsetInBytes: 0, lengthInBytes: 633 * 4096 },
        { offsetInBytes: 16_383 * 4096, lengthInBytes: 4096 },
      ],
      free: (16_383 - 633) * 4096,
      rows: 0,
      resident: [1],
      nobodyBefore: [],
    });
  });

  test("keeps log, table, definitions, descriptors, index and MFT at the published clusters", () => {
    expect({
      boot: hex(cluster(0).subarray(0x28, 0x40)),
      mirror: Buffer.from(cluster(2).subarray(0, 4)).toString(),
      mirrorIsMft: hex(cluster(2)) === hex(cluster(616)),
      log: [hex(cluster(3).subarray(0, 4)), hex(cluster(514).subarray(4092))],
      upcase: sha256(cluster(515, 32)),
      definitions: sha256(cluster(547).subarray(0, 2560)),
      descriptors: hex(cluster(548).subarray(0, 8)),
      bitmap: hex(cluster(613).subarray(78, 82)),
      bitmapTail: hex(cluster(613).subarray(2046, 2050)),
      index: Buffer.from(cluster(614).subarray(0, 4)).toString(),
      mftBitmap: hex(cluster(615).subarray(0, 17)),
      mft: Buffer.from(cluster(616).subarray(0, 4)).toString(),
    }).toEqual({
      boot: "ffff01000000000068020000000000000200000000000000",
      mirror: "FILE",
      mirrorIsMft: true,
      log: ["ffffffff", "ffffffff"],
      upcase: "41c26bc7a12bdaeb26025c93118697c7e3ef81ee048b00fe5cce2a472e0e0742",
      definitions: "d7de5b1b2f79f45f235ceb1adbc46908ed64eae174eb90ed66aefe5f25165da3",
      descriptors: "f012 03f8 00010000".replaceAll(" ", ""),
      bitmap: "ff010000",
      bitmapTail: "00800000",
      index: "INDX",
      mftBitmap: `ffff0007${"00".repeat(4)}01${"00".repeat(8)}`,
      mft: "FILE",
    });
  });

  test("has the published record 64", () => {
    const record = cluster(632).subarray(0, 1024);
    const tails = [hex(record.subarray(510, 512)), hex(record.subarray(1022))];
    expect(hex(record.subarray(0, 0x60))).toBe(
      "46494c4530000300000000000000000001000100380001003001000000040000" +
        "0000000000000000030000004000000001000000000000001000000060000000" +
        "0000180000000000480000001800000000006dc64717da0100006dc64717da01",
    );
    const view = new DataView(record.buffer, record.byteOffset);
    expect({
      tails,
      fileName: [view.getUint32(0x98, true), view.getUint32(0x9c, true), view.getUint32(0xa8, true)],
      indexed: record[0x98 + 0x16],
      sizes: [view.getUint32(0xb0 + 0x28, true), view.getUint32(0xb0 + 0x30, true)],
      data: [view.getUint32(0x108, true), view.getUint32(0x10c, true), view.getUint32(0x118, true)],
      content: Buffer.from(record.subarray(0x120, 0x125)).toString(),
      end: view.getUint32(0x128, true),
    }).toEqual({
      tails: ["0100", "0100"],
      fileName: [0x30, 0x70, 0x54],
      indexed: 1,
      sizes: [8, 5],
      data: [0x80, 0x20, 5],
      content: "hello",
      end: 0xffff_ffff,
    });
  });

  test("has the published index roots", () => {
    const empty = createNtfsTree();
    empty.addDirectory(0, "d");
    const small = planNtfsVolume(empty, {
      volumeSizeInBytes: 64 * mebibyte,
      sectorSizeInBytes: 512,
      hiddenSectors: 0,
      serialNumber: 1n,
      createdAtInMs: 0,
    });
    const record = new Uint8Array(1024);
    small.render(632 * 4096, record);
    // Directory record: 0x38 header, 0x60 times, 0x60 name, then the index root: header 0x18, name 8, value.
    const rootValue = record.subarray(0x38 + 0x60 + 0x60 + 0x20);
    expect(hex(rootValue.subarray(0, 0x30))).toBe(
      "30000000010000000010000001000000100000002000000020000000000000000000000000000000" + "1000000002000000",
    );
    // The root directory: header, times, name ".", index root pointing at block 0.
    const root = cluster(617).subarray(1024, 2048);
    expect(hex(root.subarray(0x38 + 0x60 + 0x60 + 0x20, 0x38 + 0x60 + 0x60 + 0x20 + 0x38))).toBe(
      "30000000010000000010000001000000100000002800000028000000010000000000000000000000" +
        "1800000003000000" +
        "0000000000000000",
    );
  });

  test("small files fill a record exactly up to the published limit", () => {
    expect([residentLimitInBytes(1024, 10), residentLimitInBytes(1024, 255)]).toEqual([728, 240]);
  });
});
