/** Volumes written and read back: every shape, every file, every byte. */
import { describe, expect, test } from "@jest/globals";
import { type BlockDevice, createMemoryDevice } from "../../../src/diskprep/device/index.js";
import {
  checkNtfsVolume,
  createNtfsTree,
  minimumVolumeSizeInBytes,
  type NtfsVolumeOptions,
  openNtfsVolume,
  planNtfsVolume,
  suitableVolumeSizeInBytes,
  writeNtfsVolume,
} from "../../../src/diskprep/ntfs/index.js";
import {
  bitLockerLikeExtents,
  createSampleTree,
  mebibyte,
  patternContent,
  patternOf,
  seededRandom,
  volumeOptions,
  writeSample,
} from "./sample-volumes.js";

const shapes: [string, Partial<NtfsVolumeOptions>][] = [
  ["512-byte sectors, 4 KiB clusters", {}],
  ["4096-byte sectors", { sectorSizeInBytes: 4096 }],
  ["64 KiB clusters", { clusterSizeInBytes: 65_536, volumeSizeInBytes: 128 * mebibyte }],
  ["2 MiB clusters", { clusterSizeInBytes: 2 * mebibyte, volumeSizeInBytes: 1536 * mebibyte }],
  ["4096-byte sectors, 32 KiB clusters", { sectorSizeInBytes: 4096, clusterSizeInBytes: 32_768 }],
  ["reserved extents", { reservedExtents: bitLockerLikeExtents() }],
  [
    "reserved extents in the way of everything",
    {
      reservedExtents: [16384, 12, 300, 333, 614, 620, 700, 2000].map((cluster, index) => ({
        name: `extent ${index}`,
        offsetInBytes: (cluster === 16384 ? 8000 : cluster) * 4096,
        lengthInBytes: 5000,
      })),
    },
  ],
  ["nothing kept in records", { residentLimitInBytes: 0 }],
];

describe.each(shapes)("a volume with %s", (_, options) => {
  const sample = createSampleTree({ largeFile: 12_000_000 });
  const written = writeSample(sample.tree, options);

  test("gives back every file", async () => {
    const { device } = await written;
    const volume = await openNtfsVolume(device);
    expect(volume).toMatchObject({
      label: "TEST ÄÖÜ",
      serialNumber: 0x1122334455667788n,
      version: "3.1",
      isDirty: false,
    });
    const paths: string[] = [];
    const wrong: string[] = [];
    for await (const entry of volume.walk()) {
      if (entry.path.startsWith("\\System Volume Information")) continue;
      paths.push(entry.path);
      const expected = sample.files.get(entry.path);
      if (entry.isDirectory) continue;
      const file = await volume.openFile(entry.path);
      const chunks: Uint8Array[] = [];
      for await (const chunk of file.stream()) chunks.push(chunk);
      const isEqual = expected && Buffer.concat(chunks).equals(patternOf(expected.node, expected.length));
      if (!isEqual || entry.sizeInBytes !== expected.length) wrong.push(entry.path);
    }
    expect({ wrong, paths: paths.sort() }).toEqual({
      wrong: [],
      paths: [...sample.files.keys(), ...sample.directories].sort(),
    });
  });

  test("finds every file by name without listing, in any case", async () => {
    const { device, layout } = await written;
    const volume = await openNtfsVolume(device);
    const wrong: string[] = [];
    for (const [path, { node, length }] of sample.files) {
      const stat = await volume.stat(path.toLowerCase().replaceAll("\\", "/"));
      const file = await volume.openFile(path);
      if (stat.path !== path || stat.sizeInBytes !== length || file.isResident !== layout.isResident(node)) {
        wrong.push(path);
      }
    }
    expect(wrong).toEqual([]);
    expect(await volume.exists("\\many\\file number 1000000.dat")).toBe(false);
    await expect(volume.stat("\\nothing here")).rejects.toMatchObject({ code: "not-found" });
    await expect(volume.openFile("\\many")).rejects.toMatchObject({ code: "not-a-file" });
    await expect(volume.list("\\large").next()).rejects.toMatchObject({ code: "not-a-directory" });
  });

  test("is the same when rendered in pieces of any size and order", async () => {
    const { device, layout } = await written;
    const random = seededRandom(20_231_114);
    const whole = new Uint8Array(
      layout.geometry.volumeSizeInBytes > 200 * mebibyte ? 64 * mebibyte : layout.geometry.volumeSizeInBytes,
    );
    await device.read(0, whole);
    const contents = new Map<number, Uint8Array>();
    const content = (node: number): Uint8Array => {
      const known = contents.get(node) ?? patternOf(node, layout.lengthOf(node));
      contents.set(node, known);
      return known;
    };
    const differences: number[] = [];
    for (let round = 0; round < 400; round++) {
      const nearEdge = layout.metadataExtents[Math.floor(random() * layout.metadataExtents.length)]!;
      const base =
        random() < 0.7 ? nearEdge.offsetInBytes + random() * nearEdge.lengthInBytes : random() * whole.length;
      const length = 1 + Math.floor(random() ** 4 * 200_000);
      const offset = Math.floor(Math.min(base, whole.length - length));
      const piece = whole.slice(offset, offset + length);
      const expected = piece.slice();
      layout.render(offset, piece, content);
      if (!Buffer.from(piece.buffer).equals(Buffer.from(expected.buffer))) differences.push(offset);
    }
    expect(differences).toEqual([]);
  });
});

