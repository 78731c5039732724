/**
 * How long a million files take to lay out and render, and how much memory; a count as first argument changes the million.
 *
 * Renders all metadata of each volume (records, indexes, bitmaps) in 4 MiB groups, as a drive being written does, but
 * keeps no bytes. Each shape runs in a process of its own so that the peak memory is its own.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createNtfsTree, planNtfsVolume, suitableVolumeSizeInBytes } from "../src/diskprep/ntfs/index.js";

const shapes: Record<string, (count: number) => void> = {
  "one directory": (count) => measure(count, 1),
  "1,000 directories": (count) => measure(count, 1000),
  "one directory, names of 200 units": (count) => measure(count, 1, 200),
};

function measure(fileCount: number, directoryCount: number, nameLength = 0): void {
  const seconds: Record<string, number> = {};
  let mark = performance.now();
  const lap = (name: string): void => {
    const now = performance.now();
    seconds[name] = (now - mark) / 1000;
    mark = now;
  };
  const tree = createNtfsTree();
  const directories = Array.from({ length: directoryCount }, (_, index) =>
    directoryCount === 1 ? tree.root : tree.addDirectory(tree.root, `directory ${index}`),
  );
  for (let index = 0; index < fileCount; index++) {
    // A multiplier prime to the count scrambles the order, so sorting has work to do.
    const number = (index * 7_919_317) % fileCount;
    const name = `backup chunk ${String(number).padStart(8, "0")}.bin`.padStart(nameLength, "long prefix ");
    tree.addFile(directories[index % directoryCount]!, name, 16_384, {
      modifiedAtInMs: 1_700_000_000_000 + index,
    });
  }
  lap("collect");
  const volumeSizeInBytes = suitableVolumeSizeInBytes(tree, { sectorSizeInBytes: 512 });
  const layout = planNtfsVolume(tree, {
    volumeSizeInBytes,
    sectorSizeInBytes: 512,
    hiddenSectors: 2048,
    serialNumber: 1n,
    createdAtInMs: 1_700_000_000_000,
  });
  lap("plan");
  const group = new Uint8Array(4 * 1024 * 1024);
  let metadataBytes = 0;
  for (const { offsetInBytes, lengthInBytes } of layout.metadataExtents) {
    for (let done = 0; done < lengthInBytes; done += group.length) {
      const part = group.subarray(0, Math.min(group.length, lengthInBytes - done));
      layout.render(offsetInBytes + done, part);
      metadataBytes += part.length;
    }
  }
  lap("render");
  const peakInMiB = process.resourceUsage().maxRSS / 1024;
  const total = Object.values(seconds).reduce((sum, value) => sum + value, 0);
  const parts = Object.entries(seconds).map(([name, value]) => `${name} ${value.toFixed(2)} s`);
  console.log(
    `${parts.join(", ")}, total ${total.toFixed(2)} s; peak memory ${peakInMiB.toFixed(0)} MiB; ` +
      `${(metadataBytes / 2 ** 20).toFixed(0)} MiB of metadata`,
  );
}

const [shapeName, countText] = process.argv.slice(2);
const shape = shapeName === undefined ? undefined : shapes[shapeName];
if (shape) shape(Number(countText));
else {
  const count = Number(shapeName ?? 1_000_000);
  for (const name of Object.keys(shapes)) {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [fileURLToPath(import.meta.url), name, String(count)],
      { encoding: "utf8" },
    );
    console.log(`${count.toLocaleString("en")} files, ${name}: ${(stdout || stderr).trim()}`);
  }
}
