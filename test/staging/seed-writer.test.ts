import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import {
  type BlobSource,
  openStagingLocation,
  type SeedBlob,
  seedBlobRanges,
  verifySeed,
  type WriteBlobOptions,
} from "../../src/staging/index.js";
import {
  codeOf,
  listBlobs,
  pseudoRandomBytes,
  readStaged,
  seedSettings,
  withTemporaryFolder,
} from "./support.js";

const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

async function* pieces(bytes: Uint8Array, sizeInBytes: number): AsyncGenerator<Uint8Array> {
  // One buffer for all chunks, as a careful producer would do it.
  const buffer = Buffer.alloc(sizeInBytes);
  for (let offset = 0; offset < bytes.length; offset += sizeInBytes) {
    const piece = bytes.subarray(offset, offset + sizeInBytes);
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
  }
}

function cut(bytes: Uint8Array, sizeInBytes: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / sizeInBytes) }, (_, index) =>
    bytes.subarray(index * sizeInBytes, (index + 1) * sizeInBytes),
  );
}

/** Stages one blob, seals, and returns it with its bytes and range hashes. */
async function stageOne(
  name: string,
  source: BlobSource,
  options: WriteBlobOptions = {},
): Promise<{ blob: SeedBlob; bytes: Buffer; hashes: string[] }> {
  return withTemporaryFolder(async (folder) => {
    const location = await openStagingLocation(folder);
    const writer = await location.createSeed(seedSettings);
    const written = await writer.writeBlob(name, source, options).catch(async (error: unknown) => {
      await writer.close();
      throw error;
    });
    const catalog = await writer.seal();
    try {
      const [blob] = await listBlobs(catalog);
      expect(blob).toEqual(written);
      const ranges = [...seedBlobRanges(blob!)];
      const hashes = Buffer.from((await catalog.readRangeHashes(blob!, 0, ranges.length))!).toString("hex");
      return {
        blob: blob!,
        bytes: await readStaged(catalog, blob!),
        hashes: hashes === "" ? [] : hashes.match(/.{32}/g)!,
      };
    } finally {
      await catalog.close();
    }
  });
}

describe("content", () => {
  const mebibyte = 1024 * 1024;
  const large = pseudoRandomBytes(9 * mebibyte + 77, 5);

  test.each<[string, Uint8Array]>([
    ["empty", new Uint8Array(0)],
    ["small", pseudoRandomBytes(1000, 1)],
    ["at the limit of packs", pseudoRandomBytes(mebibyte, 2)],
    ["just above it", pseudoRandomBytes(mebibyte + 1, 3)],
    ["of several ranges", large],
  ])("%s content keeps its bytes and hashes whatever the kind of source", async (_label, bytes) => {
    await withTemporaryFolder(async (folder) => {
      const file = join(folder, "source");
      await writeFile(file, bytes);
      const sources: BlobSource[] = [
        bytes,
        pieces(bytes, 65_537),
        Readable.from(cut(bytes, 4096)),
        new Blob([bytes as Uint8Array<ArrayBuffer>]).stream() as unknown as AsyncIterable<Uint8Array>,
        { file },
      ];
      const expectedHashes: string[] = [];
      for (let offset = 0; offset < bytes.length; offset += 4 * mebibyte) {
        expectedHashes.push(md5(bytes.subarray(offset, offset + 4 * mebibyte)));
      }
      for (const source of sources) {
        const staged = await stageOne("folder/name.bin", source);
        expect({ md5: staged.blob.md5, hashes: staged.hashes, equal: staged.bytes.equals(bytes) }).toEqual({
          md5: md5(bytes),
          hashes: expectedHashes,
          equal: true,
        });
      }
    });
  });

  test("the whole description of a blob survives", async () => {
    const options = {
      headers: { contentType: "text/plain", contentLanguage: "de", cacheControl: "no-store" },
      metadata: { Owner: "backup", mtime: "x" },
      modifiedAtInMs: 1_700_000_000_123,
      rangeSizeInBytes: 512,
    };
    const bytes = pseudoRandomBytes(1300, 9);
    const { blob, hashes } = await stageOne("ünïcode 名前 .txt", bytes, options);
    expect({ blob, hashes }).toEqual({
      blob: {
        index: 0,
        name: "ünïcode 名前 .txt",
        kind: "block",
        lengthInBytes: 1300,
        md5: md5(bytes),
        dataStretches: undefined,
        ...options,
      },
      hashes: [md5(bytes.subarray(0, 512)), md5(bytes.subarray(512, 1024)), md5(bytes.subarray(1024))],
    });
  });

  test("a page blob leaves runs of zeros out and keeps its bytes", async () => {
    const unit = 64 * 1024;
    const bytes = Buffer.alloc(40 * unit + 512);
    pseudoRandomBytes(unit + 5, 3).copy(bytes, 3 * unit + 100);
    pseudoRandomBytes(512, 4).copy(bytes, 40 * unit);
    const { blob, bytes: staged, hashes } = await stageOne("disk.VHD", pieces(bytes, 100_000));
    expect({ ...blob, equal: staged.equals(bytes), hashes }).toMatchObject({
      kind: "page",
      md5: md5(bytes),
      dataStretches: [
        { offsetInBytes: 3 * unit, lengthInBytes: 2 * unit },
        { offsetInBytes: 40 * unit, lengthInBytes: 512 },
      ],
      equal: true,
      hashes: [md5(bytes.subarray(3 * unit, 5 * unit)), md5(bytes.subarray(40 * unit))],
    });
  });

  test("a page blob of zeros has no range at all", async () => {
    const { blob, hashes } = await stageOne("zero.AIBBlob", Buffer.alloc(1024 * 1024));
    expect({ stretches: blob.dataStretches, hashes }).toEqual({ stretches: [], hashes: [] });
  });
});

