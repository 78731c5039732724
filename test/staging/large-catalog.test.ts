import { spawnSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { buildRoom } from "./built-room.js";
import { seedSettings, withTemporaryFolder } from "./support.js";

const long = process.env["OFFLINE_SEED_LONG"] === "1";
const blobs = long ? 5_000_000 : 20_000;

function runProgram(text: string, parameters: object): Record<string, number> {
  const child = spawnSync(
    process.execPath,
    ["--input-type=module", "-e", text, "--", JSON.stringify(parameters)],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      maxBuffer: 1e6,
    },
  );
  expect(child.status).toBe(0);
  return JSON.parse(child.stdout) as Record<string, number>;
}

/**
 * Peak memory of the program itself in KiB. On Linux `maxRSS` of a child begins with what its parent had in memory, so
 * the figure of the process's own address space is asked for.
 */
const peakFunction = `
const { readFileSync } = await import("node:fs");
const peakInKiB = () => process.platform === "linux"
  ? Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1])
  : process.resourceUsage().maxRSS;
`;

const writeProgram = `${peakFunction}
const { url, folder, settings, blobs } = JSON.parse(process.argv[1]);
const { openStagingLocation } = await import(url);
const location = await openStagingLocation(folder);
const writer = await location.createSeed({ ...settings, maximumConcurrentBlobs: 256 });
const empty = new Uint8Array(0);
for (let first = 0; first < blobs; first += 2000) {
  const count = Math.min(2000, blobs - first);
  await Promise.all(Array.from({ length: count }, (_, at) =>
    writer.writeBlob("folder-" + Math.floor((first + at) / 1000) + "/some file name " + (first + at) + ".dat", empty,
      { modifiedAtInMs: first + at, metadata: { mtime: "2026-01-01T00:00:00.000000Z", mode: "0644" } })));
}
await (await writer.seal()).close();
console.log(JSON.stringify({ peak: peakInKiB() }));
`;

const readProgram = `${peakFunction}
const { url, folder, settings, blobs } = JSON.parse(process.argv[1]);
const { openStagingLocation } = await import(url);
const start = peakInKiB();
const startTime = performance.now();
const catalog = await (await openStagingLocation(folder)).openSeed(settings.jobName);
const opened = { openedInMs: Math.round(performance.now() - startTime), openPeak: peakInKiB() };
let listed = 0;
let wrong = 0;
let sum = 0;
for await (const blob of catalog.blobs()) {
  // Blobs lie in the order in which they were done, which is nearly that of the calls.
  if (blob.index !== listed || !blob.name.endsWith(" " + blob.modifiedAtInMs + ".dat")) wrong += 1;
  sum += blob.modifiedAtInMs;
  listed += 1;
}
if (sum !== (blobs * (blobs - 1)) / 2) wrong += 1;
for (let at = 0; at < 200; at += 1) {
  const index = Math.floor((at * 7919 * 104729) % blobs);
  const single = await catalog.blob(index);
  if (single.index !== index) wrong += 1;
  for await (const blob of catalog.blobs({ startIndex: index })) {
    if (blob.index !== index || blob.name !== single.name) wrong += 1;
    break;
  }
}
await catalog.close();
console.log(JSON.stringify({ start, ...opened, listed, wrong, peak: peakInKiB() }));
`;

test(
  `a catalog of ${blobs} blobs is written, opened, listed and searched with little memory`,
  async () => {
    const room = await buildRoom();
    try {
      await withTemporaryFolder(async (folder) => {
        const parameters = { url: room.url, folder, settings: seedSettings, blobs };
        const written = runProgram(writeProgram, parameters);
        const read = runProgram(readProgram, parameters);
        if (long) console.log(JSON.stringify({ written, read }));
        expect({ listed: read["listed"], wrong: read["wrong"] }).toEqual({ listed: blobs, wrong: 0 });
        // In KiB. Opening reads only the index; listing holds one group.
        expect(read["openPeak"]! - read["start"]!).toBeLessThan(64 * 1024);
        expect(read["peak"]).toBeLessThan(512 * 1024);
        expect(written["peak"]).toBeLessThan(1024 * 1024);
      });
    } finally {
      await room.remove();
    }
  },
  long ? 3_600_000 : 60_000,
);
