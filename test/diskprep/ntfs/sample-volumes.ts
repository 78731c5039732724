/** Volumes for the tests of this room: trees with known content, written to a device. */

import type { BlockDevice } from "../../../src/diskprep/device/index.js";
import { createMemoryDevice } from "../../../src/diskprep/device/index.js";
import {
  createNtfsTree,
  type NtfsContentReader,
  type NtfsLayout,
  type NtfsReservedExtent,
  type NtfsTreeBuilder,
  type NtfsVolumeOptions,
  planNtfsVolume,
  writeNtfsVolume,
} from "../../../src/diskprep/ntfs/index.js";

export const mebibyte: number = 1024 * 1024;

/** Content that differs in every file and at every offset. */
export const patternContent: NtfsContentReader = (node, offset, target) => {
  for (let index = 0; index < target.length; index++) {
    const at = offset + index;
    target[index] = (at * 31 + node * 17 + (at >>> 8) * 7) & 0xff;
  }
};

/** The bytes `patternContent` gives a file. */
export function patternOf(node: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  void patternContent(node, 0, bytes);
  return bytes;
}

/** The places BitLocker metadata takes on a small volume, under the names Windows gives the files. */
export function bitLockerLikeExtents(clusterSizeInBytes = 4096): NtfsReservedExtent[] {
  const first = 33 * mebibyte;
  const boot = Math.max(8192, clusterSizeInBytes);
  return [
    { name: "FVE2.{e40ad34d-dae9-4bc7-95bd-b16218c10f72}.1", offsetInBytes: first, lengthInBytes: 65_536 },
    {
      name: "FVE2.{24e6f0ae-6a00-4f73-984b-75ce9942852d}",
      offsetInBytes: first + 65_536,
      lengthInBytes: 8192,
    },
    {
      name: "FVE2.{da392a22-cae0-4f0f-9a30-b8830385d046}",
      offsetInBytes: first + 65_536 + boot,
      lengthInBytes: 65_536,
    },
    {
      name: "FVE2.{e40ad34d-dae9-4bc7-95bd-b16218c10f72}.2",
      offsetInBytes: 40 * mebibyte,
      lengthInBytes: 65_536,
    },
    {
      name: "FVE2.{e40ad34d-dae9-4bc7-95bd-b16218c10f72}.3",
      offsetInBytes: 47 * mebibyte,
      lengthInBytes: 65_536,
    },
  ];
}

/** A tree with files worth remembering: path to node and length. */
export interface SampleTree {
  readonly tree: NtfsTreeBuilder;
  readonly files: ReadonlyMap<string, { readonly node: number; readonly length: number }>;
  readonly directories: readonly string[];
}

/** Unusual names: long, emoji, other scripts, ligatures, case pairs that stay different. */
export const unusualNames: readonly string[] = [
  "plain.txt",
  "ünïcödé.bin",
  "日本語のファイル名.dat",
  "emoji 😀🚀.bin",
  "ﬀ ligature",
  "straße",
  "STRASSE",
  "ÿ",
  "x".repeat(255),
  `${"é".repeat(250)}.long`,
  "a.b.c.d",
  ".dotfile",
  "with  two spaces",
  "~tilde",
  "$dollar",
  "#hash {brace} [bracket] ;semi,comma=equals+plus",
];

/** Files of every interesting length, unusual names, a deep path and one larger directory. */
export function createSampleTree(
  options: { readonly manyFiles?: number; readonly largeFile?: number } = {},
): SampleTree {
  const tree = createNtfsTree();
  const files = new Map<string, { node: number; length: number }>();
  const directories: string[] = [];
  const addFile = (parent: number, path: string, name: string, length: number): void => {
    const modifiedAtInMs = 1_600_000_000_000 + files.size * 1000;
    files.set(`${path}\\${name}`, { node: tree.addFile(parent, name, length, { modifiedAtInMs }), length });
  };
  const addDirectory = (parent: number, path: string, name: string): [number, string] => {
    directories.push(`${path}\\${name}`);
    return [tree.addDirectory(parent, name), `${path}\\${name}`];
  };
  for (const [index, name] of unusualNames.entries()) addFile(tree.root, "", name, 100 * index);
  const [lengths, lengthsPath] = addDirectory(tree.root, "", "lengths");
  for (const length of [
    0, 1, 7, 8, 511, 512, 513, 720, 728, 729, 1023, 1024, 4095, 4096, 4097, 65_535, 65_537, 300_001,
  ]) {
    addFile(lengths, lengthsPath, `length ${length}`, length);
  }
  addDirectory(tree.root, "", "empty directory");
  let [parent, path] = [tree.root as number, ""];
  for (let depth = 0; depth < 40; depth++) [parent, path] = addDirectory(parent, path, `level ${depth}`);
  addFile(parent, path, "at the bottom", 1234);
  const [many, manyPath] = addDirectory(tree.root, "", "many");
  const count = options.manyFiles ?? 500;
  for (let index = 0; index < count; index++) {
    // 7919 is prime: a scrambled order that reaches every number.
    const number = (index * 7919) % count;
    addFile(many, manyPath, `file number ${number} ${"pad".repeat(number % 20)}.dat`, (number * 37) % 1500);
  }
  addFile(tree.root, "", "large", options.largeFile ?? 5_000_000);
  return { tree, files, directories };
}

/** Options of a test volume. */
export function volumeOptions(options: Partial<NtfsVolumeOptions> = {}): NtfsVolumeOptions {
  return {
    volumeSizeInBytes: 64 * mebibyte,
    sectorSizeInBytes: 512,
    hiddenSectors: 2048,
    label: "TEST ÄÖÜ",
    serialNumber: 0x1122334455667788n,
    createdAtInMs: 1_700_000_000_000,
    ...options,
  };
}

/** Plans the tree and writes it to a memory device that held other bytes before. */
export async function writeSample(
  tree: NtfsTreeBuilder,
  options: Partial<NtfsVolumeOptions> = {},
  content: NtfsContentReader = patternContent,
): Promise<{ readonly device: BlockDevice; readonly layout: NtfsLayout }> {
  const layout = planNtfsVolume(tree, volumeOptions(options));
  const { volumeSizeInBytes, sectorSizeInBytes } = layout.geometry;
  const device = createMemoryDevice(volumeSizeInBytes, { sectorSizeInBytes });
  await writeNtfsVolume(device, layout, content);
  return { device, layout };
}

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