describe("what a writer refuses", () => {
  const small = Buffer.from("content");
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield small;
    throw new Error("the producer broke");
  }
  async function* textual(): AsyncGenerator<string> {
    yield "text";
  }

  test.each<[string, string, BlobSource, WriteBlobOptions, string]>([
    ["an empty name", "", small, {}, "blob-name-invalid"],
    ["a name of 1025 characters", "n".repeat(1025), small, {}, "blob-name-invalid"],
    ["a parent segment", "a/../b", small, {}, "blob-name-invalid"],
    ["a backslash", "a\\b", small, {}, "blob-name-invalid"],
    ["a control character", "a\nb", small, {}, "blob-name-invalid"],
    ["half a surrogate pair", "a\ud800b", small, {}, "blob-name-invalid"],
    ["255 segments", Array(255).fill("a").join("/"), small, {}, "blob-name-invalid"],
    ["a bad metadata name", "a", small, { metadata: { "1x": "" } }, "blob-properties-invalid"],
    ["metadata beyond ASCII", "a", small, { metadata: { x: "ü" } }, "blob-properties-invalid"],
    ["8 KiB of metadata", "a", small, { metadata: { x: "x".repeat(8192) } }, "blob-properties-invalid"],
    [
      "a header with a line break",
      "a",
      small,
      { headers: { contentType: "a\r\nb" } },
      "blob-properties-invalid",
    ],
    ["an odd range size", "a", small, { rangeSizeInBytes: 1000 }, "option-invalid"],
    ["a page blob of odd length", "a", small, { kind: "page" }, "blob-not-aligned"],
    ["a page stream of odd length", "a", Readable.from([small]), { kind: "page" }, "blob-not-aligned"],
    ["a broken producer", "a", failing(), {}, "source-unreadable"],
    ["a producer of text", "a", textual() as unknown as BlobSource, {}, "source-invalid"],
    ["a number", "a", 5 as unknown as BlobSource, {}, "source-invalid"],
    ["a missing file", "a", { file: "/nowhere/at/all" }, {}, "source-unreadable"],
    ["a folder as file", "a", { file: "/" }, {}, "source-invalid"],
    ["fewer bytes than announced", "a", Readable.from([small]), { lengthInBytes: 8 }, "source-changed"],
    ["more bytes than announced", "a", Readable.from([small]), { lengthInBytes: 6 }, "source-changed"],
    ["a device", "a", { file: "/dev/null" }, {}, "source-invalid"],
    ["more than 50,000 blocks of 100 MiB", "a", small, { lengthInBytes: 2 ** 43 }, "blob-too-large"],
    [
      "50,001 blocks of 512 bytes",
      "a",
      small,
      { lengthInBytes: 512 * 50_000 + 1, rangeSizeInBytes: 512 },
      "blob-too-large",
    ],
    ["an aborted call", "a", small, { abortSignal: AbortSignal.abort() }, "AbortError"],
  ])("%s; the writer goes on", async (_label, name, source, options, code) => {
    await withTemporaryFolder(async (folder) => {
      const location = await openStagingLocation(folder);
      const writer = await location.createSeed(seedSettings);
      expect(await codeOf(writer.writeBlob(name, source, options))).toBe(code);
      await writer.writeBlob("good", small);
      const catalog = await writer.seal();
      expect((await listBlobs(catalog)).map((blob) => blob.name)).toEqual(["good"]);
      await catalog.close();
    });
  });

  test("the same name twice, at the same time or later", async () => {
    await withTemporaryFolder(async (folder) => {
      const location = await openStagingLocation(folder);
      const writer = await location.createSeed(seedSettings);
      const results = await Promise.allSettled([writer.writeBlob("a", small), writer.writeBlob("a", small)]);
      expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected"]);
      expect(await codeOf(writer.writeBlob("a", small))).toBe("blob-exists");
      await writer.flush();
      expect(await codeOf(writer.writeBlob("a", small))).toBe("blob-exists");
      await writer.close();
    });
  });

  test("anything after seal or close", async () => {
    await withTemporaryFolder(async (folder) => {
      const location = await openStagingLocation(folder);
      const writer = await location.createSeed(seedSettings);
      await (await writer.seal()).close();
      expect([
        await codeOf(writer.writeBlob("a", small)),
        await codeOf(writer.seal()),
        await codeOf(writer.close()),
        await codeOf(location.resumeSeed("seed-one")),
      ]).toEqual(["writer-closed", "writer-closed", "no error", "seed-sealed"]);
    });
  });
});