describe("file data", () => {
  test("covers each non-resident file once, in order, and steps over reserved extents", () => {
    const sample = createSampleTree({ largeFile: 20_000_000 });
    const reserved = bitLockerLikeExtents();
    const layout = planNtfsVolume(
      sample.tree,
      volumeOptions({ reservedExtents: reserved, volumeSizeInBytes: 80 * mebibyte }),
    );
    const filler = [...sample.files.values()].filter(({ node }) => !layout.isResident(node));
    const { node, fileOffsetInBytes, volumeOffsetInBytes, lengthInBytes, count } = layout.dataExtents;
    const rows = Array.from({ length: count }, (_, row) => ({
      node: node[row]!,
      fileOffset: fileOffsetInBytes[row]!,
      start: volumeOffsetInBytes[row]!,
      end: volumeOffsetInBytes[row]! + lengthInBytes[row]!,
    }));
    const touching = rows.filter((row) =>
      [...reserved, ...layout.metadataExtents].some(
        (extent) => row.start < extent.offsetInBytes + extent.lengthInBytes && extent.offsetInBytes < row.end,
      ),
    );
    const covered = new Map<number, number>();
    let previousEnd = 0;
    for (const row of rows) {
      expect(row.start).toBeGreaterThanOrEqual(previousEnd);
      expect(row.fileOffset).toBe(covered.get(row.node) ?? 0);
      covered.set(row.node, row.fileOffset + row.end - row.start);
      previousEnd = row.end;
    }
    expect({ touching, covered: [...covered] }).toEqual({
      touching: [],
      covered: filler.map((file) => [file.node, file.length]),
    });
    expect(layout.dataExtentsIn(0, 80 * mebibyte)).toEqual({ first: 0, end: count });
    expect(layout.dataExtentsIn(rows[3]!.start, 1)).toEqual({ first: 3, end: 4 });
    expect(layout.dataExtentsIn(rows[3]!.end - 1, 2).first).toBe(3);
  });

  test("leaves no old bytes in slack, and touches nothing free or reserved", async () => {
    const sample = createSampleTree();
    const layout = planNtfsVolume(sample.tree, volumeOptions({ reservedExtents: bitLockerLikeExtents() }));
    const device = createMemoryDevice(layout.geometry.volumeSizeInBytes);
    const old = new Uint8Array(layout.geometry.volumeSizeInBytes).fill(0xa5);
    await device.write(0, old);
    await writeNtfsVolume(device, layout, patternContent, { groupSizeInBytes: 123_456 });
    const now = new Uint8Array(old.length);
    await device.read(0, now);
    const blank = await writeSample(sample.tree, { reservedExtents: bitLockerLikeExtents() });
    const fresh = new Uint8Array(old.length);
    await blank.device.read(0, fresh);
    let at = 0;
    for (const { offsetInBytes, lengthInBytes } of layout.occupiedExtents) {
      expect(now.subarray(at, offsetInBytes).every((byte) => byte === 0xa5)).toBe(true);
      at = offsetInBytes + lengthInBytes;
      expect(Buffer.compare(now.subarray(offsetInBytes, at), fresh.subarray(offsetInBytes, at))).toBe(0);
    }
    expect(at).toBe(now.length);
  });
});

