/** The checker: silent on good volumes, and every single corruption is reported with its record and place. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { createMemoryDevice } from "../../../src/diskprep/device/index.js";
import {
  type CheckNtfsOptions,
  checkNtfsVolume,
  createNtfsTree,
  type NtfsFinding,
  type NtfsVolumeOptions,
} from "../../../src/diskprep/ntfs/index.js";
import {
  bitLockerLikeExtents,
  createSampleTree,
  mebibyte,
  patternOf,
  writeSample,
} from "./sample-volumes.js";
import { editVolume, overlayOf, type VolumeEditor } from "./volume-editor.js";

describe("good volumes", () => {
  const shapes: [string, Partial<NtfsVolumeOptions>][] = [
    ["512-byte sectors", {}],
    ["4096-byte sectors", { sectorSizeInBytes: 4096 }],
    ["64 KiB clusters", { clusterSizeInBytes: 65_536, volumeSizeInBytes: 128 * mebibyte }],
    ["2 MiB clusters", { clusterSizeInBytes: 2 * mebibyte, volumeSizeInBytes: 1536 * mebibyte }],
    ["reserved extents", { reservedExtents: bitLockerLikeExtents(), residentLimitInBytes: 100 }],
    ["no label", { label: "" }],
    ["restart pages in the log", { log: "restart-pages" }],
  ];
  test.each(shapes)("have no findings: %s", async (_, options) => {
    const sample = createSampleTree();
    const { device } = await writeSample(sample.tree, options);
    const report = await checkNtfsVolume(device, {
      isContentRight: async (path, content) => {
        const { node, length } = sample.files.get(path) ?? { node: 0, length: -1 };
        if (length < 0) return path.startsWith("\\System Volume Information\\");
        const hash = createHash("sha256");
        for await (const chunk of content) hash.update(chunk);
        return hash.digest("hex") === createHash("sha256").update(patternOf(node, length)).digest("hex");
      },
    });
    expect(report).toMatchObject({ findings: [], isClean: true, isComplete: true });
    expect(report.fileCount).toBe(sample.files.size + 3 + (options.reservedExtents?.length ?? 0));
  });

  test("have no findings: so many files in one directory that its index has three levels", async () => {
    const count = process.env["OFFLINE_SEED_LONG"] === "1" ? 200_000 : 6000;
    const tree = createNtfsTree();
    for (let index = 0; index < count; index++) tree.addFile(0, `file ${(index * 7919) % count}`, 0);
    const { device } = await writeSample(tree, { volumeSizeInBytes: 128 * mebibyte });
    const reports: string[] = [];
    const report = await checkNtfsVolume(device, { onProgress: ({ phase }) => reports.push(phase) });
    expect(report).toMatchObject({ findings: [], isClean: true, fileCount: count + 3, directoryCount: 2 });
    expect(new Set(reports)).toContain("checking directories");
  });

  test("have no findings: files in directories of every record number", async () => {
    const tree = createNtfsTree();
    // Record numbers that end in the bits of $Extend's (11) must not be taken for it.
    for (let index = 0; index < 300; index++) {
      const folder = tree.addDirectory(0, `folder ${index}`);
      tree.addFile(folder, "first", 10);
      tree.addFile(folder, "second", 10);
    }
    const { device } = await writeSample(tree, {});
    expect(await checkNtfsVolume(device)).toMatchObject({ findings: [], isClean: true });
  });
});

interface Expected {
  readonly code: NtfsFinding["code"];
  readonly record: number | undefined;
  readonly offsetInBytes: number;
}

const sample = createSampleTree({ manyFiles: 400, largeFile: 1_000_000 });
const clean = writeSample(sample.tree, { reservedExtents: bitLockerLikeExtents() });
const geometry = clean.then(({ layout }) => {
  const {
    sectorSizeInBytes,
    clusterSizeInBytes,
    recordSizeInBytes,
    indexBlockSizeInBytes,
    totalSectors,
    clusterCount,
  } = layout.geometry;
  const target = new Uint8Array(512);
  layout.render(0, target);
  const view = new DataView(target.buffer);
  return {
    sectorSize: sectorSizeInBytes,
    clusterSize: clusterSizeInBytes,
    recordSize: recordSizeInBytes,
    indexBlockSize: indexBlockSizeInBytes,
    totalSectors,
    clusterCount,
    mftCluster: view.getUint32(0x30, true),
    mirrorCluster: view.getUint32(0x38, true),
  };
});
const recordOf = (path: string): number => sample.files.get(path)!.node + 63;
const manyRecord = sample.tree.find(0, "many")! + 63;
const emptyRecord = sample.tree.find(0, "empty directory")! + 63;
const largeRecord = recordOf("\\large");
const smallRecord = recordOf("\\lengths\\length 720");
const mediumRecord = recordOf("\\lengths\\length 4097");

/** Changes a byte range of a record and returns where it lies. */
async function inRecord(
  editor: VolumeEditor,
  number: number,
  change: (record: Awaited<ReturnType<VolumeEditor["record"]>>) => number,
): Promise<number> {
  const record = await editor.record(number);
  const position = change(record);
  await record.save();
  return record.offset + position;
}

