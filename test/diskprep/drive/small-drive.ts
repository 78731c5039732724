/** The smallest drive that holds every kind of content, for tests that prepare it many times over. */
import type { BlockDevice } from "../../../src/diskprep/device/index.js";
import { type DrivePlan, planDrives } from "../../../src/diskprep/drive/index.js";
import type { SeedCatalog } from "../../../src/staging/index.js";
import { patternBytes, type TestBlob } from "../../support/memory-catalog.js";

const mebibyte = 1024 * 1024;

export const smallDriveSizeInBytes = 72 * mebibyte;

/** Small files, one of several ranges, a name Windows refuses, a page blob with a hole. */
export function testBlobs(): readonly TestBlob[] {
  const page = new Uint8Array(2 * mebibyte);
  page.set(patternBytes(4096, 9));
  page.set(patternBytes(mebibyte, 10), mebibyte);
  return [
    ...Array.from({ length: 20 }, (_, index) => ({
      name: `folder ${index % 3}/file ${index}.bin`,
      content: patternBytes((index * 7919) % 30_000, index + 1),
      metadata: { mtime: String(index) },
    })),
    {
      name: "large.bin",
      content: patternBytes(9 * mebibyte + 1, 5),
      headers: { contentType: "text/plain" },
    },
    { name: "CON/x?y..", content: patternBytes(10_000, 7) },
    {
      name: "disk.vhd",
      kind: "page",
      content: page,
      dataStretches: [
        { offsetInBytes: 0, lengthInBytes: 4096 },
        { offsetInBytes: mebibyte, lengthInBytes: mebibyte },
      ],
    },
  ];
}

/** Plan of the drive; free space stays as it is unless asked for. */
export async function planSmallDrive(catalog: SeedCatalog, wipeFreeSpace = false): Promise<DrivePlan> {
  const target = { driveId: "SMALL", sizeInBytes: smallDriveSizeInBytes };
  const plan = await planDrives(catalog, [target], { createdAtInMs: Date.UTC(2026, 0, 2), wipeFreeSpace });
  return plan.drives[0]!;
}

export async function wholeOf(device: BlockDevice): Promise<Uint8Array> {
  const bytes = new Uint8Array(device.sizeInBytes);
  await device.read(0, bytes);
  return bytes;
}

/** Whole numbers from 0 to below a limit, the same for the same seed (mulberry32). */
export function createRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let hash = Math.imul(state ^ (state >>> 15), 1 | state);
    hash = (hash + Math.imul(hash ^ (hash >>> 7), 61 | hash)) ^ hash;
    return Math.floor((((hash ^ (hash >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
