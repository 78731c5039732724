/** The tree builder: what it refuses, how it folds names, how it takes nodes back. */
import { describe, expect, test } from "@jest/globals";
import {
  compareNtfsNames,
  createNtfsTree,
  minimumVolumeSizeInBytes,
  planNtfsVolume,
} from "../../../src/diskprep/ntfs/index.js";
import { GrowingNodeColumns } from "../../../src/diskprep/ntfs/tree/node-columns.js";
import { sortNodesByName } from "../../../src/diskprep/ntfs/tree/sort-by-name.js";
import { seededRandom, volumeOptions } from "./sample-volumes.js";

const space = { volumeSizeInBytes: 64 * 1024 * 1024, sectorSizeInBytes: 512 } as const;

describe("a tree", () => {
  test("numbers nodes in order and remembers them", () => {
    const tree = createNtfsTree();
    const folder = tree.addDirectory(tree.root, "Folder");
    const file = tree.addFile(folder, "File.txt", 12);
    expect({
      nodes: [folder, file, tree.nodeCount, tree.fileCount, tree.directoryCount],
      found: [tree.find(0, "FOLDER"), tree.find(folder, "file.TXT"), tree.find(0, "file.txt")],
      taken: [
        tree.isNameTaken(folder, "FILE.txt"),
        tree.isNameTaken(0, "$mft"),
        tree.isNameTaken(folder, "$MFT"),
      ],
      facts: [
        tree.nameOf(file),
        tree.parentOf(file),
        tree.lengthOf(file),
        tree.lengthOf(folder),
        tree.isDirectory(folder),
      ],
    }).toEqual({
      nodes: [1, 2, 3, 1, 2],
      found: [1, 2, undefined],
      taken: [true, true, false],
      facts: ["File.txt", 1, 12, 0, true],
    });
  });

  const failing: [string, (tree: ReturnType<typeof createNtfsTree>) => unknown, string][] = [
    ["a reserved character", (tree) => tree.addFile(0, "a?", 1), "invalid-name"],
    ["a device name", (tree) => tree.addDirectory(0, "NUL"), "invalid-name"],
    ["a name that folds like another", (tree) => tree.addDirectory(0, "EXISTING"), "duplicate-name"],
    ["a name of the file system in the root", (tree) => tree.addFile(0, "$Bitmap", 1), "reserved-name"],
    [
      "the directory of the reserved extents",
      (tree) => tree.addFile(0, "system volume INFORMATION", 1),
      "reserved-name",
    ],
    ["a parent that is a file", (tree) => tree.addFile(1, "x", 1), "invalid-parent"],
    ["a parent that does not exist", (tree) => tree.addFile(99, "x", 1), "invalid-parent"],
    ["a negative length", (tree) => tree.addFile(0, "x", -1), "invalid-length"],
    ["a fractional length", (tree) => tree.addFile(0, "x", 1.5), "invalid-length"],
    ["unknown attributes", (tree) => tree.addFile(0, "x", 1, { attributes: 0x800 }), "invalid-option"],
  ];
  test.each(failing)("refuses %s and stays as it was", (_, act, code) => {
    const tree = createNtfsTree();
    tree.addFile(0, "existing", 1);
    const before = minimumVolumeSizeInBytes(tree, space);
    expect(() => act(tree)).toThrow(expect.objectContaining({ name: "NtfsError", code }));
    expect([tree.nodeCount, minimumVolumeSizeInBytes(tree, space)]).toEqual([2, before]);
  });

  test("keeps names apart that only toUpperCase would confuse, and in different directories", () => {
    const tree = createNtfsTree();
    const folder = tree.addDirectory(0, "other");
    for (const name of ["straße", "STRASSE", "ﬀ", "FF", "ı", "I"]) tree.addFile(0, name, 1);
    tree.addFile(folder, "STRASSE", 1);
    expect(tree.nodeCount).toBe(9);
  });

  test("gives nodes back without a trace, also after a plan was made", () => {
    const tree = createNtfsTree();
    const random = seededRandom(5);
    const add = (index: number): void => {
      if (random() < 0.3) tree.addDirectory(0, `directory ${index}`);
      else tree.addFile(0, `file ${index}`, Math.floor(random() * 10_000));
    };
    for (let index = 0; index < 300; index++) add(index);
    const bound = minimumVolumeSizeInBytes(tree, space);
    const layout = planNtfsVolume(tree, volumeOptions());
    const index = layout.metadataExtents[0]!;
    const before = new Uint8Array(index.lengthInBytes);
    const content = (node: number): Uint8Array => new Uint8Array(layout.lengthOf(node));
    layout.render(0, before, content);
    // First without growing any array, which would hide that rows are shared.
    for (let extra = 0; extra < 50; extra++) tree.removeLast();
    for (let extra = 0; extra < 50; extra++) tree.addFile(0, `replaced ${extra}`, 7777);
    const replaced = new Uint8Array(index.lengthInBytes);
    layout.render(0, replaced, content);
    expect(Buffer.compare(before, replaced)).toBe(0);
    for (let extra = 0; extra < 50; extra++) tree.removeLast();
    for (let extra = 250; extra < 700; extra++) add(extra);
    for (let extra = 0; extra < 500; extra++) tree.removeLast();
    for (let extra = 0; extra < 100; extra++) tree.addFile(0, `FILE again ${extra}`, 5);
    for (let extra = 0; extra < 100; extra++) tree.removeLast();
    expect(tree.find(0, "file again 1")).toBeUndefined();
    const after = new Uint8Array(index.lengthInBytes);
    layout.render(0, after, content);
    expect(Buffer.compare(before, after)).toBe(0);
    expect(tree.nodeCount).toBe(201);
    const again = seededRandom(5);
    const fresh = createNtfsTree();
    for (let each = 0; each < 200; each++) {
      if (again() < 0.3) fresh.addDirectory(0, `directory ${each}`);
      else fresh.addFile(0, `file ${each}`, Math.floor(again() * 10_000));
    }
    expect(minimumVolumeSizeInBytes(tree, space)).toBe(minimumVolumeSizeInBytes(fresh, space));
    expect(bound).toBeGreaterThan(minimumVolumeSizeInBytes(fresh, space));
  });

  test("clamps times that NTFS cannot hold", () => {
    const tree = createNtfsTree();
    tree.addFile(0, "before 1601", 0, { modifiedAtInMs: -1e15 });
    tree.addFile(0, "far future", 0, { modifiedAtInMs: 1e18 });
    tree.addFile(0, "nonsense", 0, { modifiedAtInMs: Number.NaN });
    expect(() =>
      planNtfsVolume(tree, volumeOptions()).render(0, new Uint8Array(4 * 1024 * 1024)),
    ).not.toThrow();
  });
});

