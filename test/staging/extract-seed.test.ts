import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { BlobServiceClient, type ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { unpackTar } from "modern-tar";
import pLimit from "p-limit";
import { type Azurite, startAzurite } from "../../src/emulator/index.js";
import {
  extractSeed,
  openStagingLocation,
  type SeedBlob,
  type SeedCatalog,
  type StageDirectoryOptions,
  type StagedSeedCatalog,
  stageDirectory,
  verifySeed,
} from "../../src/staging/index.js";
import { isOracleMissing } from "../support/required-programs.js";
import { codeOf, listBlobs, readStaged, seedSettings, withTemporaryFolder } from "./support.js";
import { describeTree, makeAwkwardTree } from "./tree-support.js";

async function stageTree(folder: string, options: StageDirectoryOptions = {}): Promise<StagedSeedCatalog> {
  const location = await openStagingLocation(join(folder, "staging"), { create: true });
  const writer = await location.createSeed(seedSettings);
  const report = await stageDirectory(writer, join(folder, "source"), options);
  expect(report.failures).toEqual([]);
  return writer.seal();
}

const modes: readonly [string, StageDirectoryOptions][] = [
  ["one blob a file", {}],
  ["one blob a file, with a prefix, on one thread", { namePrefix: "srv 01/", threads: 1 }],
  ["gzip", { compression: "gzip" }],
  ["brotli where it shrinks", { compression: "auto" }],
  ["zstd", { compression: "zstd" }],
  ["bundles", { bundle: true }],
  [
    "small bundles with brotli",
    { bundle: { maxBytes: 128 * 1024, maxFileBytes: 20_000 }, compression: "brotli" },
  ],
  ["bundles with zstd and a prefix", { bundle: true, compression: "zstd", namePrefix: "p/" }],
];

describe("a staged tree comes back as it was", () => {
  test.each(modes)("%s", async (_label, options) => {
    await withTemporaryFolder(async (folder) => {
      await makeAwkwardTree(join(folder, "source"), 1024 - (options.namePrefix ?? "").length);
      const catalog = await stageTree(folder, options);
      const verified = await verifySeed(catalog);
      expect({ equal: verified.blobsEqual, problems: verified.problems }).toEqual({
        equal: catalog.blobCount,
        problems: [],
      });
      const report = await extractSeed(catalog, join(folder, "target"), {
        stripPrefix: options.namePrefix ?? "",
      });
      await catalog.close();
      expect(report.failures).toEqual([]);
      expect(await describeTree(join(folder, "target"))).toEqual(await describeTree(join(folder, "source")));
    });
  });

  test("hard links stay links when they are stored so", async () => {
    await withTemporaryFolder(async (folder) => {
      const source = join(folder, "source");
      await mkdir(source);
      await writeFile(join(source, "a"), "content");
      execFileSync("ln", [join(source, "a"), join(source, "b")]);
      const catalog = await stageTree(folder, { hardLinks: "store", namePrefix: "x/" });
      await extractSeed(catalog, join(folder, "target"), { stripPrefix: "x/" });
      await catalog.close();
      const [a, b] = await Promise.all(["a", "b"].map((name) => stat(join(folder, "target", name))));
      expect({ same: a?.ino === b?.ino, links: a?.nlink }).toEqual({ same: true, links: 2 });
    });
  });

  test("holes stay holes", async () => {
    await withTemporaryFolder(async (folder) => {
      const source = join(folder, "source");
      await mkdir(source);
      const sizeInBytes = process.env["OFFLINE_SEED_LONG"] === "1" ? 10 * 1024 ** 3 : 64 * 1024 ** 2;
      await writeFile(join(source, "disk.vhdx"), "data at the beginning");
      await truncate(join(source, "disk.vhdx"), sizeInBytes);
      const catalog = await stageTree(folder);
      await extractSeed(catalog, join(folder, "target"));
      const [blob] = await listBlobs(catalog);
      const staged = await stat(catalog.stagedFilePath(blob!)!);
      const extracted = await stat(join(folder, "target", "disk.vhdx"));
      await catalog.close();
      expect([staged, extracted].map((stats) => [stats.size, stats.blocks * 512 < 1024 * 1024])).toEqual([
        [sizeInBytes, true],
        [sizeInBytes, true],
      ]);
    });
  });
});

describe("bundles", () => {
  test("are archives that tar programs read", async () => {
    await withTemporaryFolder(async (folder) => {
      const source = join(folder, "source");
      await makeAwkwardTree(source);
      const catalog = await stageTree(folder, { bundle: true, compression: "gzip" });
      const target = join(folder, "tar");
      await mkdir(target);
      const members: string[] = [];
      for (const blob of await listBlobs(catalog)) {
        if (blob.metadata["bundle"] === undefined) continue;
        const archive = gunzipSync(await readStaged(catalog, blob));
        members.push(...(await unpackTar(archive)).map(({ header }) => header.name));
        await writeFile(join(folder, "bundle.tar"), archive);
        if (!isOracleMissing("tar")) execFileSync("tar", ["-xf", join(folder, "bundle.tar"), "-C", target]);
      }
      await catalog.close();
      const single = ["large.bin", "compressible.log", "disk.vhd", "not a disk.vhd"];
      const expected = Object.keys(await describeTree(source)).filter((path) => !single.includes(path));
      expect(members.map((name) => name.replace(/\/$/, "")).sort()).toEqual(expected.sort());
      // Archives keep whole seconds; the finer times are in the index.
      const coarse = (tree: Record<string, string>): Record<string, string> =>
        Object.fromEntries(
          Object.entries(tree).map(([path, text]) => [path, text.replace(/\d{6}(?= mode|$)/, "")]),
        );
      const wanted = coarse(await describeTree(source));
      for (const path of single) delete wanted[path];
      if (!isOracleMissing("tar")) expect(coarse(await describeTree(target))).toEqual(wanted);
    });
  });

  test("a resumed run passes over what is in them and makes no name twice", async () => {
    await withTemporaryFolder(async (folder) => {
      const source = join(folder, "source");
      await makeAwkwardTree(source);
      const options: StageDirectoryOptions = { bundle: { maxBytes: 70_000 }, compression: "gzip" };
      const location = await openStagingLocation(join(folder, "staging"), { create: true });
      const first = await location.createSeed(seedSettings);
      await stageDirectory(first, source, { ...options, exclude: ["names", "large.bin"] });
      await first.close();
      const second = await location.resumeSeed(seedSettings.jobName);
      const report = await stageDirectory(second, source, options);
      const staged = Object.keys(await describeTree(source)).filter((path) => !/^(names\/|large)/.test(path));
      expect(report).toMatchObject({ filesAlreadyStaged: staged.length, failures: [] });
      const third = await stageDirectory(second, source, options);
      expect(third).toMatchObject({ filesStaged: 0, failures: [] });
      const catalog = await second.seal();
      await extractSeed(catalog, join(folder, "target"));
      await catalog.close();
      expect(await describeTree(join(folder, "target"))).toEqual(await describeTree(source));
    });
  });
});

describe("from a container", () => {
  let azurite: Azurite;
  let service: BlobServiceClient;
  let containers = 0;
  beforeAll(async () => {
    azurite = await startAzurite();
    service = new BlobServiceClient(
      azurite.endpoint,
      new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey),
    );
  });
  afterAll(async () => {
    // It would wait for the idle connections that clients keep open.
    process.kill(azurite.processId, "SIGKILL");
    await azurite.close();
  });

  /** Puts every blob of a seed into a fresh container, as the datacentre would. */
  async function upload(catalog: SeedCatalog): Promise<ContainerClient> {
    containers += 1;
    const container = service.getContainerClient(`seed-${containers}`);
    await container.create();
    const limit = pLimit(16);
    const uploads: Promise<void>[] = [];
    for await (const blob of catalog.blobs()) uploads.push(limit(() => uploadBlob(catalog, blob, container)));
    await Promise.all(uploads);
    return container;
  }

  async function uploadBlob(catalog: SeedCatalog, blob: SeedBlob, container: ContainerClient): Promise<void> {
    const bytes = await readStaged(catalog, blob);
    const { contentEncoding, contentType } = blob.headers;
    const options = {
      metadata: { ...blob.metadata },
      blobHTTPHeaders: {
        blobContentMD5: Buffer.from(blob.md5!, "hex"),
        ...(contentEncoding === undefined ? {} : { blobContentEncoding: contentEncoding }),
        ...(contentType === undefined ? {} : { blobContentType: contentType }),
      },
    };
    if (blob.kind === "block") {
      await container.getBlockBlobClient(blob.name).upload(bytes, bytes.length, options);
    } else {
      const page = container.getPageBlobClient(blob.name);
      await page.create(bytes.length, options);
      for (const stretch of blob.dataStretches ?? []) {
        const data = bytes.subarray(stretch.offsetInBytes, stretch.offsetInBytes + stretch.lengthInBytes);
        await page.uploadPages(data, stretch.offsetInBytes, data.length);
      }
    }
  }

  test.each(
    modes.filter(([label]) => ["one blob a file", "gzip", "small bundles with brotli"].includes(label)),
  )("%s", async (_label, options) => {
    await withTemporaryFolder(async (folder) => {
      await makeAwkwardTree(join(folder, "source"));
      const catalog = await stageTree(folder, options);
      const container = await upload(catalog);
      await catalog.close();
      const report = await extractSeed(container, join(folder, "target"));
      expect(report.failures).toEqual([]);
      expect(await describeTree(join(folder, "target"))).toEqual(await describeTree(join(folder, "source")));
    });
  });

  test("any HTTP client that knows the encoding gets the original bytes", async () => {
    await withTemporaryFolder(async (folder) => {
      await mkdir(join(folder, "source"));
      const text = "hello over there\n".repeat(1000);
      await writeFile(join(folder, "source", "hello.txt"), text);
      for (const compression of ["gzip", "brotli"] as const) {
        const catalog = await stageTree(folder, { compression });
        const container = await upload(catalog);
        await catalog.close();
        await rm(join(folder, "staging"), { recursive: true });
        await container.setAccessPolicy("blob");
        const response = await fetch(container.getBlobClient("hello.txt").url);
        expect([response.headers.get("content-encoding"), await response.text()]).toEqual([
          compression === "gzip" ? "gzip" : "br",
          text,
        ]);
      }
    });
  });
});