describe("reserved extents", () => {
  test("belong to hidden system files of that place and length", async () => {
    const reservedExtents = bitLockerLikeExtents();
    const { device, layout } = await writeSample(createSampleTree().tree, { reservedExtents });
    const volume = await openNtfsVolume(device);
    const found: unknown[] = [];
    for await (const { name, attributes, sizeInBytes } of volume.list("System Volume Information")) {
      found.push({ name, attributes, sizeInBytes });
    }
    const byName = [...reservedExtents].sort((left, right) => (left.name < right.name ? -1 : 1));
    expect(found).toEqual(
      byName.map(({ name, lengthInBytes }) => ({ name, attributes: 6, sizeInBytes: lengthInBytes })),
    );
    expect((await volume.stat("System Volume Information")).attributes).toBe(6);
    // What the file of an extent reads back is what lies in the extent.
    const mark = new Uint8Array(100).fill(0x77);
    for (const { name, offsetInBytes } of reservedExtents) {
      await device.write(offsetInBytes, mark);
      const start = new Uint8Array(100);
      await (await volume.openFile(`System Volume Information\\${name}`)).read(0, start);
      expect(start).toEqual(mark);
      const rendered = new Uint8Array(100).fill(1);
      layout.render(offsetInBytes, rendered);
      expect(rendered).toEqual(new Uint8Array(100));
    }
  });
});

describe("large indexes", () => {
  /** A directory whose index has more blocks than its record can list bits for, with names of 255 units. */
  const deepTree = (): { tree: ReturnType<typeof createNtfsTree>; names: string[] } => {
    const tree = createNtfsTree();
    const longest = tree.addDirectory(0, "d".repeat(255));
    const names: string[] = [];
    for (let index = 0; index < 3500; index++) {
      const number = (index * 1009) % 3500;
      names.push(`${number} `.padEnd(255, "é"));
      tree.addFile(longest, names[index]!, index % 50);
    }
    return { tree, names };
  };
  const expectAllFound = async (device: BlockDevice, names: readonly string[]): Promise<void> => {
    const report = await checkNtfsVolume(device);
    expect(report).toMatchObject({ isClean: true, findings: [], fileCount: names.length + 3 });
    const volume = await openNtfsVolume(device);
    for (let index = 0; index < names.length; index += 97) {
      const file = await volume.openFile(`${"D".repeat(255)}\\${names[index]!.toUpperCase()}`);
      expect(file.sizeInBytes).toBe(index % 50);
    }
  };

  test("a directory with the longest name and a bitmap outside its record", async () => {
    const { tree, names } = deepTree();
    const { device } = await writeSample(tree);
    await expectAllFound(device, names);
    const volume = await openNtfsVolume(device);
    expect((await volume.stat("d".repeat(255))).isDirectory).toBe(true);
  });

  test("streams too long for one piece of the volume take several", async () => {
    const { tree, names } = deepTree();
    // Gaps of 1 MiB: neither the MFT (3.5 MiB) nor the index (2.4 MiB) nor the bitmap's neighbours fit one of them.
    const reservedExtents = Array.from({ length: 12 }, (_, index) => ({
      name: `cut ${index}`,
      offsetInBytes: (4 + index) * mebibyte,
      lengthInBytes: 40_000,
    }));
    const { device, layout } = await writeSample(tree, { volumeSizeInBytes: 17 * mebibyte, reservedExtents });
    expect(layout.metadataExtents.length).toBeGreaterThan(6);
    const report = await checkNtfsVolume(device);
    expect(report.findings).toEqual([]);
    const volume = await openNtfsVolume(device);
    expect((await volume.openFile("$MFT")).runCount).toBeGreaterThan(2);
    for (let index = 0; index < names.length; index += 97) {
      expect(await volume.exists(`${"d".repeat(255)}/${names[index]!}`)).toBe(true);
    }
  });

  test("a plan that cannot work says so before anything is written", () => {
    const reservedExtents = Array.from({ length: 16 }, (_, index) => ({
      name: `cut ${index}`,
      offsetInBytes: (1 + index) * 512 * 1024,
      lengthInBytes: 4096,
    }));
    // A log of 2 MiB in one piece, and only pieces of half a mebibyte.
    expect(() =>
      planNtfsVolume(createNtfsTree(), volumeOptions({ volumeSizeInBytes: 9 * mebibyte, reservedExtents })),
    ).toThrow(expect.objectContaining({ code: "no-contiguous-room" }));
  });
});

