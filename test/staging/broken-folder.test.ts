import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { extractSeed, openStagingLocation, stageDirectory, verifySeed } from "../../src/staging/index.js";
import { isRootMissing } from "../support/required-programs.js";
import { codeOf, listBlobs, pseudoRandomBytes, seedSettings, withTemporaryFolder } from "./support.js";

const testWithMounts = process.platform === "linux" && !isRootMissing() ? test : test.skip;

/** Runs with a small file system of its own. */
async function withSmallDisk(sizeInMiB: number, use: (folder: string) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const disk = join(folder, "disk");
    await mkdir(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeInMiB}m`, "tmpfs", disk]);
    try {
      await use(disk);
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  });
}

describe("a staging folder in trouble", () => {
  testWithMounts("a full disk loses nothing and the writer goes on once there is room", async () => {
    await withSmallDisk(8, async (disk) => {
      await writeFile(join(disk, "filler"), Buffer.alloc(5 * 1024 * 1024, 1));
      const location = await openStagingLocation(disk);
      const writer = await location.createSeed(seedSettings);
      await writer.writeBlob("before", pseudoRandomBytes(200_000, 1));
      const small = Array.from({ length: 8 }, (_, at) =>
        writer.writeBlob(`small-${at}`, pseudoRandomBytes(700_000, at)),
      );
      const results = await Promise.allSettled([
        ...small,
        writer.writeBlob("large", pseudoRandomBytes(4_000_000, 9)),
      ]);
      const staged = results.flatMap((result) => (result.status === "fulfilled" ? [result.value.name] : []));
      const codes = results.flatMap((result) =>
        result.status === "rejected" ? [(result.reason as { code: string }).code] : [],
      );
      expect(codes.length).toBeGreaterThan(0);
      expect(new Set(codes)).toEqual(new Set(["staging-full"]));
      await rm(join(disk, "filler"));
      await writer.writeBlob("after", pseudoRandomBytes(300_000, 2));
      const catalog = await writer.seal();
      expect((await listBlobs(catalog)).map((blob) => blob.name).sort()).toEqual(
        ["after", "before", ...staged].sort(),
      );
      expect((await verifySeed(catalog)).problems).toEqual([]);
      await catalog.close();
    });
  });

  testWithMounts(
    "a disk that fills while a tree is staged ends the run, and the seed can be resumed",
    async () => {
      await withSmallDisk(6, async (disk) => {
        await withTemporaryFolder(async (source) => {
          for (let at = 0; at < 100; at += 1)
            await writeFile(join(source, `file-${at}`), pseudoRandomBytes(80_000, at));
          const location = await openStagingLocation(disk);
          await writeFile(join(disk, "filler"), Buffer.alloc(5 * 1024 * 1024, 1));
          const writer = await location.createSeed(seedSettings);
          expect(await codeOf(stageDirectory(writer, source, { bundle: { maxBytes: 300_000 } }))).toBe(
            "staging-full",
          );
          await rm(join(disk, "filler"));
          await Promise.allSettled([writer.close()]);
          execFileSync("mount", ["-o", "remount,size=40m", disk]);
          const resumed = await location.resumeSeed(seedSettings.jobName);
          const report = await stageDirectory(resumed, source, { bundle: { maxBytes: 300_000 } });
          expect(report.failures).toEqual([]);
          const catalog = await resumed.seal();
          expect((await verifySeed(catalog)).problems).toEqual([]);
          await withTemporaryFolder(async (target) => {
            expect(await extractSeed(catalog, target)).toMatchObject({ filesExtracted: 100, failures: [] });
          });
          await catalog.close();
        });
      });
    },
  );

  testWithMounts("a read-only share can be read, listed and opened, but not written", async () => {
    await withSmallDisk(8, async (disk) => {
      const location = await openStagingLocation(disk);
      const writer = await location.createSeed(seedSettings);
      await writer.writeBlob("blob", pseudoRandomBytes(1000, 1));
      await (await writer.seal()).close();
      execFileSync("mount", ["-o", "remount,ro", disk]);
      const readOnly = await openStagingLocation(disk);
      const catalog = await readOnly.openSeed(seedSettings.jobName);
      expect([
        (await readOnly.listSeeds()).length,
        (await verifySeed(catalog)).blobsEqual,
        await codeOf(readOnly.createSeed({ ...seedSettings, jobName: "seed-two" })),
        await codeOf(readOnly.setSeedState(seedSettings.jobName, "done")),
        await codeOf(readOnly.deleteSeed(seedSettings.jobName)),
      ]).toEqual([1, 1, "staging-not-writable", "staging-not-writable", "staging-not-writable"]);
      await catalog.close();
    });
  });
});

describe("a hostile catalog", () => {
  const md5 = "d41d8cd98f00b204e9800998ecf8427e";

  /** Seals a seed and puts another line into its catalog, with everything around it made to fit. */
  async function openWithLine(folder: string, line: object): Promise<void> {
    const { crc32 } = process.getBuiltinModule("node:zlib");
    const { createHash } = process.getBuiltinModule("node:crypto");
    const location = await openStagingLocation(folder);
    const writer = await location.createSeed(seedSettings);
    await writer.writeBlob("blob", pseudoRandomBytes(1000, 1));
    await (await writer.seal()).close();
    const seedFolder = join(folder, seedSettings.jobName);
    const [header] = (await readFile(join(seedFolder, "catalog.ndjson"), "utf8")).split("\n");
    const text = `${JSON.stringify(line)}\n`;
    const bytes = (line as { length?: number }).length ?? 0;
    const commit = { blobs: 1, bytes, hashes: 0, crc32: crc32(text).toString(16).padStart(8, "0") };
    const catalogText = `${header}\n${text}${JSON.stringify({ commit })}\n`;
    await writeFile(join(seedFolder, "catalog.ndjson"), catalogText);
    const descriptor = JSON.parse(await readFile(join(seedFolder, "seed.json"), "utf8")) as Record<
      string,
      unknown
    >;
    descriptor["totalBytes"] = bytes;
    descriptor["catalog"] = {
      lengthInBytes: Buffer.byteLength(catalogText),
      sha256: createHash("sha256").update(catalogText).digest("hex"),
      rangeHashesLengthInBytes: 0,
    };
    await writeFile(join(seedFolder, "seed.json"), JSON.stringify(descriptor));
    const catalog = await location.openSeed(seedSettings.jobName);
    try {
      for await (const blob of catalog.blobs()) {
        const reader = await catalog.openStagedBlob(blob);
        await reader.close();
        const report = await verifySeed(catalog);
        if (report.problemCount > 0) throw Object.assign(new Error(), { code: report.problems[0]!.status });
        await catalog.readRangeHashes(blob, 0, 1);
      }
    } finally {
      await catalog.close();
    }
  }

  test.each<[string, object, string]>([
    [
      "a path that climbs",
      { name: "a", length: 1, modified: 0, root: 0, path: "../../etc/passwd" },
      "catalog-damaged",
    ],
    [
      "an absolute path",
      { name: "a", length: 1, modified: 0, root: 0, path: "/etc/passwd" },
      "catalog-damaged",
    ],
    [
      "a folder nobody adopted",
      { name: "a", length: 1, modified: 0, root: 0, path: "etc" },
      "path-outside-staging",
    ],
    ["a negative pack", { name: "a", length: 1, modified: 0, pack: -1, at: 0 }, "catalog-damaged"],
    [
      "a pack that is not there",
      { name: "a", length: 1, modified: 0, pack: 7, at: 0 },
      "staged-file-missing",
    ],
    ["bytes beyond the pack", { name: "a", length: 10, modified: 0, md5, pack: 0, at: 999 }, "different"],
    ["a file that is not there", { name: "a", length: 1, modified: 0, file: 0 }, "staged-file-missing"],
    ["no place", { name: "a", length: 1, modified: 0 }, "catalog-damaged"],
    ["a length of 2^60", { name: "a", length: 2 ** 60, modified: 0, pack: 0, at: 0 }, "catalog-damaged"],
    ["a length that is text", { name: "a", length: "1", modified: 0, pack: 0, at: 0 }, "catalog-damaged"],
    ["a name that climbs", { name: "a/../b", length: 1, modified: 0, pack: 0, at: 0 }, "catalog-damaged"],
    [
      "ranges of length 0",
      { name: "a", length: 1, modified: 0, rangeSize: 0, pack: 0, at: 0 },
      "catalog-damaged",
    ],
    [
      "overlapping stretches",
      { name: "a", kind: "page", length: 2048, modified: 0, stretches: [0, 1024, 512, 512], pack: 0, at: 0 },
      "catalog-damaged",
    ],
    [
      "stretches beyond the end",
      { name: "a", kind: "page", length: 512, modified: 0, stretches: [0, 1024], pack: 0, at: 0 },
      "catalog-damaged",
    ],
    [
      "hashes beyond their file",
      { name: "a", length: 600, modified: 0, rangeSize: 512, md5, pack: 0, at: 0, hashesAt: 0 },
      "unreadable",
    ],
    [
      "a prototype as metadata",
      JSON.parse('{"name":"a","length":0,"modified":0,"metadata":{"__proto__":"x"}}') as object,
      "catalog-damaged",
    ],
    [
      "metadata that is a number",
      { name: "a", length: 0, modified: 0, metadata: { x: 1 } },
      "catalog-damaged",
    ],
  ])("%s", async (_label, line, code) => {
    await withTemporaryFolder(async (folder) => {
      expect(await codeOf(openWithLine(folder, line))).toBe(code);
    });
  });

  test.each<[string, (descriptor: Record<string, unknown>) => unknown, string]>([
    ["not JSON", () => undefined, "catalog-damaged"],
    ["another format", (d) => ({ ...d, format: "x" }), "catalog-damaged"],
    ["a later version", (d) => ({ ...d, version: 2 }), "catalog-unsupported"],
    ["another job", (d) => ({ ...d, jobName: "other-job" }), "catalog-damaged"],
    ["a relative adopted folder", (d) => ({ ...d, adoptedFolders: ["../x"] }), "catalog-damaged"],
    ["a fractional count", (d) => ({ ...d, blobCount: 1.5 }), "catalog-damaged"],
    ["no catalog", (d) => ({ ...d, catalog: undefined }), "catalog-damaged"],
    ["more blobs than there are", (d) => ({ ...d, blobCount: 2 }), "catalog-damaged"],
  ])("a descriptor with %s", async (_label, change, code) => {
    await withTemporaryFolder(async (folder) => {
      const location = await openStagingLocation(folder);
      const writer = await location.createSeed(seedSettings);
      await writer.writeBlob("blob", pseudoRandomBytes(1000, 1));
      await (await writer.seal()).close();
      const path = join(folder, seedSettings.jobName, "seed.json");
      const changed = change(JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>);
      await writeFile(path, changed === undefined ? "{" : JSON.stringify(changed));
      const read = async (): Promise<void> => {
        const catalog = await location.openSeed(seedSettings.jobName);
        try {
          await listBlobs(catalog);
        } finally {
          await catalog.close();
        }
      };
      expect(await codeOf(read())).toBe(code);
    });
  });

  test("random bytes in its files are refused or harmless, and leave nothing open", async () => {
    await withTemporaryFolder(async (folder) => {
      const location = await openStagingLocation(folder);
      const writer = await location.createSeed(seedSettings);
      for (let at = 0; at < 20; at += 1) await writer.writeBlob(`blob-${at}`, pseudoRandomBytes(100, at));
      await (await writer.seal()).close();
      const seedFolder = join(folder, seedSettings.jobName);
      const rounds = process.env["OFFLINE_SEED_LONG"] === "1" ? 5000 : 150;
      const randomSeed = 77;
      const random = pseudoRandomBytes(rounds * 16, randomSeed);
      const openBefore = await openFiles();
      for (let round = 0; round < rounds; round += 1) {
        const name = ["catalog.ndjson", "seed.json", "catalog-index.json"][random[round * 16]! % 3]!;
        const path = join(seedFolder, name);
        const original = await readFile(path);
        const damaged = Buffer.from(original);
        for (let flip = 0; flip <= random[round * 16 + 1]! % 3; flip += 1) {
          const at = random.readUInt32LE(round * 16 + 2 + flip * 4) % damaged.length;
          damaged[at]! ^= 1 << (random[round * 16 + 14]! % 8);
        }
        await writeFile(path, damaged);
        const read = async (): Promise<void> => {
          const catalog = await location.openSeed(seedSettings.jobName);
          try {
            for (const blob of await listBlobs(catalog)) await catalog.readRangeHashes(blob, 0, 1);
          } finally {
            await catalog.close();
          }
        };
        const code = await codeOf(read());
        expect([randomSeed, round, name, code]).toEqual([
          randomSeed,
          round,
          name,
          expect.stringMatching(/^(no error|catalog-damaged|catalog-unsupported|seed-not-sealed)$/),
        ]);
        // A flipped bit in the catalog itself is always seen; in the descriptor it can be a harmless letter.
        if (name === "catalog.ndjson" && !damaged.equals(original))
          expect([round, code]).toEqual([round, expect.stringMatching(/^catalog-/)]);
        await writeFile(path, original);
      }
      expect(await openFiles()).toBeLessThanOrEqual(openBefore);
    });
  });
});

async function openFiles(): Promise<number> {
  return process.platform === "linux" ? (await readdir("/proc/self/fd")).length : 0;
}