describe("hostile and broken seeds", () => {
  /** A container that lists what it is told. */
  function fakeContainer(
    blobs: Record<string, { content?: string; metadata?: Record<string, string>; md5?: Uint8Array }>,
  ): Parameters<typeof extractSeed>[0] {
    const propertiesOf = (name: string) => ({
      contentLength: Buffer.byteLength(blobs[name]!.content ?? ""),
      lastModified: new Date(0),
      ...(blobs[name]!.md5 === undefined ? {} : { contentMD5: blobs[name]!.md5 }),
    });
    return {
      async *listBlobsFlat() {
        for (const name of Object.keys(blobs)) {
          yield { name, metadata: blobs[name]!.metadata ?? {}, properties: propertiesOf(name) };
        }
      },
      getBlobClient: (name) => ({
        getProperties: async () => ({ ...propertiesOf(name), metadata: blobs[name]!.metadata ?? {} }),
        download: async () => ({
          readableStreamBody: (async function* () {
            yield Buffer.from(blobs[name]!.content ?? "");
          })(),
        }),
      }),
    };
  }

  test.each(["../outside", "a/../../outside", "/outside", "a//b", ".", "a/./b", "zero\0byte"])(
    "the name %j does not leave the folder",
    async (name) => {
      await withTemporaryFolder(async (folder) => {
        const report = await extractSeed(
          fakeContainer({ [name]: { content: "x" }, good: {} }),
          join(folder, "target"),
        );
        expect(report).toMatchObject({ filesExtracted: 1, failures: [{ code: "extract-failed" }] });
        expect([await readdir(folder), await readdir(join(folder, "target"))]).toEqual([
          ["target"],
          ["good"],
        ]);
      });
    },
  );

  test("an escaped name that hides a way out is refused too", async () => {
    await withTemporaryFolder(async (folder) => {
      const container = fakeContainer({ "a%2F..%2F..%2Fout": { metadata: { escaped_name: "true" } } });
      expect((await extractSeed(container, join(folder, "target"))).failures).toHaveLength(1);
    });
  });

  test("nothing is written through links, whether they come from the seed or were there before", async () => {
    await withTemporaryFolder(async (folder) => {
      await mkdir(join(folder, "outside"));
      await mkdir(join(folder, "target"));
      await symlink(join(folder, "outside"), join(folder, "target", "before"));
      const container = fakeContainer({
        "before/file": { content: "x" },
        link: { content: join(folder, "outside"), metadata: { is_symlink: "true" } },
        "link/inner": { content: "target", metadata: { is_symlink: "true" } },
        "link2/hard": { content: "link/secret", metadata: { is_hardlink: "true" } },
      });
      const report = await extractSeed(container, join(folder, "target"));
      expect(await readdir(join(folder, "outside"))).toEqual([]);
      expect(report.failureCount).toBe(3);
    });
  });

  test("a bundle index that points outside or lies about positions", async () => {
    await withTemporaryFolder(async (folder) => {
      const line = (fields: object): string =>
        JSON.stringify({
          path: "f",
          at: 0,
          length: 1,
          modified: "2020-01-01T00:00:00Z",
          mode: "0644",
          ...fields,
        });
      const header = '{"format":"offline-seed-bundle-index","version":1}';
      for (const bad of [
        line({ path: "../f" }),
        line({ path: "/f" }),
        line({ at: -1 }),
        line({ length: 1e300 }),
        line({ mode: "9" }),
        line({ modified: "yesterday" }),
        line({ type: "device" }),
        line({ at: 5_000_000 }),
        "not json",
        `${line({ at: 600, length: 10 })}\n${line({ path: "g", at: 5, length: 10 })}`,
      ]) {
        const container = fakeContainer({
          "b.index.ndjson": { content: `${header}\n${bad}\n`, metadata: { bundle_index: "1" } },
          "b.tar": { content: "x".repeat(1024), metadata: { bundle: "tar" } },
        });
        const target = join(folder, "target");
        const report = await extractSeed(container, target);
        expect([bad, report.failures.map((failure) => failure.code)]).toEqual([bad, ["content-damaged"]]);
        expect([bad, (await readdir(target)).filter((name) => name !== "f")]).toEqual([bad, []]);
        await rm(target, { recursive: true });
      }
    });
  });

  test("damaged content gets no final name", async () => {
    await withTemporaryFolder(async (folder) => {
      const container = fakeContainer({
        wrong: { content: "x", md5: new Uint8Array(16) },
        short: { content: "abc", metadata: { raw_length: "5" } },
      });
      const report = await extractSeed(container, join(folder, "target"));
      expect(report.failures.map(({ path, code }) => [path, code])).toEqual([["wrong", "content-damaged"]]);
      expect(await readdir(join(folder, "target"))).toEqual(["short"]);
    });
  });

  test("files that are there already are kept, passed over or replaced, as asked", async () => {
    await withTemporaryFolder(async (folder) => {
      const target = join(folder, "target");
      await mkdir(target);
      const container = (): Parameters<typeof extractSeed>[0] => fakeContainer({ file: { content: "new" } });
      const content = (): Promise<string> => readFile(join(target, "file"), "utf8");
      await writeFile(join(target, "file"), "old");
      const failed = await extractSeed(container(), target);
      const skipped = await extractSeed(container(), target, { existing: "skip" });
      expect([failed.failureCount, skipped.filesSkipped, await content()]).toEqual([1, 1, "old"]);
      await extractSeed(container(), target, { existing: "overwrite" });
      expect(await content()).toBe("new");
    });
  });

  test("an aborted extraction ends at once", async () => {
    await withTemporaryFolder(async (folder) => {
      const container = fakeContainer({ file: { content: "new" } });
      const abortSignal = AbortSignal.abort();
      expect(await codeOf(extractSeed(container, folder, { abortSignal }))).toBe("AbortError");
    });
  });
});
