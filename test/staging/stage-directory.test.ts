import { execFileSync } from "node:child_process";
import { chmod, link, lstat, mkdir, readFile, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Progress } from "../../src/shared/index.js";
import {
  openStagingLocation,
  pathFromBlobName,
  type StageDirectoryOptions,
  stageDirectory,
  verifySeed,
} from "../../src/staging/index.js";
import {
  codeOf,
  listBlobs,
  pseudoRandomBytes,
  readStaged,
  seedSettings,
  withTemporaryFolder,
} from "./support.js";

async function makeTree(folder: string): Promise<void> {
  await mkdir(join(folder, "docs", "empty"), { recursive: true });
  await writeFile(join(folder, "readme.txt"), "hello");
  await writeFile(join(folder, "docs", "nothing"), "");
  await writeFile(join(folder, "docs", "large.bin"), pseudoRandomBytes(5 * 1024 * 1024, 3));
  await writeFile(join(folder, "docs", "ünï 名.txt "), "trailing space");
  await writeFile(join(folder, "100%"), "percent");
  if (process.platform !== "win32") {
    await writeFile(join(folder, "back\\slash%5C"), "backslash");
    await writeFile(join(folder, "ends.with.dots..."), "dots");
    await writeFile(join(folder, "line\nbreak"), "line break");
    await symlink("../readme.txt", join(folder, "docs", "link"));
    await chmod(join(folder, "readme.txt"), 0o640);
  }
  await utimes(join(folder, "readme.txt"), 1_600_000_000.5, 1_600_000_000.25);
}

