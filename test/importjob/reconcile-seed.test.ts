import { createHash } from "node:crypto";
import type { ContainerClient } from "@azure/storage-blob";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Azurite, startAzurite } from "../../src/emulator/index.js";
import {
  type ReconcileSeedOptions,
  readImportLog,
  reconcileSeed,
  type SeedFinding,
} from "../../src/importjob/index.js";
import {
  counterId,
  md5Id,
  newContainer,
  patternedBlob,
  patternedBytes,
  putBlocks,
  putWhole,
} from "./support/azurite-container.js";
import { type MemoryBlob, memoryCatalog } from "./support/memory-catalog.js";

let azurite: Azurite;
let containerClient: ContainerClient;

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.close());
beforeEach(async () => {
  containerClient = await newContainer(azurite);
});

async function reconcile(blobs: readonly MemoryBlob[], options: ReconcileSeedOptions = {}) {
  return reconcileSeed(containerClient, memoryCatalog(blobs), options);
}

describe("reconcileSeed", () => {
  test("finds every blob by Content-MD5, whatever the order and the names", async () => {
    const blobs = ["z/last", "a", "Ünïcode/漢字", "with space & <xml>", "a/b", "A", "empty"].map((name, at) =>
      patternedBlob(name, name === "empty" ? 0 : 100 + at, at),
    );
    for (const item of blobs) await putWhole(containerClient, item);
    const report = await reconcile(blobs);
    expect(report).toMatchObject({
      blobs: 7,
      arrivedEqual: 7,
      missing: 0,
      different: 0,
      notVerified: 0,
      extra: 0,
      evidence: { "content-md5": 6, empty: 1, "block-hashes": 0, bytes: 0 },
      findings: [],
      unproven: [],
      isProven: true,
    });
    expect(report.arrivedEqualBytes).toBe(report.bytes);
    expect(structuredClone(report)).toEqual(report);
  });

  test("missing, other length, other content, other kind, and extra blobs", async () => {
    const blobs = ["absent", "shorter", "flipped", "wrong-kind", "fine"].map((name) =>
      patternedBlob(name, 1024),
    );
    await putWhole(containerClient, blobs[1]!, blobs[1]!.content.subarray(0, 1023));
    const flipped = Buffer.from(blobs[2]!.content);
    flipped[512]! ^= 1;
    await putWhole(containerClient, blobs[2]!, flipped);
    await containerClient.getPageBlobClient("wrong-kind").create(1024);
    await putWhole(containerClient, blobs[4]!);
    await putWhole(containerClient, patternedBlob("Fine"));
    const told: SeedFinding[] = [];
    const report = await reconcile(blobs, { onFinding: (finding) => told.push(finding) });
    expect(report).toMatchObject({
      arrivedEqual: 1,
      missing: 1,
      different: 3,
      extra: 1,
      extraNames: ["Fine"],
      isProven: false,
    });
    expect(report.findings.map(({ index, name, verdict, reason }) => [index, name, verdict, reason])).toEqual(
      [
        [0, "absent", "missing", "absent"],
        [1, "shorter", "different", "length"],
        [2, "flipped", "different", "content-md5"],
        [3, "wrong-kind", "different", "kind"],
      ],
    );
    expect(report.unproven).toEqual([{ firstIndex: 0, endIndex: 4 }]);
    expect(told).toHaveLength(4);
  });

  test("blobs without Content-MD5: block names that carry hashes, then bytes", async () => {
    const blobs = ["by-hash", "by-bytes", "bad-hash", "bad-bytes"].map((name) => patternedBlob(name, 10_000));
    await putBlocks(containerClient, blobs[0]!, md5Id);
    await putBlocks(containerClient, blobs[1]!, counterId);
    const other = { ...blobs[2]!, content: Buffer.from(blobs[2]!.content).fill(1, 4096, 8192) };
    await putBlocks(containerClient, other, md5Id);
    await putBlocks(containerClient, blobs[3]!, counterId, 2);
    expect(await reconcile(blobs)).toMatchObject({
      arrivedEqual: 2,
      different: 2,
      evidence: { "block-hashes": 1, bytes: 1 },
      findings: [
        {
          name: "bad-hash",
          reason: "block-hashes",
          damagedRanges: [{ offsetInBytes: 4096, lengthInBytes: 4096 }],
        },
        { name: "bad-bytes", reason: "bytes", damagedRanges: [{ offsetInBytes: 8192, lengthInBytes: 1808 }] },
      ],
    });
    expect(await reconcile(blobs, { readBytes: "never" })).toMatchObject({
      arrivedEqual: 1,
      different: 1,
      notVerified: 2,
      findings: [{ verdict: "not-verified", reason: "no-evidence" }, {}, {}],
    });
  });

  test("reading always trusts neither properties nor block names", async () => {
    const blobs = [patternedBlob("false-md5"), patternedBlob("false-names"), patternedBlob("true")];
    const wrong = Buffer.from(blobs[0]!.content).fill(9, 100, 101);
    await putWhole(containerClient, blobs[0]!, wrong);
    await containerClient
      .getBlockBlobClient("false-md5")
      .setHTTPHeaders({ blobContentMD5: createHash("md5").update(blobs[0]!.content).digest() });
    await putBlocks(containerClient, blobs[1]!, md5Id, 1);
    await putWhole(containerClient, blobs[2]!);
    expect(await reconcile(blobs)).toMatchObject({ arrivedEqual: 3 });
    expect(await reconcile(blobs, { readBytes: "always" })).toMatchObject({
      arrivedEqual: 1,
      different: 2,
      evidence: { bytes: 1 },
      findings: [
        { name: "false-md5", damagedRanges: [{ offsetInBytes: 0, lengthInBytes: 4096 }] },
        { name: "false-names", damagedRanges: [{ offsetInBytes: 4096, lengthInBytes: 4096 }] },
      ],
    });
  });

  test("a Content-MD5 that the writer claimed proves no equality: page ranges and blocks are looked at", async () => {
    const pages = ["good.AIBBlob", "bad.AIBBlob"].map(
      (name): MemoryBlob => ({ name, content: patternedBytes(8192, 6), kind: "page" }),
    );
    const blocks = patternedBlob("blocks", 10_000);
    const claimOf = (content: Uint8Array) => ({
      blobContentMD5: createHash("md5").update(content).digest(),
    });
    for (const { name, content } of pages) {
      const client = containerClient.getPageBlobClient(name);
      await client.create(8192, { blobHTTPHeaders: claimOf(content) });
      // A datacentre that finds a range damaged leaves its pages empty; the property stays.
      const arrived = name === "good.AIBBlob" ? 8192 : 4096;
      await client.uploadPages(content.subarray(0, arrived), 0, arrived);
    }
    const other = { ...blocks, content: Buffer.from(blocks.content).fill(1, 4096, 8192) };
    await putBlocks(containerClient, other, md5Id);
    await containerClient.getBlockBlobClient("blocks").setHTTPHeaders(claimOf(blocks.content));
    const seed = [...pages, blocks];
    const differences = [
      { name: "bad.AIBBlob", reason: "bytes", damagedRanges: [{ offsetInBytes: 4096, lengthInBytes: 4096 }] },
      {
        name: "blocks",
        reason: "block-hashes",
        damagedRanges: [{ offsetInBytes: 4096, lengthInBytes: 4096 }],
      },
    ];
    expect(await reconcile(seed)).toMatchObject({
      arrivedEqual: 1,
      different: 2,
      evidence: { bytes: 1, "content-md5": 0 },
      findings: differences,
    });
    expect(await reconcile(seed, { readBytes: "never" })).toMatchObject({
      arrivedEqual: 0,
      different: 1,
      notVerified: 2,
      isProven: false,
    });
    const log = await readImportLog(
      [
        `<DriveLog Version="2014-11-01"><DriveId>DISK1</DriveId>
       <Blob Status="Completed"><BlobPath>seed/good.AIBBlob</BlobPath><FilePath>\\good</FilePath><Length>8192</Length>
         <PageRangeList><PageRange Offset="0" Length="8192" Status="Completed"/></PageRangeList></Blob>
       <Blob Status="CompletedWithErrors"><BlobPath>seed/bad.AIBBlob</BlobPath><FilePath>\\bad</FilePath><Length>8192</Length>
         <PageRangeList><PageRange Offset="0" Length="4096" Status="Completed"/>
           <PageRange Offset="4096" Length="4096" Status="Corrupted"/></PageRangeList></Blob>
       <Blob Status="Completed"><BlobPath>elsewhere/blocks</BlobPath><FilePath>\\blocks</FilePath><Length>1</Length></Blob>
       <Status>CompletedWithErrors</Status></DriveLog>`,
      ],
      { keep: "all" },
    );
    // What the service checked itself needs no reading; what it found damaged, and other containers' blobs, do.
    expect(await reconcile(seed, { logs: [log], readBytes: "never" })).toMatchObject({
      arrivedEqual: 1,
      evidence: { "checked-on-arrival": 1 },
      different: 1,
      notVerified: 1,
    });
    expect(await reconcile(seed, { logs: [log] })).toMatchObject({ arrivedEqual: 1, findings: differences });
  });

  test("page blobs with holes: data must be equal and holes must be zeros", async () => {
    const size = 64 * 1024;
    const data = Buffer.alloc(size);
    patternedBytes(8192, 3).copy(data, 4096);
    patternedBytes(512, 4).copy(data, 40_960);
    const dataStretches = [
      { offsetInBytes: 4096, lengthInBytes: 8192 },
      { offsetInBytes: 40_960, lengthInBytes: 512 },
    ];
    const pages = ["good", "dirty", "flipped"].map(
      (name): MemoryBlob => ({ name, content: data, kind: "page", dataStretches }),
    );
    for (const { name } of pages) {
      const client = containerClient.getPageBlobClient(name);
      await client.create(size);
      await client.uploadPages(data.subarray(4096, 12_288), 4096, 8192);
      await client.uploadPages(data.subarray(40_960, 41_472), 40_960, 512);
    }
    // Zeros written into a hole do no harm; anything else does.
    await containerClient.getPageBlobClient("good").uploadPages(Buffer.alloc(512), 0, 512);
    await containerClient.getPageBlobClient("dirty").uploadPages(patternedBytes(512), 50_176, 512);
    await containerClient.getPageBlobClient("flipped").uploadPages(patternedBytes(512, 9), 8192, 512);
    expect(await reconcile(pages)).toMatchObject({
      arrivedEqual: 1,
      different: 2,
      findings: [
        { name: "dirty", damagedRanges: [{ offsetInBytes: 50_176, lengthInBytes: 512 }] },
        { name: "flipped", damagedRanges: [{ offsetInBytes: 8192, lengthInBytes: 4096 }] },
      ],
    });
  });

  test("without hashes in the catalog the staged bytes say what is right", async () => {
    const blobs = [patternedBlob("same"), patternedBlob("other")];
    await putWhole(containerClient, blobs[0]!);
    await putWhole(containerClient, blobs[1]!, patternedBytes(10_000, 2));
    const catalog = memoryCatalog(blobs, { withoutHashes: true });
    expect(await reconcileSeed(containerClient, catalog)).toMatchObject({
      arrivedEqual: 1,
      different: 1,
      evidence: { bytes: 1 },
    });
    expect(catalog.openedStagedBlobs()).toBe(2);
    expect(await reconcileSeed(containerClient, catalog, { readBytes: "never" })).toMatchObject({
      notVerified: 2,
    });
  });

  test("a container that does not exist holds nothing; kept findings are bounded, the runs complete", async () => {
    await containerClient.delete();
    const blobs = Array.from({ length: 50 }, (_, at) => patternedBlob(`blob-${at}`, 10));
    expect(await reconcile(blobs, { maximumFindings: 3 })).toMatchObject({
      missing: 50,
      findings: [{ index: 0 }, { index: 1 }, { index: 2 }],
      findingsOmitted: 47,
      unproven: [{ firstIndex: 0, endIndex: 50 }],
    });
  });

  test.each(["when-needed", "always"] as const)(
    "a blob replaced between listing and reading is never called equal: %s",
    async (readBytes) => {
      const item = patternedBlob("moving");
      await putBlocks(containerClient, item, counterId);
      const catalog = memoryCatalog([item]);
      const racing = {
        ...catalog,
        async readRangeHashes(...parameters: Parameters<typeof catalog.readRangeHashes>) {
          await putWhole(containerClient, item, patternedBytes(10_000, 5));
          return catalog.readRangeHashes(...parameters);
        },
      };
      expect(await reconcileSeed(containerClient, racing, { readBytes })).toMatchObject({
        notVerified: 1,
        findings: [{ reason: "changed-meanwhile" }],
      });
    },
  );

  test("more blobs than one page, with progress, and aborted", async () => {
    const blobs = Array.from({ length: 510 }, (_, at) => patternedBlob(`${at % 7}/${at}`, 1, at % 250));
    const client = (name: string) => containerClient.getBlockBlobClient(name);
    for (let at = 0; at < blobs.length; at += 100) {
      await Promise.all(blobs.slice(at, at + 100).map((item) => client(item.name).upload(item.content, 1)));
    }
    const phases = new Set<string>();
    const report = await reconcile(blobs, { pageSize: 100, onProgress: ({ phase }) => phases.add(phase) });
    expect(report).toMatchObject({ arrivedEqual: 510, isProven: true });
    expect([...phases]).toEqual(["reading the catalog", "comparing the container"]);
    const controller = new AbortController();
    const aborted = reconcile(blobs, {
      abortSignal: controller.signal,
      onProgress: ({ phase }) => phase === "comparing the container" && controller.abort(),
    });
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
  });
});