/** The leaf of `many` with the most ordinary position, and its entries. */
const leafBlock = 2;

async function inLeaf(
  editor: VolumeEditor,
  change: (
    block: Awaited<ReturnType<VolumeEditor["indexBlock"]>>,
    entries: ReturnType<Awaited<ReturnType<VolumeEditor["indexBlock"]>>["entries"]>,
  ) => number,
): Promise<number> {
  const block = await editor.indexBlock(manyRecord, leafBlock);
  const position = change(block, block.entries());
  await block.save();
  return block.offset + position;
}

async function topBlockNumber(editor: VolumeEditor): Promise<number> {
  const directory = await editor.record(manyRecord);
  return directory.attribute(0xa0, "$I30").size / 4096 - 1;
}

const corruptions: [string, (editor: VolumeEditor) => Promise<Expected>][] = [
  [
    "a wrong fixup word in a FILE record",
    async (editor) => {
      const { offset } = await editor.record(largeRecord);
      await editor.flip(offset + 1022);
      return { code: "record-fixup", record: largeRecord, offsetInBytes: offset + 1022 };
    },
  ],
  [
    "a wrong fixup word in an INDX block",
    async (editor) => {
      const { offset } = await editor.indexBlock(manyRecord, leafBlock);
      await editor.flip(offset + 1534);
      return { code: "index-fixup", record: manyRecord, offsetInBytes: offset + 1534 };
    },
  ],
  [
    "an update number of zero",
    async (editor) => {
      const { offset } = await editor.record(largeRecord);
      for (const at of [0x30, 510, 1022]) await editor.write(offset + at, 0, 0);
      return { code: "record-fixup", record: largeRecord, offsetInBytes: offset + 0x30 };
    },
  ],
  [
    "a used cluster marked free",
    async (editor) => {
      const cluster = (await editor.record(largeRecord)).attribute(0x80).runs[0]!.lcn! + 3;
      const bitmap = await editor.streamOffset(6, 0x80);
      await editor.flip(bitmap + (cluster >>> 3), 1 << (cluster & 7));
      return { code: "cluster-marked-free", record: largeRecord, offsetInBytes: bitmap + (cluster >>> 3) };
    },
  ],
  [
    "a free cluster marked used",
    async (editor) => {
      const bitmap = await editor.streamOffset(6, 0x80);
      const cluster = editor.geometry.clusterCount - 100;
      await editor.flip(bitmap + (cluster >>> 3), 1 << (cluster & 7));
      return { code: "cluster-without-owner", record: 6, offsetInBytes: bitmap + (cluster >>> 3) };
    },
  ],
  [
    "a tail bit past the last cluster cleared",
    async (editor) => {
      const bitmap = await editor.streamOffset(6, 0x80);
      const cluster = editor.geometry.clusterCount;
      await editor.flip(bitmap + (cluster >>> 3), 1 << (cluster & 7));
      return { code: "bitmap-tail", record: 6, offsetInBytes: bitmap + (cluster >>> 3) };
    },
  ],
  [
    "two entries of a leaf swapped",
    async (editor) => ({
      code: "index-order",
      record: manyRecord,
      offsetInBytes: await inLeaf(editor, ({ bytes }, entries) => {
        const index = entries.findIndex(
          (entry, at) => entry.length === entries[at + 1]?.length && !entries[at + 1]!.isEnd,
        );
        const [first, second] = [entries[index]!, entries[index + 1]!];
        const copy = bytes.slice(first.position, first.position + first.length);
        bytes.copyWithin(first.position, second.position, second.position + second.length);
        bytes.set(copy, second.position);
        return second.position;
      }),
    }),
  ],
  [
    "a wrong separator key in an inner node",
    async (editor) => {
      const block = await editor.indexBlock(manyRecord, await topBlockNumber(editor));
      const entry = block.entries()[2]!;
      block.bytes[entry.position + 0x10 + 0x42] = "z".charCodeAt(0);
      await block.save();
      return {
        code: "index-entry",
        record: manyRecord,
        offsetInBytes: block.offset + entry.position + 0x10 + 0x42,
      };
    },
  ],
  [
    "an entry missing from a leaf",
    async (editor) => {
      let victim = 0;
      await inLeaf(editor, ({ bytes, view }, entries) => {
        const entry = entries[3]!;
        victim = entry.record;
        const end = 0x18 + view.getUint32(0x1c, true);
        bytes.copyWithin(entry.position, entry.position + entry.length, end);
        view.setUint32(0x1c, end - 0x18 - entry.length, true);
        return entry.position;
      });
      return { code: "not-indexed", record: victim, offsetInBytes: (await editor.record(victim)).offset };
    },
  ],
  [
    "a difference in the mirror of record 1",
    async (editor) => {
      const offset = editor.geometry.mirrorCluster * 4096 + 1024 + 0x40;
      await editor.flip(offset);
      return { code: "mirror", record: 1, offsetInBytes: offset };
    },
  ],
  [
    "a zeroed backup boot sector",
    async (editor) => {
      const offset = editor.geometry.totalSectors * 512;
      await editor.device.write(offset, new Uint8Array(512));
      return { code: "backup-boot-sector", record: undefined, offsetInBytes: offset };
    },
  ],
  [
    "one byte different in the backup boot sector",
    async (editor) => {
      const offset = editor.geometry.totalSectors * 512 + 0x100;
      await editor.flip(offset);
      return { code: "backup-boot-sector", record: undefined, offsetInBytes: offset };
    },
  ],
  [
    "a wrong parent record number",
    async (editor) => {
      await inRecord(editor, smallRecord, ({ view, attribute }) => {
        view.setUint32(attribute(0x30).valuePosition, mediumRecord, true);
        return 0;
      });
      return {
        code: "parent",
        record: smallRecord,
        offsetInBytes: (await editor.record(smallRecord)).offset,
      };
    },
  ],
  [
    "a wrong parent sequence number",
    async (editor) => {
      await inRecord(editor, smallRecord, ({ view, attribute }) => {
        view.setUint16(attribute(0x30).valuePosition + 6, 7, true);
        return 0;
      });
      return {
        code: "parent",
        record: smallRecord,
        offsetInBytes: (await editor.record(smallRecord)).offset,
      };
    },
  ],
  [
    "a security id that does not exist",
    async (editor) => ({
      code: "security-id",
      record: smallRecord,
      offsetInBytes: await inRecord(editor, smallRecord, ({ view, attribute }) => {
        view.setUint32(attribute(0x10).valuePosition + 0x34, 0x999, true);
        return attribute(0x10).valuePosition + 0x34;
      }),
    }),
  ],
  [
    "a damaged second copy of $SDS",
    async (editor) => {
      const offset = (await editor.streamOffset(9, 0x80, "$SDS")) + 0x40000 + 0x30;
      await editor.flip(offset);
      return { code: "security-stream", record: 9, offsetInBytes: offset };
    },
  ],
  [
    "a damaged descriptor in $SDS",
    async (editor) => {
      const offset = await editor.streamOffset(9, 0x80, "$SDS");
      await editor.flip(offset + 0x30);
      return { code: "security-stream", record: 9, offsetInBytes: offset };
    },
  ],
  [
    "a wrong hash in $SII",
    async (editor) => ({
      code: "security-index",
      record: 9,
      offsetInBytes: await inRecord(editor, 9, ({ bytes, attribute }) => {
        // Root header 0x20, entry header 0x10, key 4: the hash comes first in the data.
        const position = attribute(0x90, "$SII").valuePosition + 0x20 + 0x14;
        bytes[position]! ^= 1;
        return position;
      }),
    }),
  ],
  [
    "two entries of $SDH swapped",
    async (editor) => ({
      code: "security-index",
      record: 9,
      offsetInBytes: await inRecord(editor, 9, ({ bytes, attribute }) => {
        const first = attribute(0x90, "$SDH").valuePosition + 0x20;
        const copy = bytes.slice(first, first + 0x30);
        bytes.copyWithin(first, first + 0x30, first + 0x60);
        bytes.set(copy, first + 0x30);
        return first + 0x30;
      }),
    }),
  ],
  [
    "two files sharing clusters",
    async (editor) => {
      const { runs } = (await editor.record(mediumRecord)).attribute(0x80);
      const other = recordOf("\\lengths\\length 65537");
      const offsetInBytes = await inRecord(editor, other, ({ bytes, view, attribute }) => {
        const { valuePosition } = attribute(0x80);
        const header = bytes[valuePosition]!;
        view.setUint16(valuePosition + 1 + (header & 15), runs[0]!.lcn!, true);
        return valuePosition;
      });
      return { code: "cluster-doubly-used", record: Math.max(other, mediumRecord), offsetInBytes };
    },
  ],
  [
    "a run that points at other clusters",
    async (editor) => {
      const target = editor.geometry.clusterCount - 200;
      await inRecord(editor, mediumRecord, ({ view, bytes, attribute }) => {
        const { valuePosition } = attribute(0x80);
        view.setUint16(valuePosition + 1 + (bytes[valuePosition]! & 15), target, true);
        return 0;
      });
      const bitmap = await editor.streamOffset(6, 0x80);
      return { code: "cluster-marked-free", record: mediumRecord, offsetInBytes: bitmap + (target >>> 3) };
    },
  ],
  [
    "a run length with its sign bit set",
    async (editor) => ({
      code: "run-list",
      record: mediumRecord,
      offsetInBytes: await inRecord(editor, mediumRecord, ({ bytes, attribute }) => {
        const { valuePosition } = attribute(0x80);
        bytes[valuePosition + 1] = 0x80;
        return valuePosition;
      }),
    }),
  ],
  [
    "a run outside the volume",
    async (editor) => ({
      code: "run-list",
      record: mediumRecord,
      offsetInBytes: await inRecord(editor, mediumRecord, ({ view, attribute }) => {
        const { valuePosition } = attribute(0x80);
        view.setUint16(valuePosition + 2, 0x7ff0, true);
        return valuePosition;
      }),
    }),
  ],
  [
    "a last VCN that is not the end of the runs",
    async (editor) => ({
      code: "run-list",
      record: mediumRecord,
      offsetInBytes: await inRecord(editor, mediumRecord, ({ view, attribute }) => {
        const position = attribute(0x80).position + 0x18;
        view.setUint32(position, 9, true);
        return position;
      }),
    }),
  ],
  [
    "a used record marked free in the MFT bitmap",
    async (editor) => {
      const offset = (await editor.streamOffset(0, 0xb0)) + (largeRecord >>> 3);
      await editor.flip(offset, 1 << (largeRecord & 7));
      return { code: "mft-bitmap", record: largeRecord, offsetInBytes: offset };
    },
  ],
  [
    "a free record marked used in the MFT bitmap",
    async (editor) => {
      const offset = (await editor.streamOffset(0, 0xb0)) + 5;
      await editor.flip(offset, 1 << 3);
      return { code: "mft-bitmap", record: 43, offsetInBytes: offset };
    },
  ],
  [
    "a wrong entry of $UpCase",
    async (editor) => {
      const offset = await editor.streamOffset(10, 0x80);
      await editor.flip(offset + 2 * 0x1e05);
      return { code: "upcase-table", record: 10, offsetInBytes: offset };
    },
  ],
  [
    "a wrong checksum in $UpCase:$Info",
    async (editor) => ({
      code: "upcase-information",
      record: 10,
      offsetInBytes: await inRecord(editor, 10, ({ bytes, attribute }) => {
        const position = attribute(0x80, "$Info").valuePosition + 8;
        bytes[position]! ^= 1;
        return position;
      }),
    }),
  ],
  [
    "a wrong size in the $FILE_NAME of the record",
    async (editor) => ({
      code: "name-size",
      record: mediumRecord,
      offsetInBytes: await inRecord(editor, mediumRecord, ({ bytes, attribute }) => {
        const position = attribute(0x30).valuePosition + 0x30;
        bytes[position]! ^= 1;
        return position;
      }),
    }),
  ],
  ...(
    [
      ["data size", 0x30],
      ["allocated size", 0x29],
      ["namespace", 0x41],
      ["times", 0x0a],
      ["attributes", 0x38],
      ["name", 0x50],
    ] as const
  ).map(([what, field]): [string, (editor: VolumeEditor) => Promise<Expected>] => [
    `another ${what} in an index entry than in the record`,
    async (editor) => ({
      code: "index-entry",
      record: manyRecord,
      offsetInBytes: await inLeaf(editor, ({ bytes }, entries) => {
        const position = entries[4]!.position + 0x10 + field;
        bytes[position]! ^= 1;
        return position;
      }),
    }),
  ]),
  [
    "a colon in the name of an index entry",
    async (editor) => ({
      code: "index-entry",
      record: manyRecord,
      offsetInBytes: await inLeaf(editor, ({ view }, entries) => {
        const position = entries[4]!.position + 0x10 + 0x46;
        view.setUint16(position, 0x3a, true);
        return position;
      }),
    }),
  ],
  [
    "a colon in the name of a record",
    async (editor) => ({
      code: "file-name",
      record: smallRecord,
      offsetInBytes: await inRecord(editor, smallRecord, ({ view, attribute }) => {
        view.setUint16(attribute(0x30).valuePosition + 0x44, 0x3a, true);
        return attribute(0x30).valuePosition + 0x42;
      }),
    }),
  ],
  [
    "the 8.3 namespace on a long name",
    async (editor) => ({
      code: "file-name",
      record: smallRecord,
      offsetInBytes: await inRecord(editor, smallRecord, ({ bytes, attribute }) => {
        bytes[attribute(0x30).valuePosition + 0x41] = 3;
        return attribute(0x30).valuePosition + 0x41;
      }),
    }),
  ],
  [
    "a wrong sequence number in an index entry",
    async (editor) => ({
      code: "index-reference",
      record: manyRecord,
      offsetInBytes: await inLeaf(editor, ({ view }, entries) => {
        view.setUint16(entries[4]!.position + 6, 9, true);
        return entries[4]!.position + 6;
      }),
    }),
  ],
  [
    "an index entry for a free record",
    async (editor) => ({
      code: "index-reference",
      record: manyRecord,
      offsetInBytes: await inLeaf(editor, ({ view }, entries) => {
        view.setUint32(entries[4]!.position, 40, true);
        return entries[4]!.position;
      }),
    }),
  ],
  [
    "an indexed flag of 0 on a $FILE_NAME",
    async (editor) => ({
      code: "indexed-flag",
      record: smallRecord,
      offsetInBytes: await inRecord(editor, smallRecord, ({ bytes, attribute }) => {
        bytes[attribute(0x30).position + 0x16] = 0;
        return attribute(0x30).position + 0x16;
      }),
    }),
  ],
  [
    "4 bytes too few in use",
    async (editor) => ({
      code: "bytes-in-use",
      record: smallRecord,
      offsetInBytes: await inRecord(editor, smallRecord, ({ view }) => {
        view.setUint32(0x18, view.getUint32(0x18, true) - 4, true);
        return 0x18;
      }),
    }),
  ],
  [
    "an allocated size one cluster too big",
    async (editor) => ({
      code: "allocated-size",
      record: mediumRecord,
      offsetInBytes: await inRecord(editor, mediumRecord, ({ view, attribute }) => {
        const position = attribute(0x80).position + 0x28;
        view.setUint32(position, view.getUint32(position, true) + 4096, true);
        return position;
      }),
    }),
  ],
  [
    "a data size beyond the clusters",
    async (editor) => ({
      code: "data-size",
      record: mediumRecord,
      offsetInBytes: await inRecord(editor, mediumRecord, ({ view, attribute }) => {
        const position = attribute(0x80).position + 0x30;
        view.setUint32(position, 100_000, true);
        return position;
      }),
    }),
  ],
  [
    "an initialised size beyond the data",
    async (editor) => ({
      code: "data-size",
      record: mediumRecord,
      offsetInBytes: await inRecord(editor, mediumRecord, ({ view, attribute }) => {
        const position = attribute(0x80).position + 0x38;
        view.setUint32(position, 4098, true);
        return position;
      }),
    }),
  ],
  [
    "a cleared bit of an index bitmap",
    async (editor) => ({
      code: "index-bitmap",
      record: manyRecord,
      offsetInBytes: await inRecord(editor, manyRecord, ({ bytes, attribute }) => {
        bytes[attribute(0xb0, "$I30").valuePosition]! &= ~4;
        return attribute(0xb0, "$I30").valuePosition;
      }),
    }),
  ],
  [
    "a set bit of an index bitmap beyond the last block",
    async (editor) => ({
      code: "index-bitmap",
      record: manyRecord,
      offsetInBytes: await inRecord(editor, manyRecord, ({ bytes, attribute }) => {
        const { valuePosition, size } = attribute(0xb0, "$I30");
        bytes[valuePosition + size - 1]! |= 0x80;
        return valuePosition + size - 1;
      }),
    }),
  ],
  [
    "a wrong own VCN in an INDX block",
    async (editor) => ({
      code: "index-block",
      record: manyRecord,
      offsetInBytes: await inLeaf(editor, ({ view }) => {
        view.setUint32(0x10, 5, true);
        return 0x10;
      }),
    }),
  ],
  [
    "an index pointer out of the index",
    async (editor) => {
      const block = await editor.indexBlock(manyRecord, await topBlockNumber(editor));
      const entry = block.entries()[1]!;
      const position = entry.position + entry.length - 8;
      block.view.setUint32(position, 5000, true);
      await block.save();
      return { code: "index-block", record: manyRecord, offsetInBytes: block.offset + position };
    },
  ],
  [
    "a circle in an index",
    async (editor) => {
      const top = await topBlockNumber(editor);
      const block = await editor.indexBlock(manyRecord, top);
      const entry = block.entries()[1]!;
      const position = entry.position + entry.length - 8;
      block.view.setUint32(position, top, true);
      await block.save();
      return { code: "index-block", record: manyRecord, offsetInBytes: block.offset + position };
    },
  ],
  [
    "a leaf flagged as an inner node",
    async (editor) => ({
      code: "index-node",
      record: manyRecord,
      offsetInBytes: await inLeaf(editor, ({ bytes }, entries) => {
        bytes[0x24] = 1;
        return entries[0]!.position + 12;
      }),
    }),
  ],
  [
    "an index header that allocates less than it uses",
    async (editor) => ({
      code: "index-node",
      record: emptyRecord,
      offsetInBytes: await inRecord(editor, emptyRecord, ({ view, attribute }) => {
        const position = attribute(0x90, "$I30").valuePosition + 0x18;
        view.setUint32(position, 8, true);
        return position;
      }),
    }),
  ],
  [
    "a wrong collation rule",
    async (editor) => ({
      code: "index-root",
      record: emptyRecord,
      offsetInBytes: await inRecord(editor, emptyRecord, ({ view, attribute }) => {
        const position = attribute(0x90, "$I30").valuePosition + 4;
        view.setUint32(position, 2, true);
        return position;
      }),
    }),
  ],
  [
    "a duplicate attribute id",
    async (editor) => ({
      code: "attribute-id",
      record: smallRecord,
      offsetInBytes: await inRecord(editor, smallRecord, ({ view, attribute }) => {
        view.setUint16(attribute(0x80).position + 14, attribute(0x30).id, true);
        return attribute(0x80).position + 14;
      }),
    }),
  ],
  [
    "a next attribute id that is in use",
    async (editor) => ({
      code: "next-attribute-id",
      record: smallRecord,
      offsetInBytes: await inRecord(editor, smallRecord, ({ view }) => {
        view.setUint16(0x28, 2, true);
        return 0x28;
      }),
    }),
  ],
  [
    "unsorted attributes",
    async (editor) => ({
      code: "attribute-order",
      record: 9,
      offsetInBytes: await inRecord(editor, 9, ({ view, attribute }) => {
        // $SDH becomes $ZDH, which belongs behind $SII.
        view.setUint16(attribute(0x90, "$SDH").position + 0x18 + 2, 0x5a, true);
        return attribute(0x90, "$SII").position;
      }),
    }),
  ],
  [
    "a link count of 5 with one name",
    async (editor) => ({
      code: "link-count",
      record: smallRecord,
      offsetInBytes: await inRecord(editor, smallRecord, ({ view }) => {
        view.setUint16(0x12, 5, true);
        return 0x12;
      }),
    }),
  ],
  [
    "a wrong record number in a header",
    async (editor) => ({
      code: "record-number",
      record: smallRecord,
      offsetInBytes: await inRecord(editor, smallRecord, ({ view }) => {
        view.setUint32(0x2c, 4711, true);
        return 0x2c;
      }),
    }),
  ],
  [
    "a slot of the MFT without a header",
    async (editor) => {
      const { offset } = await editor.record(40);
      await editor.device.write(offset, new Uint8Array(1024));
      return { code: "record-unreadable", record: 40, offsetInBytes: offset };
    },
  ],
  [
    "sequence number 1 in system record 6",
    async (editor) => ({
      code: "system-record",
      record: 6,
      offsetInBytes: await inRecord(editor, 6, ({ view }) => {
        view.setUint16(0x10, 1, true);
        return 0x10;
      }),
    }),
  ],
  [
    "a maximum of 0 in $AttrDef",
    async (editor) => {
      const offset = await editor.streamOffset(4, 0x80);
      await editor.write(offset + 7 * 160 + 0x98, 0, 0, 0, 0, 0, 0, 0, 0);
      return { code: "attribute-definitions", record: 4, offsetInBytes: offset };
    },
  ],
  [
    "a dirty volume",
    async (editor) => ({
      code: "volume-information",
      record: 3,
      offsetInBytes: await inRecord(editor, 3, ({ bytes, attribute }) => {
        bytes[attribute(0x70).valuePosition + 10] = 1;
        return attribute(0x70).valuePosition + 10;
      }),
    }),
  ],
  [
    "a volume of another version",
    async (editor) => ({
      code: "volume-information",
      record: 3,
      offsetInBytes: await inRecord(editor, 3, ({ bytes, attribute }) => {
        bytes[attribute(0x70).valuePosition + 9] = 0;
        return attribute(0x70).valuePosition + 8;
      }),
    }),
  ],
  [
    "garbage in $LogFile",
    async (editor) => {
      const offset = (await editor.streamOffset(2, 0x80)) + 70_000;
      await editor.write(offset, 0x12);
      return { code: "log-file", record: 2, offsetInBytes: offset };
    },
  ],
  [
    "a torn restart page",
    async (editor) => {
      const log = await editor.streamOffset(2, 0x80);
      const page = new Uint8Array(4096);
      page.set([0x52, 0x53, 0x54, 0x52, 0x1e, 0, 9, 0]);
      page[0x1e] = 7;
      await editor.device.write(log, page);
      return { code: "log-file", record: 2, offsetInBytes: log + 510 };
    },
  ],
  [
    "$Bad one cluster short",
    async (editor) => ({
      code: "bad-clusters",
      record: 8,
      offsetInBytes: await inRecord(editor, 8, ({ bytes, view, attribute }) => {
        const { position, valuePosition } = attribute(0x80, "$Bad");
        bytes[valuePosition + 1]! -= 1;
        view.setUint32(position + 0x18, view.getUint32(position + 0x18, true) - 1, true);
        return position;
      }),
    }),
  ],
  [
    "$Secure without the view-index flag",
    async (editor) => ({
      code: "system-record",
      record: 9,
      offsetInBytes: await inRecord(editor, 9, ({ view }) => {
        view.setUint16(0x16, 1, true);
        return 0x16;
      }),
    }),
  ],
  [
    "one flipped bit of data",
    async (editor) => {
      const offset = (await editor.record(largeRecord)).attribute(0x80).runs[0]!.lcn! * 4096;
      await editor.flip(offset + 123_456, 0x10);
      return { code: "content", record: largeRecord, offsetInBytes: offset };
    },
  ],
  [
    "a directory without its flag",
    async (editor) => ({
      code: "directory-flag",
      record: manyRecord,
      offsetInBytes: await inRecord(editor, manyRecord, ({ view }) => {
        view.setUint16(0x16, 1, true);
        return 0x16;
      }),
    }),
  ],
  [
    "a file without its in-use flag",
    async (editor) => {
      await inRecord(editor, smallRecord, ({ view }) => {
        view.setUint16(0x16, 0, true);
        return 0;
      });
      const offset = (await editor.streamOffset(0, 0xb0)) + (smallRecord >>> 3);
      return { code: "mft-bitmap", record: smallRecord, offsetInBytes: offset };
    },
  ],
  [
    "the directory attribute in $STANDARD_INFORMATION",
    async (editor) => ({
      code: "standard-information",
      record: manyRecord,
      offsetInBytes: await inRecord(editor, manyRecord, ({ view, attribute }) => {
        const position = attribute(0x10).valuePosition + 0x20;
        view.setUint32(position, 0x1000_0000, true);
        return position;
      }),
    }),
  ],
  [
    "a file without data",
    async (editor) => {
      const position = await inRecord(editor, recordOf("\\lengths\\length 0"), ({ view, attribute }) => {
        view.setUint32(attribute(0x80).position, 0xffff_ffff, true);
        view.setUint32(0x18, attribute(0x80).position + 8, true);
        return 0;
      });
      return { code: "data-missing", record: recordOf("\\lengths\\length 0"), offsetInBytes: position };
    },
  ],
  [
    "an unknown attribute type",
    async (editor) => ({
      code: "attribute-header",
      record: smallRecord,
      offsetInBytes: await inRecord(editor, smallRecord, ({ view, attribute }) => {
        view.setUint32(attribute(0x80).position, 0x85, true);
        return attribute(0x80).position;
      }),
    }),
  ],
  [
    "an attribute longer than its record",
    async (editor) => ({
      code: "attribute-header",
      record: smallRecord,
      offsetInBytes: await inRecord(editor, smallRecord, ({ view, attribute }) => {
        view.setUint32(attribute(0x80).position + 4, 0x7ff8, true);
        return attribute(0x80).position + 4;
      }),
    }),
  ],
  [
    "a reserved field of the boot sector that is not zero",
    async (editor) => {
      for (const sector of [0, editor.geometry.totalSectors]) await editor.write(sector * 512 + 0x0e, 1);
      return { code: "boot-sector", record: undefined, offsetInBytes: 0x0e };
    },
  ],
  [
    "a sector too few in the boot sector",
    async (editor) => {
      await editor.flip(0x28);
      return { code: "boot-sector", record: undefined, offsetInBytes: 0x28 };
    },
  ],
  [
    "a boot sector without its signature",
    async (editor) => {
      await editor.write(3, 0);
      return { code: "boot-sector", record: undefined, offsetInBytes: 3 };
    },
  ],
];