describe("sorting", () => {
  const sorted = (names: readonly string[]): string[] => {
    const columns = new GrowingNodeColumns();
    for (const name of names) {
      columns.push({ parent: 0, name, flags: 0, attributes: 0, lengthOrOrdinal: 0, modifiedAtInMs: 0 });
    }
    const nodes = Uint32Array.from(names, (_, index) => index);
    sortNodesByName(columns, nodes, 0, nodes.length);
    return Array.from(nodes, (node) => names[node]!);
  };

  test("agrees with the comparison of names", () => {
    const random = seededRandom(77);
    const alphabets = ["ab", "aAbB", "0123456789", "aé日ÿŸ\ud83d\ude00", "abcdefghijklmnopqrstuvwxyz .-_"];
    for (let round = 0; round < 200; round++) {
      const alphabet = [...alphabets[round % alphabets.length]!];
      const prefix = "common prefix ".repeat(Math.floor(random() * 4));
      const unique = new Map<string, string>();
      const count = Math.floor(random() ** 2 * 400);
      for (let index = 0; index < count; index++) {
        const length = 1 + Math.floor(random() * 12);
        const name =
          prefix + Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
        unique.set(name.toUpperCase(), name);
      }
      const names = [...unique.values()].filter(
        (name, index, all) => !all.some((other, at) => at < index && compareNtfsNames(name, other) === 0),
      );
      expect(sorted(names)).toEqual([...names].sort(compareNtfsNames));
    }
  });

  test("does not slow down on sorted, reversed or pattern names", () => {
    const count = 100_000;
    const names = Array.from({ length: count }, (_, index) => `name ${String(index).padStart(7, "0")}`);
    expect(sorted(names)).toEqual(names);
    expect(sorted([...names].reverse())).toEqual(names);
    const organ = [
      ...names.filter((_, index) => index % 2 === 0),
      ...names.filter((_, index) => index % 2 === 1).reverse(),
    ];
    expect(sorted(organ)).toEqual(names);
  });
});