describe("writing", () => {
  test("goes upwards, flushes, and writes the boot area last", async () => {
    const sample = createSampleTree();
    const layout = planNtfsVolume(sample.tree, volumeOptions());
    const device = createMemoryDevice(layout.geometry.volumeSizeInBytes);
    const log: [string, number?, number?][] = [];
    await writeNtfsVolume(
      {
        ...device,
        write: (offset, data, options) => {
          log.push(["write", offset, data.length]);
          return device.write(offset, data, options);
        },
        flush: (options) => {
          log.push(["flush"]);
          return device.flush(options);
        },
      },
      layout,
      patternContent,
      { groupSizeInBytes: mebibyte },
    );
    expect([log[0], log.slice(-3)]).toEqual([
      ["write", 0, 8192],
      [["flush"], ["write", 0, 8192], ["flush"]],
    ]);
    const offsets = log.slice(1, -3).map(([, offset]) => offset!);
    expect(offsets).toEqual([...offsets].sort((left, right) => left - right));
    expect(offsets[0]).toBe(8192);
  });

  test("is not a volume until it is complete", async () => {
    const sample = createSampleTree();
    const layout = planNtfsVolume(sample.tree, volumeOptions());
    const { device } = await writeSample(sample.tree);
    const failing: typeof patternContent = (node, offset, target) => {
      if (node === sample.files.get("\\large")!.node && offset > 1_000_000) throw new Error("source gone");
      return patternContent(node, offset, target);
    };
    await expect(writeNtfsVolume(device, layout, failing, { groupSizeInBytes: mebibyte })).rejects.toThrow(
      "source gone",
    );
    await expect(openNtfsVolume(device)).rejects.toMatchObject({ code: "not-ntfs" });
  });

  test("stops when asked to, reports progress, and refuses small devices and missing content", async () => {
    const sample = createSampleTree();
    const layout = planNtfsVolume(sample.tree, volumeOptions());
    const device = createMemoryDevice(layout.geometry.volumeSizeInBytes);
    const aborted = new AbortController();
    aborted.abort();
    await expect(
      writeNtfsVolume(device, layout, patternContent, { abortSignal: aborted.signal }),
    ).rejects.toMatchObject({ name: "AbortError" });
    const reports: number[] = [];
    await writeNtfsVolume(device, layout, patternContent, {
      onProgress: ({ bytesDone, bytesTotal }) => reports.push(bytesDone / bytesTotal!),
    });
    expect(reports[reports.length - 1]).toBe(1);
    await expect(writeNtfsVolume(createMemoryDevice(mebibyte), layout, patternContent)).rejects.toMatchObject(
      { code: "device-too-small" },
    );
    const mft = layout.metadataExtents[0]!;
    const target = new Uint8Array(mft.lengthInBytes);
    expect(() => layout.render(0, target)).toThrow(expect.objectContaining({ code: "content-missing" }));
    expect(() => layout.render(0, target, () => new Uint8Array(3))).toThrow(
      expect.objectContaining({ code: "content-mismatch" }),
    );
    expect(() => layout.render(layout.geometry.volumeSizeInBytes - 1, new Uint8Array(2))).toThrow(
      expect.objectContaining({ code: "out-of-range" }),
    );
  });
});