describe("corruptions", () => {
  test.each(corruptions)("%s", async (name, corrupt) => {
    const { device } = await clean;
    const editor = editVolume(overlayOf(device), await geometry);
    const expected = await corrupt(editor);
    const large = sample.files.get("\\large")!;
    const contentOptions: CheckNtfsOptions = {
      isContentRight: async (path, content) => {
        if (path !== "\\large") return true;
        const chunks: Uint8Array[] = [];
        for await (const chunk of content) chunks.push(chunk);
        return Buffer.concat(chunks).equals(patternOf(large.node, large.length));
      },
    };
    const report = await checkNtfsVolume(editor.device, expected.code === "content" ? contentOptions : {});
    expect(report.isClean).toBe(false);
    expect(report.findings).toContainEqual(expect.objectContaining(expected));
    // One damage does not drown the report; only the entries of a lost directory or index block are listed one by one.
    const isEntryList = /directory|index|INDX|inner node/.test(name);
    expect(report.findings.length).toBeLessThan(isEntryList ? 1000 : 12);
  });

  test("are more than forty-seven, and all different", () => {
    expect(new Set(corruptions.map(([name]) => name)).size).toBe(corruptions.length);
    expect(corruptions.length).toBeGreaterThanOrEqual(60);
  });

  test("the volume under test is clean", async () => {
    expect(await checkNtfsVolume((await clean).device)).toMatchObject({ isClean: true, findings: [] });
  });
});

