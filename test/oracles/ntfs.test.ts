/** NTFS volumes of this library as other programs see them: ntfs-3g and its tools, 7-Zip, The Sleuth Kit. */
import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createImageFile, openImageFile } from "../../src/diskprep/device/index.js";
import {
  checkNtfsVolume,
  createNtfsTree,
  type NtfsLayout,
  type NtfsVolumeOptions,
  openNtfsVolume,
  planNtfsVolume,
  writeNtfsVolume,
} from "../../src/diskprep/ntfs/index.js";
import {
  bitLockerLikeExtents,
  createSampleTree,
  mebibyte,
  patternContent,
  patternOf,
  type SampleTree,
  seededRandom,
  volumeOptions,
} from "../diskprep/ntfs/sample-volumes.js";
import {
  judgeByNtfsfix,
  judgeByNtfsresize,
  judgeByNtfssecaudit,
  withNtfsMount,
} from "../support/ntfs-judges.js";
import { isOracleMissing, isRootMissing } from "../support/required-programs.js";
import { runProgram } from "../support/run-program.js";

const isLong = process.env["OFFLINE_SEED_LONG"] === "1";
const hasNoTools = isOracleMissing("ntfsfix", "ntfsresize", "ntfssecaudit", "7zz", "fls", "icat");
const cannotMount = isOracleMissing("ntfs-3g", "umount") || isRootMissing();

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "offline-seed-ntfs-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (program: string, ...programArguments: string[]): Promise<string> =>
  runProgram(program, programArguments);

/** All paths below a folder with backslashes, directories and files apart. */
async function treeOf(root: string): Promise<{ files: string[]; directories: string[] }> {
  const files: string[] = [];
  const directories: string[] = [];
  const visit = async (path: string): Promise<void> => {
    for (const entry of await readdir(join(root, path.replaceAll("\\", "/")), { withFileTypes: true })) {
      const child = `${path}\\${entry.name}`;
      if (!entry.isDirectory()) files.push(child);
      else if (entry.name !== "System Volume Information") {
        directories.push(child);
        await visit(child);
      }
    }
  };
  await visit("");
  return { files: files.sort(), directories: directories.sort() };
}

/** The gate every untouched volume must pass. */
async function expectClean(image: string): Promise<void> {
  await judgeByNtfsfix(image);
  await judgeByNtfsresize(image);
  await judgeByNtfssecaudit(image);
}

interface Shape {
  readonly name: string;
  readonly options: Partial<NtfsVolumeOptions>;
  readonly sample: () => SampleTree;
}

const many = isLong ? 100_000 : 4000;
const shapes: readonly Shape[] = [
  { name: "512-byte sectors, 4 KiB clusters", options: {}, sample: () => createSampleTree() },
  { name: "4096-byte sectors", options: { sectorSizeInBytes: 4096 }, sample: () => createSampleTree() },
  {
    name: "restart pages in the log",
    options: { log: "restart-pages" },
    sample: () => createSampleTree({ manyFiles: 50 }),
  },
  {
    name: "64 KiB clusters",
    options: { clusterSizeInBytes: 65_536, volumeSizeInBytes: 128 * mebibyte },
    sample: () => createSampleTree(),
  },
  {
    name: "2 MiB clusters",
    options: { clusterSizeInBytes: 2 * mebibyte, volumeSizeInBytes: 1536 * mebibyte },
    sample: () => createSampleTree(),
  },
  {
    name: "reserved extents",
    options: { reservedExtents: bitLockerLikeExtents() },
    sample: () => createSampleTree({ largeFile: 36 * mebibyte }),
  },
  {
    name: "reserved extents, 4096-byte sectors, 16 KiB clusters",
    options: {
      sectorSizeInBytes: 4096,
      clusterSizeInBytes: 16_384,
      reservedExtents: bitLockerLikeExtents(16_384),
    },
    sample: () => createSampleTree({ largeFile: 30 * mebibyte }),
  },
  {
    name: "nothing kept in records",
    options: { residentLimitInBytes: 0 },
    sample: () => createSampleTree(),
  },
  {
    name: `${many} files in one directory`,
    options: { volumeSizeInBytes: isLong ? 1024 * mebibyte : 128 * mebibyte },
    sample: () => createSampleTree({ manyFiles: many }),
  },
];

