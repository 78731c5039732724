/** Reader and checker on damaged volumes: no hang, no crash, no unbounded work, and no errors but NtfsError. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { BlockDevice } from "../../../src/diskprep/device/index.js";
import { createMemoryDevice } from "../../../src/diskprep/device/index.js";
import {
  checkNtfsVolume,
  createNtfsTree,
  isNtfsError,
  type NtfsVolumeOptions,
  openNtfsVolume,
} from "../../../src/diskprep/ntfs/index.js";
import { fuzz } from "../../support/fuzz.js";
import { mebibyte, writeSample } from "./sample-volumes.js";
import { overlayOf } from "./volume-editor.js";

/** Cases of each of the four tests of damaged volumes. */
const usualCases = 500;
const seed = 20_260_801;

/** Structures of one kind: `count` of them, `stride` bytes apart, of which the first `length` bytes are in use. */
interface DamagePlace {
  readonly start: number;
  readonly count: number;
  readonly stride: number;
  readonly length: number;
}

/** A small volume in which every kind of structure occurs, and where its structures lie. */
async function baseVolume(
  options: Partial<NtfsVolumeOptions>,
): Promise<{ bytes: Uint8Array; places: readonly DamagePlace[] }> {
  const tree = createNtfsTree();
  const folder = tree.addDirectory(0, "folder");
  tree.addDirectory(folder, "empty");
  for (let index = 0; index < 120; index++)
    tree.addFile(folder, `file ${index} with a longer name`, index * 100);
  for (let index = 0; index < 4; index++) tree.addFile(0, `root ${index}`, 5000 * index);
  const { device, layout } = await writeSample(tree, {
    volumeSizeInBytes: 3.5 * mebibyte,
    reservedExtents: [{ name: "hole", offsetInBytes: 2 * mebibyte, lengthInBytes: 20_000 }],
    freeReserveInBytes: 0,
    ...options,
  });
  const bytes = new Uint8Array(layout.geometry.volumeSizeInBytes);
  await device.read(0, bytes);
  const { clusterSizeInBytes, recordSizeInBytes: stride } = layout.geometry;
  const mft = new DataView(bytes.buffer).getUint32(0x30, true) * clusterSizeInBytes;
  const users = { start: mft + 64 * stride, count: tree.nodeCount + 1, stride, length: 0x1c0 };
  // The index blocks lie just before the bitmap of the MFT, which lies just before the MFT.
  const index = { start: mft - 6 * clusterSizeInBytes, count: 6, stride: 4096, length: 4096 };
  return {
    bytes,
    // Damage to boot sector and system records ends most things early, so it is the rarer kind.
    places: [
      { start: 0, count: 1, stride: 512, length: 0x60 },
      { start: mft, count: 27, stride, length: 0x300 },
      users,
      users,
      users,
      users,
      index,
      index,
    ],
  };
}

/** Fails when a case makes the device work more than any honest volume of this size could need. */
function limited(device: BlockDevice): BlockDevice {
  let budget = 200 * mebibyte;
  return {
    ...device,
    read(offset, target, options) {
      budget -= target.length + 512;
      if (budget < 0) throw new RangeError("the reader asks for more and more");
      return device.read(offset, target, options);
    },
  };
}

async function readEverything(device: BlockDevice): Promise<void> {
  const volume = await openNtfsVolume(device);
  const buffer = new Uint8Array(4096);
  let entries = 0;
  for await (const entry of volume.walk("\\", { includeSystemFiles: true })) {
    if (++entries > 5000) throw new RangeError("more entries than the volume can hold");
    try {
      await volume.stat(entry.path);
      if (entry.isDirectory) continue;
      const file = await volume.openFile(entry.path);
      await file.read(
        Math.max(0, file.sizeInBytes - buffer.length),
        buffer.subarray(0, Math.min(buffer.length, file.sizeInBytes)),
      );
    } catch (error) {
      if (!isNtfsError(error)) throw error;
    }
  }
}

// Not fc.double: nearly all its values lie next to zero, and the damage with them.
const fraction = fc.nat(999_999).map((number) => number / 1_000_000);
/** One edit: which kind of structure, which one, where in it, what to store there. */
const edit = fc.record({
  place: fc.nat(7),
  which: fraction,
  where: fraction,
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 1 }),
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    fc.constantFrom(
      Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
      Uint8Array.of(0xff, 0xff, 0xff, 0xff),
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80),
      Uint8Array.of(0, 0),
      Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0),
    ),
  ),
});

const volumes: [string, Partial<NtfsVolumeOptions>][] = [
  ["512-byte sectors", {}],
  ["4096-byte sectors, nothing in records", { sectorSizeInBytes: 4096, residentLimitInBytes: 0 }],
];

describe.each(volumes)("damaged volumes with %s", (name, options) => {
  const base = baseVolume(options);
  const damaged = async (
    edits: readonly { place: number; which: number; where: number; bytes: Uint8Array }[],
  ): Promise<BlockDevice> => {
    const { bytes, places } = await base;
    const memory: BlockDevice = {
      ...createMemoryDevice(bytes.length),
      read(offset, target) {
        if (offset < 0 || offset + target.length > bytes.length)
          throw new RangeError(`read outside: ${offset}`);
        target.set(bytes.subarray(offset, offset + target.length));
        return Promise.resolve();
      },
    };
    const overlay = overlayOf(memory);
    for (const { place, which, where, bytes: patch } of edits) {
      const { start, count, stride, length } = places[place]!;
      const structure = start + Math.floor(which * count) * stride;
      await overlay.write(structure + Math.floor(where * (length - patch.length)), patch);
    }
    return limited(overlay);
  };

  test("never surprise the reader", async () => {
    await fuzz(
      `NTFS reader, ${name}`,
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
        const device = await damaged(edits);
        try {
          await readEverything(device);
        } catch (error) {
          if (!isNtfsError(error)) throw error;
        }
      }),
      { usualCases, seed },
    );
  }, 3_600_000);

  test("never surprise the checker", async () => {
    await fuzz(
      `NTFS checker, ${name}`,
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
        const report = await checkNtfsVolume(await damaged(edits), { maxFindings: 50 });
        expect(report.findings.every((finding) => finding.offsetInBytes >= 0)).toBe(true);
      }),
      { usualCases, seed },
    );
  }, 3_600_000);
});

describe("no volumes at all", () => {
  test("random bytes and cut-off volumes are refused", async () => {
    const { bytes } = await baseVolume({});
    await fuzz(
      "NTFS reader and checker, no volume",
      fc.asyncProperty(
        fc.nat(bytes.length - 1025),
        fc.uint8Array({ minLength: 1, maxLength: 2000 }),
        async (cut, noise) => {
          const size = Math.max(512, Math.floor(cut / 512) * 512);
          const short = createMemoryDevice(size);
          await short.write(0, bytes.subarray(0, size));
          await expect(openNtfsVolume(short)).rejects.toMatchObject({ name: "NtfsError" });
          expect((await checkNtfsVolume(short)).isClean).toBe(false);
          const random = createMemoryDevice(65_536);
          await random.write(0, noise);
          await expect(openNtfsVolume(random)).rejects.toMatchObject({ name: "NtfsError" });
          expect((await checkNtfsVolume(random)).isComplete).toBe(false);
        },
      ),
      { usualCases: 50, seed },
    );
  });
});