describe("limits", () => {
  test("findings are kept up to the limit and counted beyond", async () => {
    const { device } = await clean;
    const overlay = overlayOf(device);
    const editor = editVolume(overlay, await geometry);
    const bitmap = await editor.streamOffset(6, 0x80);
    await overlay.write(bitmap + 1000, new Uint8Array(100).fill(0x55));
    const report = await checkNtfsVolume(overlay, { maxFindings: 10 });
    expect([report.findings.length, report.omittedFindings > 100, report.isClean]).toEqual([10, true, false]);
  });

  test("an absurd number of records ends the check", async () => {
    const report = await checkNtfsVolume((await clean).device, { maxRecords: 100 });
    expect(report).toMatchObject({ isComplete: false, isClean: false, findings: [{ code: "limit" }] });
  });

  test("an abort ends it with an AbortError, an empty device with a finding", async () => {
    const aborted = new AbortController();
    aborted.abort();
    await expect(
      checkNtfsVolume((await clean).device, { abortSignal: aborted.signal }),
    ).rejects.toMatchObject({
      name: "AbortError",
    });
    for (const size of [4096, 65_536]) {
      const report = await checkNtfsVolume(createMemoryDevice(size));
      expect(report).toMatchObject({ isComplete: false, findings: [{ code: "boot-sector" }] });
    }
  });
});
