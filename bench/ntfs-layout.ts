/**
 * How long files take to be laid out and rendered, how much memory that needs, and how both grow from 10⁴ to 10⁶ files.
 * `--counts=10000,100000` for others.
 *
 * Renders all metadata of each volume (records, indexes, bitmaps) in 4 MiB groups, as a drive being written does, but
 * keeps no bytes. Each count of each shape runs in a process of its own so that the peak memory is its own.
 */
import { fileURLToPath } from "node:url";
import { createNtfsTree, planNtfsVolume, suitableVolumeSizeInBytes } from "../src/diskprep/ntfs/index.js";
import { formatTable, growthCell, type MeasuredCount } from "./support/measure.js";
import { option } from "./support/option.js";
import { peakMemoryInMiB } from "./support/peak-memory.js";
import { runApart } from "./support/run-apart.js";

interface Shape {
  readonly directoryCount: number;
  /** Names are filled up to this length. */
  readonly nameLength: number;
}

const shapes: Readonly<Record<string, Shape>> = {
  "one directory": { directoryCount: 1, nameLength: 0 },
  "1,000 directories": { directoryCount: 1000, nameLength: 0 },
  "one directory, names of 200 units": { directoryCount: 1, nameLength: 200 },
};

interface Result {
  readonly collectInMs: number;
  readonly planInMs: number;
  readonly renderInMs: number;
  readonly peakInMiB: number;
  readonly metadataInMiB: number;
}

const shape = shapes[option("shape") ?? ""];
if (shape) process.stdout.write(JSON.stringify(measure(Number(option("count")), shape)));
else compareAll();

function compareAll(): void {
  const counts = (option("counts") ?? "10000,100000,1000000").split(",").map(Number);
  const lines = [
    ["files", "collect s", "plan s", "render s", "total s", "peak MiB", "metadata MiB", "x time for x files"],
  ];
  for (const name of Object.keys(shapes)) {
    let before: MeasuredCount | undefined;
    for (const count of counts) {
      const child = [`--shape=${name}`, `--count=${count}`];
      const result = runApart<Result>(fileURLToPath(import.meta.url), child);
      const { collectInMs, planInMs, renderInMs, peakInMiB, metadataInMiB } = result;
      const now = { count, timeInMs: collectInMs + planInMs + renderInMs };
      const inSeconds = (valueInMs: number): string => (valueInMs / 1000).toFixed(2);
      lines.push([
        `${count.toLocaleString("en")}, ${name}`,
        inSeconds(collectInMs),
        inSeconds(planInMs),
        inSeconds(renderInMs),
        inSeconds(now.timeInMs),
        peakInMiB.toFixed(0),
        metadataInMiB.toFixed(0),
        growthCell(before, now),
      ]);
      before = now;
    }
  }
  console.log(formatTable(lines));
}

function measure(fileCount: number, { directoryCount, nameLength }: Shape): Result {
  let markInMs = performance.now();
  const lap = (): number => {
    const sinceInMs = performance.now() - markInMs;
    markInMs += sinceInMs;
    return sinceInMs;
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
  const collectInMs = lap();
  const volumeSizeInBytes = suitableVolumeSizeInBytes(tree, { sectorSizeInBytes: 512 });
  const layout = planNtfsVolume(tree, {
    volumeSizeInBytes,
    sectorSizeInBytes: 512,
    hiddenSectors: 2048,
    serialNumber: 1n,
    createdAtInMs: 1_700_000_000_000,
  });
  const planInMs = lap();
  const group = new Uint8Array(4 * 1024 * 1024);
  let metadataBytes = 0;
  for (const { offsetInBytes, lengthInBytes } of layout.metadataExtents) {
    for (let done = 0; done < lengthInBytes; done += group.length) {
      const part = group.subarray(0, Math.min(group.length, lengthInBytes - done));
      layout.render(offsetInBytes + done, part);
      metadataBytes += part.length;
    }
  }
  const renderInMs = lap();
  return {
    collectInMs,
    planInMs,
    renderInMs,
    peakInMiB: peakMemoryInMiB(),
    metadataInMiB: metadataBytes / 2 ** 20,
  };
}