describe("planning", () => {
  test("says what is needed when the volume is too small", () => {
    const tree = createNtfsTree();
    tree.addFile(tree.root, "too large", 70 * mebibyte);
    let details: Readonly<Record<string, unknown>> = {};
    try {
      planNtfsVolume(tree, volumeOptions());
    } catch (error) {
      details = (error as { details: typeof details }).details;
    }
    expect(details["availableInBytes"]).toBe(16_383 * 4096);
    expect(details["neededInBytes"]).toBeGreaterThan(72 * mebibyte);
    const needed = Math.ceil((details["neededInBytes"] as number) / mebibyte) * mebibyte + mebibyte;
    expect(planNtfsVolume(tree, volumeOptions({ volumeSizeInBytes: needed })).freeBytes).toBeGreaterThan(0);
  });

  test("always succeeds within its own bound, and the bound is not wasteful", () => {
    const random = seededRandom(4711);
    const rounds = process.env["OFFLINE_SEED_LONG"] === "1" ? 500 : 20;
    for (let round = 0; round < rounds; round++) {
      const tree = createNtfsTree();
      const directories = [0];
      const count = Math.floor(random() ** 3 * 3000);
      const nameLength = 1 + Math.floor(random() ** 2 * 240);
      for (let index = 0; index < count; index++) {
        const parent = directories[Math.floor(random() * directories.length)]!;
        const name = `${index}`.padEnd(nameLength, "n");
        if (random() < 0.1) directories.push(tree.addDirectory(parent, name));
        else tree.addFile(parent, name, Math.floor(random() ** 6 * 400_000), { nonResident: random() < 0.1 });
      }
      const sectorSizeInBytes = random() < 0.5 ? 512 : 4096;
      const clusterSizeInBytes = 4096 * 2 ** Math.floor(random() * 6);
      const shape = {
        sectorSizeInBytes,
        clusterSizeInBytes,
        residentLimitInBytes: random() < 0.3 ? 100 : 4096,
      } as const;
      const volumeSizeInBytes = suitableVolumeSizeInBytes(tree, shape);
      const layout = planNtfsVolume(tree, volumeOptions({ ...shape, volumeSizeInBytes }));
      const bound = minimumVolumeSizeInBytes(tree, { ...shape, volumeSizeInBytes });
      expect(bound).toBeLessThanOrEqual(volumeSizeInBytes);
      const spareClusters = 40 + directories.length * 3;
      const smallFiles = shape.residentLimitInBytes === 100 ? tree.fileCount : 0;
      expect(bound - layout.usedBytes - volumeSizeInBytes / 64).toBeLessThan(
        layout.usedBytes * 0.2 + (spareClusters + smallFiles) * clusterSizeInBytes,
      );
    }
  });

  test("counts the inner blocks of indexes with long names in its bound", () => {
    const tree = createNtfsTree();
    for (let index = 0; index < 6000; index++) tree.addFile(0, `${index} `.padEnd(255, "n"), 0);
    const shape = { volumeSizeInBytes: 64 * mebibyte, freeReserveInBytes: 0 };
    const bound = minimumVolumeSizeInBytes(tree, { ...shape, sectorSizeInBytes: 512 });
    expect(bound).toBeGreaterThanOrEqual(planNtfsVolume(tree, volumeOptions(shape)).usedBytes);
  });

  test.each([
    [{ label: "x".repeat(33) }, "invalid-option"],
    [{ hiddenSectors: -1 }, "invalid-option"],
    [{ createdAtInMs: Number.NaN }, "invalid-option"],
    [{ freeReserveInBytes: -1 }, "invalid-option"],
    [{ reservedExtents: [{ name: "a", offsetInBytes: 4096, lengthInBytes: 4096 }] }, "invalid-option"],
    [{ reservedExtents: [{ name: "a", offsetInBytes: 10_000, lengthInBytes: 4096 }] }, "invalid-option"],
    [
      { reservedExtents: [{ name: "a", offsetInBytes: 64 * mebibyte, lengthInBytes: 4096 }] },
      "invalid-option",
    ],
    [{ reservedExtents: [{ name: "a:b", offsetInBytes: 40_960, lengthInBytes: 4096 }] }, "invalid-name"],
    [
      {
        reservedExtents: [
          { name: "a", offsetInBytes: 40_960, lengthInBytes: 4097 },
          { name: "b", offsetInBytes: 45_056, lengthInBytes: 1 },
        ],
      },
      "invalid-option",
    ],
    [
      {
        reservedExtents: [
          { name: "a", offsetInBytes: 40_960, lengthInBytes: 1 },
          { name: "A", offsetInBytes: 45_056, lengthInBytes: 1 },
        ],
      },
      "duplicate-name",
    ],
  ])("refuses %j", (options, code) => {
    expect(() => planNtfsVolume(createNtfsTree(), volumeOptions(options))).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