describe("stageDirectory", () => {
  test("makes one blob of every file, empty folder and link, and keeps times and modes", async () => {
    await withTemporaryFolder(async (folder) => {
      const source = join(folder, "source");
      await makeTree(source);
      const location = await openStagingLocation(join(folder, "staging"), { create: true });
      const writer = await location.createSeed(seedSettings);
      const report = await stageDirectory(writer, source, { namePrefix: "srv/" });
      const catalog = await writer.seal();
      const blobs = await listBlobs(catalog);
      const found: Record<string, string> = {};
      for (const blob of blobs) {
        const path = pathFromBlobName(blob.name.slice("srv/".length));
        if (blob.metadata["hdi_isfolder"] === "true") found[path] = "folder";
        else if (blob.metadata["is_symlink"] === "true")
          found[path] = `-> ${String(await readStaged(catalog, blob))}`;
        else expect((await readFile(join(source, path))).equals(await readStaged(catalog, blob))).toBe(true);
        const stats = await lstat(join(source, path));
        expect(blob.modifiedAtInMs).toBe(Math.floor(stats.mtimeMs));
      }
      expect(found).toEqual({ "docs/empty": "folder", "docs/link": "-> ../readme.txt" });
      expect(blobs.map((blob) => blob.name).sort()).toEqual([
        "srv/100%",
        "srv/back%5Cslash%255C",
        "srv/docs/empty",
        "srv/docs/large.bin",
        "srv/docs/link",
        "srv/docs/nothing",
        "srv/docs/ünï 名.txt ",
        "srv/ends.with.dots%2E%2E%2E",
        "srv/line%0Abreak",
        "srv/readme.txt",
      ]);
      expect(blobs.find((blob) => blob.name === "srv/readme.txt")?.metadata).toEqual({
        mode: "0640",
        mtime: "2020-09-13T12:26:40.250000Z",
      });
      expect(report).toMatchObject({ filesStaged: 10, failureCount: 0 });
      await catalog.close();
    });
  });

  test.each<[string, StageDirectoryOptions]>([
    ["a blob a file", {}],
    ["compressed", { compression: "gzip" }],
    ["zstd bundles", { compression: "zstd", bundle: { maxBytes: 100_000, maxFileBytes: 3000 } }],
  ])("%s: the same seed from the calling thread, one thread and three", async (_label, options) => {
    await withTemporaryFolder(async (folder) => {
      const source = join(folder, "source");
      await makeTree(source);
      await mkdir(join(source, "many"));
      // More than one batch of entries.
      for (let at = 0; at < 700; at += 1) {
        await writeFile(join(source, "many", `file ${at}`), pseudoRandomBytes((at * 13) % 4000, at));
      }
      const seeds: unknown[] = [];
      for (const threads of [0, 1, 3]) {
        const location = await openStagingLocation(join(folder, `staging-${threads}`), { create: true });
        const writer = await location.createSeed(seedSettings);
        const report = await stageDirectory(writer, source, { ...options, threads });
        const catalog = await writer.seal();
        const { problems } = await verifySeed(catalog);
        const blobs = (await listBlobs(catalog)).map(({ index: _index, ...blob }) => blob);
        blobs.sort((left, right) => (left.name < right.name ? -1 : 1));
        seeds.push({ report, problems, blobs });
        await catalog.close();
      }
      expect(seeds[1]).toEqual(seeds[0]);
      expect(seeds[2]).toEqual(seeds[0]);
      expect(seeds[0]).toMatchObject({ report: { filesStaged: 710, failureCount: 0 }, problems: [] });
    });
  });

  test("reports what cannot be read and goes on", async () => {
    await withTemporaryFolder(async (folder) => {
      const source = join(folder, "source");
      await mkdir(join(source, "deep"), { recursive: true });
      await writeFile(join(source, "good"), "good");
      await writeFile(join(source, "broken.AIBBlob"), "not a multiple of 512");
      execFileSync("mkfifo", [join(source, "deep", "pipe")]);
      const location = await openStagingLocation(join(folder, "staging"), { create: true });
      const writer = await location.createSeed(seedSettings);
      const report = await stageDirectory(writer, source);
      expect(report).toEqual({
        filesStaged: 1,
        bytesStaged: 4,
        filesAlreadyStaged: 0,
        specialFilesSkipped: 1,
        symlinksSkipped: 0,
        failureCount: 1,
        failures: [
          { path: "broken.AIBBlob", code: "blob-not-aligned", message: expect.stringContaining("512") },
        ],
      });
      expect(await codeOf(stageDirectory(writer, join(folder, "nowhere")))).toBe("source-unreadable");
      await writer.close();
    });
  });

  test("follows links when asked, without going round in circles", async () => {
    await withTemporaryFolder(async (folder) => {
      const source = join(folder, "source");
      await mkdir(join(source, "a"), { recursive: true });
      await writeFile(join(source, "a", "file"), "content");
      await symlink("..", join(source, "a", "up"));
      await symlink("a/file", join(source, "alias"));
      await link(join(source, "a", "file"), join(source, "hard"));
      const location = await openStagingLocation(join(folder, "staging"), { create: true });
      const writer = await location.createSeed(seedSettings);
      const report = await stageDirectory(writer, source, { symlinks: "follow" });
      const catalog = await writer.seal();
      expect((await listBlobs(catalog)).map((blob) => blob.name).sort()).toEqual(["a/file", "alias", "hard"]);
      expect(report.failures.map(({ path, code }) => [path, code])).toEqual([["a/up", "source-unreadable"]]);
      await catalog.close();
    });
  });

  test("passes over what an interrupted run had staged, and stages what changed since as failure", async () => {
    await withTemporaryFolder(async (folder) => {
      const source = join(folder, "source");
      await makeTree(source);
      const location = await openStagingLocation(join(folder, "staging"), { create: true });
      const first = await location.createSeed(seedSettings);
      await stageDirectory(first, join(source, "docs"), { namePrefix: "docs/" });
      await first.close();
      await writeFile(join(source, "docs", "nothing"), "no longer");
      const second = await location.resumeSeed(seedSettings.jobName);
      const report = await stageDirectory(second, source);
      expect(report).toMatchObject({
        filesStaged: 5,
        filesAlreadyStaged: 4,
        failures: [{ path: "docs/nothing", code: "blob-exists" }],
      });
      await second.close();
    });
  });

  test("takes what the patterns say", async () => {
    await withTemporaryFolder(async (folder) => {
      const source = join(folder, "source");
      for (const path of [
        "a/keep.txt",
        "a/drop.log",
        "a/b/keep.md",
        "cache/x.txt",
        "deep/cache/y.txt",
        ".hidden.txt",
      ]) {
        await mkdir(join(source, path, ".."), { recursive: true });
        await writeFile(join(source, path), path);
      }
      const staged = async (include: string[] | undefined, exclude: string[]): Promise<string[]> => {
        const location = await openStagingLocation(join(folder, "staging"), { create: true });
        await location.deleteSeed(seedSettings.jobName);
        const writer = await location.createSeed(seedSettings);
        await stageDirectory(writer, source, { exclude, ...(include === undefined ? {} : { include }) });
        const catalog = await writer.seal();
        const names = (await listBlobs(catalog)).map((blob) => blob.name).sort();
        await catalog.close();
        return names;
      };
      expect({
        byEnding: await staged(["*.txt"], []),
        rooted: await staged(["a/**"], ["*.log"]),
        foldersAnywhere: await staged(undefined, ["cache"]),
        onlyTopFolder: await staged(undefined, ["/cache/", "a/b/**"]),
      }).toEqual({
        byEnding: [".hidden.txt", "a/keep.txt", "cache/x.txt", "deep/cache/y.txt"],
        rooted: ["a/b/keep.md", "a/keep.txt"],
        foldersAnywhere: [".hidden.txt", "a/b/keep.md", "a/drop.log", "a/keep.txt"],
        onlyTopFolder: [".hidden.txt", "a/drop.log", "a/keep.txt", "deep/cache/y.txt"],
      });
    });
  });

  test("leaves a staging location inside the source out", async () => {
    await withTemporaryFolder(async (folder) => {
      await makeTree(folder);
      for (const staging of [join(folder, "staging"), folder]) {
        const location = await openStagingLocation(staging, { create: true });
        const writer = await location.createSeed(seedSettings);
        const report = await stageDirectory(writer, folder, { exclude: ["staging"] });
        expect(report).toMatchObject({ filesStaged: 10, failures: [] });
        await writer.close();
      }
      const location = await openStagingLocation(join(folder, "staging"));
      const writer = await location.createSeed({ ...seedSettings, jobName: "seed-two" });
      expect(await stageDirectory(writer, folder, { exclude: ["seed-one"] })).toMatchObject({
        filesStaged: 10,
      });
      await writer.close();
    });
  });

  test.each([{}, { bundle: true }, { compression: "gzip" as const }])(
    "stops when it is aborted, and can be continued: %j",
    async (options) => {
      await withTemporaryFolder(async (folder) => {
        const source = join(folder, "source");
        await mkdir(source);
        for (let at = 0; at < 600; at += 1) await writeFile(join(source, `file-${at}`), `content ${at}`);
        await writeFile(join(source, "large"), pseudoRandomBytes(3_000_000, 5));
        const location = await openStagingLocation(join(folder, "staging"), { create: true });
        const writer = await location.createSeed(seedSettings);
        const controller = new AbortController();
        const staging = stageDirectory(writer, source, {
          ...options,
          abortSignal: controller.signal,
          onProgress: () => controller.abort(),
        });
        expect(await codeOf(staging)).toBe("AbortError");
        const report = await stageDirectory(writer, source, options);
        expect([report.filesStaged + report.filesAlreadyStaged, report.failures]).toEqual([601, []]);
        await (await writer.seal()).close();
      });
    },
  );

  test("tells how far it is", async () => {
    await withTemporaryFolder(async (folder) => {
      const source = join(folder, "source");
      await makeTree(source);
      const location = await openStagingLocation(join(folder, "staging"), { create: true });
      const writer = await location.createSeed(seedSettings);
      const reports: Progress[] = [];
      const report = await stageDirectory(writer, source, {
        onProgress: (progress) => reports.push(progress),
      });
      expect(reports.at(-1)).toMatchObject({
        phase: "staging",
        itemsDone: report.filesStaged,
        bytesDone: report.bytesStaged,
      });
      await writer.close();
    });
  });
});