describe.each(shapes)("a volume with $name", ({ name, options, sample: createSample }) => {
  const sample = createSample();
  const image = (): string => join(folder, `${name.replaceAll(" ", "-")}.img`);
  let layout: NtfsLayout;
  beforeAll(async () => {
    layout = planNtfsVolume(sample.tree, volumeOptions(options));
    const { volumeSizeInBytes: sizeInBytes, sectorSizeInBytes } = layout.geometry;
    await using device = await createImageFile(image(), { sizeInBytes, sectorSizeInBytes });
    await writeNtfsVolume(device, layout, patternContent);
  });
  afterAll(() => rm(image(), { force: true }));

  (hasNoTools ? test.skip : test)("passes ntfsfix, ntfsresize and ntfssecaudit", async () => {
    await expectClean(image());
  });

  // 7-Zip cannot read NTFS on 4096-byte sectors, whoever made it.
  if (options.sectorSizeInBytes !== 4096)
    (hasNoTools ? test.skip : test)("passes 7-Zip's test", async () => {
      const output = await run("7zz", "t", "-tntfs", image());
      expect(output).toContain("Everything is Ok");
      expect(output).not.toMatch(/warning|lost files/i);
    });

  // It looks for index blocks at the beginning of clusters only, so larger clusters hide most of them from it.
  if ((options.clusterSizeInBytes ?? 4096) === 4096)
    (hasNoTools ? test.skip : test)("has the same files for The Sleuth Kit", async () => {
      const listing = await run("fls", "-b", String(layout.geometry.sectorSizeInBytes), "-r", "-p", image());
      const records = new Map<string, string>();
      for (const line of listing.split("\n")) {
        const [, record, path] = /^r\/r (\d+)-128-\d+:\t([^$].*)$/.exec(line) ?? [];
        if (record && path && !path.startsWith("System Volume"))
          records.set(`\\${path.replaceAll("/", "\\")}`, record);
      }
      // The Sleuth Kit lists names that begin with $ as system files of its own.
      const expected = [...sample.files.keys()].filter((path) => !path.startsWith("\\$"));
      expect([...records.keys()].sort()).toEqual(expected.sort());
      for (const path of [
        "\\large",
        "\\lengths\\length 728",
        "\\lengths\\length 729",
        "\\lengths\\length 300001",
      ]) {
        const { node, length } = sample.files.get(path)!;
        const target = join(folder, "icat.bin");
        await run("sh", "-c", 'icat "$1" "$2" > "$3"', "sh", image(), records.get(path)!, target);
        expect(Buffer.compare(await readFile(target), patternOf(node, length))).toBe(0);
      }
    });

  (cannotMount ? test.skip : test)("mounts with every file equal", async () => {
    await withNtfsMount(image(), "ro", async (root) => {
      expect(await treeOf(root)).toEqual({
        files: [...sample.files.keys()].sort(),
        directories: [...sample.directories].sort(),
      });
      const wrong: string[] = [];
      for (const [path, { node, length }] of sample.files) {
        const content = await readFile(join(root, path.replaceAll("\\", "/")));
        if (!content.equals(patternOf(node, length))) wrong.push(path);
      }
      expect(wrong).toEqual([]);
    });
  });

  (cannotMount ? test.skip : test)("finds every file by name on a fresh mount, in random order", async () => {
    // ntfs-3g remembers names while listing, so this asks without ever listing: only the B-tree can answer.
    const random = seededRandom(99);
    const paths = [...sample.files].map((entry) => [random(), entry] as const).sort(([a], [b]) => a - b);
    await withNtfsMount(image(), "ro", async (root) => {
      const wrong: string[] = [];
      for (const [, [path, { length }]] of paths) {
        const found = await stat(join(root, path.replaceAll("\\", "/"))).catch(() => undefined);
        if (found?.size !== length) wrong.push(path);
      }
      expect(wrong).toEqual([]);
    });
  });
});

describe("a volume in use", () => {
  (cannotMount || hasNoTools ? test.skip : test).each(["empty", "restart-pages"] as const)(
    "stays clean when ntfs-3g creates, deletes and renames, log: %s",
    async (log) => {
      const sample = createSampleTree({ manyFiles: 1000 });
      const layout = planNtfsVolume(
        sample.tree,
        volumeOptions({ reservedExtents: bitLockerLikeExtents(), log }),
      );
      const image = join(folder, `in-use-${log}.img`);
      const device = await createImageFile(image, { sizeInBytes: 64 * mebibyte });
      await writeNtfsVolume(device, layout, patternContent);
      await device.close();
      await withNtfsMount(image, "rw", async (root) => {
        await mkdir(join(root, "new directory"));
        for (let index = 0; index < 600; index++) {
          await writeFile(join(root, "new directory", `new ${index}`), patternOf(index, index * 13));
          await writeFile(join(root, "many", `between ${index}`), "x");
        }
        const victims = [...sample.files.keys()].filter((path) => path.startsWith("\\many\\")).slice(0, 500);
        for (const path of victims) await rm(join(root, path.replaceAll("\\", "/")));
        await rename(join(root, "level 0"), join(root, "renamed"));
      });
      await expectClean(image);
      await withNtfsMount(image, "ro", async (root) => {
        expect((await treeOf(root)).files).toHaveLength(sample.files.size - 500 + 1200);
      });
    },
  );
});