test("content can be encrypted on its way", async () => {
  const key = pseudoRandomBytes(32, 8);
  const iv = pseudoRandomBytes(16, 9);
  const text = Buffer.from("secret words ".repeat(200_000));
  const cipher = createCipheriv("aes-256-ctr", key, iv);
  const { bytes, blob } = await stageOne("secret.bin", Readable.from(cut(text, 50_000)).pipe(cipher));
  expect(createDecipheriv("aes-256-ctr", key, iv).update(bytes).equals(text)).toBe(true);
  expect(blob.lengthInBytes).toBe(text.length);
});

describe("compression of single blobs", () => {
  const text = Buffer.from("the same words again and again ".repeat(100_000));
  test.each([
    ["gzip", "gzip", gunzipSync],
    ["brotli", "br", brotliDecompressSync],
  ] as const)(
    "%s content carries its encoding and length, whether it is short or long",
    async (method, encoding, undo) => {
      for (const raw of [text.subarray(0, 5000), text]) {
        for (const source of [raw, pieces(raw, 70_000)]) {
          const { blob, bytes } = await stageOne("a", source, {
            compression: method,
            lengthInBytes: raw.length,
          });
          expect({ ...blob.metadata, ...blob.headers, equal: undo(bytes).equals(raw) }).toEqual({
            raw_length: String(raw.length),
            contentEncoding: encoding,
            equal: true,
          });
        }
      }
    },
  );

  test("auto leaves alone what does not shrink", async () => {
    for (const raw of [pseudoRandomBytes(5000, 1), pseudoRandomBytes(3_000_000, 2)]) {
      const { blob, bytes } = await stageOne("a", pieces(raw, 70_000), { compression: "auto" });
      expect([blob.headers, blob.metadata, bytes.equals(raw)]).toEqual([{}, {}, true]);
    }
  });

  test("page blobs, encoded content and unknown methods are refused", async () => {
    const code = (options: WriteBlobOptions): Promise<unknown> =>
      codeOf(stageOne("a", Buffer.alloc(512), options));
    expect([
      await code({ kind: "page", compression: "gzip" }),
      await code({ headers: { contentEncoding: "br" }, compression: "gzip" }),
      await code({ compression: { method: "gzip", level: 10 } }),
      await code({ compression: "lzma" as "gzip" }),
    ]).toEqual(["option-invalid", "option-invalid", "option-invalid", "option-invalid"]);
  });
});