describe("volumes of mkntfs and ntfs-3g", () => {
  const hasNoMkntfs = isOracleMissing("mkntfs");
  const format = async (image: string, sizeInBytes: number, ...formatArguments: string[]): Promise<void> => {
    await (await createImageFile(image, { sizeInBytes })).close();
    await run(
      "mkntfs",
      "-F",
      "-Q",
      "-p",
      "2048",
      "-H",
      "255",
      "-S",
      "63",
      "-L",
      "FOREIGN",
      ...formatArguments,
      image,
    );
  };
  const formats: [number, number][] = [
    [512, 512],
    [512, 1024],
    [512, 4096],
    [512, 65_536],
    [4096, 4096],
    [4096, 32_768],
  ];

  (hasNoMkntfs ? test.skip : test).each(formats)(
    "the checker is silent on mkntfs's own, sectors of %d and clusters of %d",
    async (sectorSize, clusterSize) => {
      const image = join(folder, `mkntfs-${sectorSize}-${clusterSize}.img`);
      await format(image, 64 * mebibyte, "-s", String(sectorSize), "-c", String(clusterSize));
      await using device = await openImageFile(image, { sectorSizeInBytes: sectorSize as 512 | 4096 });
      expect(await checkNtfsVolume(device)).toMatchObject({ isClean: true, findings: [] });
      const volume = await openNtfsVolume(device);
      expect(volume).toMatchObject({ label: "FOREIGN", clusterSizeInBytes: clusterSize, version: "3.1" });
      await rm(image);
    },
  );

  (hasNoMkntfs || cannotMount ? test.skip : test).each([
    [512, 4096],
    [4096, 65_536],
    ...(isLong ? ([[512, 512]] as const) : []),
  ] as const)(
    "the reader reads what ntfs-3g wrote, sectors of %d and clusters of %d",
    async (sectorSize, clusterSize) => {
      const image = join(folder, `foreign-${sectorSize}-${clusterSize}.img`);
      await format(image, 24 * mebibyte, "-s", String(sectorSize), "-c", String(clusterSize));
      const expected = new Map<string, Uint8Array>();
      const put = async (root: string, path: string, content: Uint8Array): Promise<void> => {
        await writeFile(join(root, path.replaceAll("\\", "/")), content);
        expected.set(`\\${path}`, content);
      };
      const unit = Math.max(clusterSize, 4096);
      await withNtfsMount(image, "rw,streams_interface=windows", async (root) => {
        await mkdir(join(root, "many"));
        await mkdir(join(root, "Ünïcödé 日本語"));
        for (const [index, length] of [0, 1, 100, 700, 800, 5000, 70_000].entries()) {
          await put(root, `Ünïcödé 日本語\\file 😀 ${length}`, patternOf(index, length));
        }
        for (let index = 0; index < 400; index++)
          await put(root, `many\\entry ${index}`, patternOf(index, index));
        // Every second of these goes away again, so that a large file has to use hundreds of small holes.
        await mkdir(join(root, "filler"));
        let written = 0;
        for (; written < 20_000; written++) {
          const isFull = await writeFile(join(root, "filler", `f${written}`), patternOf(written, unit)).then(
            () => false,
            () => true,
          );
          if (isFull) break;
        }
        for (let index = 0; index < written; index += 2) {
          await rm(join(root, "filler", `f${index}`));
        }
        await put(root, "fragmented", patternOf(77, (Math.floor(written / 2) - 20) * unit));
        for (let index = 1; index < written; index++)
          await rm(join(root, "filler", `f${index}`), { force: true });
        await rm(join(root, "filler"), { recursive: true });
        // Sparse: a hole, data in the middle, a hole at the end.
        const sparse = new Uint8Array(3_000_000);
        sparse.set(patternOf(5, 100_000), 1_000_000);
        await run(
          "sh",
          "-c",
          'truncate -s 1000000 "$1"; head -c 100000 "$2" >> "$1"; truncate -s 3000000 "$1"',
          "sh",
          join(root, "sparse"),
          await scratchFile(patternOf(5, 100_000)),
        );
        expected.set("\\sparse", sparse);
        await writeFile(join(root, "fragmented:stream"), "alternate data");
        await link(join(root, "many", "entry 7"), join(root, "hard link"));
        expected.set("\\hard link", patternOf(7, 7));
      });
      await using device = await openImageFile(image, { sectorSizeInBytes: sectorSize });
      const volume = await openNtfsVolume(device);
      const wrong: string[] = [];
      const found: string[] = [];
      for await (const entry of volume.walk()) {
        if (entry.isDirectory) continue;
        found.push(entry.path);
        const file = await volume.openFile(entry.path.toUpperCase());
        const content = new Uint8Array(file.sizeInBytes);
        await file.read(0, content);
        const known = expected.get(entry.path);
        if (!known || Buffer.compare(content, known) !== 0) wrong.push(entry.path);
      }
      expect({ wrong, found: found.sort() }).toEqual({ wrong: [], found: [...expected.keys()].sort() });
      const fragmented = await volume.openFile("\\fragmented");
      const sparse = await volume.openFile("\\sparse");
      // So many runs do not fit one record: this file has an attribute list.
      expect(fragmented.runCount).toBeGreaterThan(clusterSize > 4096 ? 1 : 400);
      expect(sparse.runCount).toBeGreaterThan(1);
      const alternate = await volume.openFile("\\fragmented", { streamName: "stream" });
      const text = new Uint8Array(alternate.sizeInBytes);
      await alternate.read(0, text);
      expect(Buffer.from(text).toString()).toBe("alternate data");
      await rm(image);
    },
  );

  async function scratchFile(content: Uint8Array): Promise<string> {
    const path = join(folder, "scratch.bin");
    await writeFile(path, content);
    return path;
  }
});

describe("very large volumes with a file of 10 TiB", () => {
  const tebibyte = 2 ** 40;
  const cases: [string, number, 512 | 4096][] = [
    ["256 TiB, 64 KiB clusters, 4096-byte sectors", 256 * tebibyte, 4096],
    // ntfsresize takes 13 s for the four billion clusters of 16 TiB.
    ...(isLong
      ? ([
          ["exactly 16 TiB, 4 KiB clusters", 16 * tebibyte, 512],
          ["20 TiB, 8 KiB clusters", 20 * tebibyte, 512],
          ["64 TiB, 16 KiB clusters", 64 * tebibyte, 512],
        ] as [string, number, 512][])
      : []),
  ];
  let root = "";
  beforeAll(async () => {
    root = await mkdtemp(join(folder, "tmpfs-"));
    // Most file systems on disks end at files of 16 TiB.
    if (!cannotMount) await run("mount", "-t", "tmpfs", "-o", "size=2g", "none", root);
  });
  afterAll(async () => {
    if (!cannotMount) await run("umount", root);
  });

  (cannotMount || hasNoTools ? test.skip : test).each(cases)(
    "%s",
    async (_, sizeInBytes, sectorSizeInBytes) => {
      const tree = createNtfsTree();
      tree.addFile(0, "first", 100_000);
      tree.addFile(0, "ten tebibytes", 10 * tebibyte);
      tree.addFile(0, "last", 100_000);
      const layout = planNtfsVolume(
        tree,
        volumeOptions({ volumeSizeInBytes: sizeInBytes, sectorSizeInBytes }),
      );
      const image = join(root, "huge.img");
      await using device = await createImageFile(image, { sizeInBytes, sectorSizeInBytes });
      const zeros = Buffer.alloc(4 * mebibyte);
      const buffer = new Uint8Array(zeros.length);
      for (const extent of layout.metadataExtents) {
        for (let done = 0; done < extent.lengthInBytes; done += buffer.length) {
          const part = buffer.subarray(0, Math.min(buffer.length, extent.lengthInBytes - done));
          layout.render(extent.offsetInBytes + done, part);
          if (!zeros.subarray(0, part.length).equals(part))
            await device.write(extent.offsetInBytes + done, part);
        }
      }
      await device.write(layout.dataExtents.volumeOffsetInBytes[0]!, patternOf(1, 100_000));
      await device.write(layout.dataExtents.volumeOffsetInBytes[2]!, patternOf(3, 100_000));
      await expectClean(image);
      await withNtfsMount(image, "ro", async (mount) => {
        expect((await stat(join(mount, "ten tebibytes"))).size).toBe(10 * tebibyte);
        expect((await readFile(join(mount, "first"))).equals(patternOf(1, 100_000))).toBe(true);
        expect((await readFile(join(mount, "last"))).equals(patternOf(3, 100_000))).toBe(true);
      });
      const volume = await openNtfsVolume(device);
      const tail = new Uint8Array(10);
      await (await volume.openFile("ten tebibytes")).read(10 * tebibyte - 10, tail);
      expect([tail, (await volume.stat("last")).sizeInBytes]).toEqual([new Uint8Array(10), 100_000]);
      await rm(image);
    },
  );
});