test("commits in between do not matter, whatever was written before them", async () => {
  await withTemporaryFolder(async (folder) => {
    const location = await openStagingLocation(folder);
    const writer = await location.createSeed(seedSettings);
    const kinds: Record<string, Buffer> = {
      large: pseudoRandomBytes(5 * 1024 * 1024, 3),
      small: pseudoRandomBytes(1000, 4),
      empty: Buffer.alloc(0),
      zero: Buffer.alloc(1024 * 1024),
    };
    const order = [
      "large",
      "large",
      "empty",
      "zero",
      "large",
      "small",
      "large",
      "empty",
      "small",
      "zero",
      "large",
    ];
    for (const [at, kind] of order.entries()) {
      await writer.writeBlob(`${at}-${kind}${kind === "zero" ? ".vhd" : ""}`, kinds[kind]!);
      await writer.flush();
      await writer.flush();
    }
    const catalog = await writer.seal();
    for (const [at, blob] of (await listBlobs(catalog)).entries()) {
      expect([blob.name, (await readStaged(catalog, blob)).equals(kinds[order[at]!]!)]).toEqual([
        blob.name,
        true,
      ]);
    }
    expect((await verifySeed(catalog)).problems).toEqual([]);
    await catalog.close();
  });
});

test("a pack that is full is followed by the next one", async () => {
  await withTemporaryFolder(async (folder) => {
    const location = await openStagingLocation(folder);
    const writer = await location.createSeed(seedSettings);
    const content = pseudoRandomBytes(1024 * 1024, 6);
    const count = 262;
    await Promise.all(
      Array.from({ length: count }, (_, at) => writer.writeBlob(`blob-${at}`, content.subarray(at % 7))),
    );
    const catalog = await writer.seal();
    const packs = new Set((await listBlobs(catalog)).map((blob) => catalog.stagedFileExtent(blob)!.path));
    expect([packs.size, (await verifySeed(catalog, { sampleFraction: 0.2 })).problems]).toEqual([2, []]);
    await catalog.close();
  });
});

test("more calls than may run wait before they read their source", async () => {
  await withTemporaryFolder(async (folder) => {
    const location = await openStagingLocation(folder);
    const writer = await location.createSeed({ ...seedSettings, maximumConcurrentBlobs: 3 });
    let reading = 0;
    let most = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      reading += 1;
      most = Math.max(most, reading);
      yield Buffer.alloc(10);
      await new Promise((resolve) => setImmediate(resolve));
      reading -= 1;
    }
    await Promise.all(Array.from({ length: 20 }, (_, index) => writer.writeBlob(`blob-${index}`, source())));
    expect(most).toBe(3);
    await writer.close();
  });
});

test("a file that changes while it is read is refused", async () => {
  await withTemporaryFolder(async (folder) => {
    const file = join(folder, "growing");
    await writeFile(file, pseudoRandomBytes(3 * 1024 * 1024, 1));
    await mkdir(join(folder, "staging"));
    const location = await openStagingLocation(join(folder, "staging"));
    const writer = await location.createSeed(seedSettings);
    let touched = false;
    const onProgress = (): void => {
      if (!touched) {
        touched = true;
        // Synchronous on purpose: the change must happen between two reads.
        appendFileSync(file, "more");
      }
    };
    expect(await codeOf(writer.writeBlob("a", { file }, { onProgress }))).toBe("source-changed");
    await writer.close();
  });
});
