import { createHash } from "node:crypto";
import type { ContainerClient } from "@azure/storage-blob";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Azurite, startAzurite } from "../../src/emulator/index.js";
import { readImportLog, reconcileSeed, repairSeed } from "../../src/importjob/index.js";
import {
  counterId,
  md5Id,
  newContainer,
  patternedBlob,
  patternedBytes,
  putBlocks,
  putWhole,
} from "./support/azurite-container.js";
import { preparedDrive } from "./support/import-orders.js";
import { type MemoryBlob, memoryCatalog } from "./support/memory-catalog.js";

const mebibyte = 1 << 20;
let azurite: Azurite;
let containerClient: ContainerClient;

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.close());
beforeEach(async () => {
  containerClient = await newContainer(azurite);
});

async function downloaded(name: string): Promise<Buffer> {
  return containerClient.getBlobClient(name).downloadToBuffer();
}

describe("repairSeed from a report", () => {
  test("uploads missing blobs whole, with headers and metadata, small and large, block and page", async () => {
    const page = patternedBytes(3 * mebibyte);
    page.fill(0, mebibyte, 2 * mebibyte);
    const blobs: MemoryBlob[] = [
      { ...patternedBlob("small"), headers: { contentType: "text/plain" }, metadata: { mtime: "2026" } },
      {
        ...patternedBlob("large", 5 * mebibyte + 3),
        rangeSizeInBytes: mebibyte,
        metadata: { mtime: "2027" },
      },
      { ...patternedBlob("empty", 0) },
      { name: "page.AIBBlob", content: page, kind: "page", rangeSizeInBytes: mebibyte },
    ];
    const catalog = memoryCatalog(blobs);
    const before = await reconcileSeed(containerClient, catalog);
    expect(before.missing).toBe(4);
    const report = await repairSeed(containerClient, catalog, before);
    // The page blob's zeros are not sent.
    expect(report).toMatchObject({
      examined: 4,
      replaced: 4,
      mended: 0,
      bytesSent: 10_000 + 5 * mebibyte + 3 + 2 * mebibyte,
      failures: [],
      after: { isProven: true, evidence: { "checked-on-arrival": 3, empty: 1 } },
    });
    for (const blob of blobs) expect((await downloaded(blob.name)).equals(blob.content)).toBe(true);
    const client = containerClient.getBlobClient("small");
    expect(await client.getProperties()).toMatchObject({
      contentType: "text/plain",
      metadata: { mtime: "2026" },
    });
    expect(await containerClient.getBlobClient("large").getProperties()).toMatchObject({
      metadata: { mtime: "2027" },
    });
    expect(await reconcileSeed(containerClient, catalog, { readBytes: "always" })).toMatchObject({
      isProven: true,
    });
  });

  test("equal blocks of one blob are sent once", async () => {
    const catalog = memoryCatalog([
      { name: "zeros", content: Buffer.alloc(8 * mebibyte), rangeSizeInBytes: mebibyte },
    ]);
    const report = await reconcileSeed(containerClient, catalog);
    expect(await repairSeed(containerClient, catalog, report)).toMatchObject({
      bytesSent: mebibyte,
      after: { isProven: true },
    });
    expect((await downloaded("zeros")).length).toBe(8 * mebibyte);
  });

  test("sends only damaged blocks when it is known which they are", async () => {
    const named = patternedBlob("named");
    const counted = patternedBlob("counted");
    await putBlocks(
      containerClient,
      { ...named, content: Buffer.from(named.content).fill(1, 4096, 8192) },
      md5Id,
    );
    await putBlocks(containerClient, counted, counterId, 2);
    const catalog = memoryCatalog([named, counted]);
    const before = await reconcileSeed(containerClient, catalog);
    expect(before).toMatchObject({ different: 2 });
    expect(await repairSeed(containerClient, catalog, before)).toMatchObject({
      mended: 2,
      replaced: 0,
      bytesSent: 4096 + 1808,
      after: { isProven: true, evidence: { "block-hashes": 1, bytes: 1 } },
    });
  });

  test.each([
    ["with hashes in their names", md5Id],
    ["without", counterId],
  ])("a blob committed without its bad block gets only that block: names %s", async (_what, blockId) => {
    const blob = patternedBlob("incomplete", 40_000);
    const client = containerClient.getBlockBlobClient(blob.name);
    await putBlocks(containerClient, blob, blockId);
    const { committedBlocks = [] } = await client.getBlockList("committed");
    await client.commitBlockList(committedBlocks.map(({ name }) => name).filter((_name, at) => at !== 3));
    const catalog = memoryCatalog([blob]);
    const log = await readImportLog([
      `<DriveLog Version="2014-11-01"><DriveId>DISK0001</DriveId><Blob Status="CompletedWithErrors">
         <BlobPath>seed/incomplete</BlobPath><FilePath>\\1</FilePath><Length>40000</Length>
         <BlockList><Block Offset="0" Length="4096" Status="Committed"/><Block Offset="12288" Length="4096" Status="Corrupted"/></BlockList>
       </Blob><Status>CompletedWithErrors</Status></DriveLog>`,
    ]);
    expect(await repairSeed(containerClient, catalog, [log])).toMatchObject({
      mended: 1,
      bytesSent: 4096,
      after: { isProven: true },
    });
    expect((await downloaded("incomplete")).equals(blob.content)).toBe(true);
  });

  test("a block damaged under its right name is found by reading and mended", async () => {
    const blob = patternedBlob("lying");
    await putBlocks(containerClient, blob, md5Id, 1);
    const catalog = memoryCatalog([blob]);
    const before = await reconcileSeed(containerClient, catalog, { readBytes: "always" });
    const repair = await repairSeed(containerClient, catalog, before, { proof: { readBytes: "always" } });
    expect(repair).toMatchObject({
      mended: 1,
      bytesSent: 4096,
      after: { isProven: true, evidence: { bytes: 1 } },
    });
  });

  test("page blobs: damaged ranges are rewritten, dirty holes are cleared", async () => {
    const content = Buffer.alloc(64 * 1024);
    patternedBytes(8192, 3).copy(content, 4096);
    const dataStretches = [{ offsetInBytes: 4096, lengthInBytes: 8192 }];
    const catalog = memoryCatalog([{ name: "page", content, kind: "page", dataStretches }]);
    const client = containerClient.getPageBlobClient("page");
    await client.create(content.length);
    await client.uploadPages(content.subarray(4096, 8192), 4096, 4096);
    await client.uploadPages(patternedBytes(512), 50_176, 512);
    const repair = await repairSeed(containerClient, catalog, await reconcileSeed(containerClient, catalog));
    expect(repair).toMatchObject({ mended: 1, bytesSent: 4096, after: { isProven: true } });
    expect((await downloaded("page")).equals(content)).toBe(true);
  });

  test("wrong length, wrong hash and wrong kind are replaced; an old report does no harm", async () => {
    const blobs = ["length", "hash", "kind", "fine-by-now"].map((name) => patternedBlob(name));
    const [length, hash] = blobs;
    await putWhole(containerClient, length!, length!.content.subarray(1));
    await putWhole(containerClient, hash!, patternedBytes(10_000, 9));
    await containerClient.getPageBlobClient("kind").create(1024);
    const catalog = memoryCatalog(blobs);
    const before = await reconcileSeed(containerClient, catalog);
    await putWhole(containerClient, blobs[3]!);
    const repair = await repairSeed(containerClient, catalog, before);
    expect(repair).toMatchObject({ examined: 4, alreadyEqual: 1, replaced: 3, after: { isProven: true } });
    expect(await repairSeed(containerClient, catalog, repair.after)).toMatchObject({
      examined: 0,
      bytesSent: 0,
    });
  });

  test("a leased blob is reported, the others are repaired, and the lease's end mends the rest", async () => {
    const blobs = [patternedBlob("leased"), patternedBlob("free")];
    await putWhole(containerClient, blobs[0]!, patternedBytes(10_000, 2));
    const lease = containerClient.getBlobClient("leased").getBlobLeaseClient();
    await lease.acquireLease(60);
    const catalog = memoryCatalog(blobs);
    const first = await repairSeed(containerClient, catalog, await reconcileSeed(containerClient, catalog));
    expect(first).toMatchObject({
      replaced: 1,
      failures: [{ index: 0, name: "leased", message: expect.stringContaining("lease") }],
      after: { arrivedEqual: 1, different: 1 },
    });
    await lease.breakLease(0);
    expect(await repairSeed(containerClient, catalog, first.after)).toMatchObject({
      after: { isProven: true },
    });
  });

  test("staged bytes that changed since are never uploaded", async () => {
    const blob = patternedBlob("changed", 5 * mebibyte);
    const catalog = memoryCatalog([{ ...blob, rangeSizeInBytes: mebibyte }]);
    const report = await reconcileSeed(containerClient, catalog);
    const tampered = {
      ...catalog,
      openStagedBlob: async () => ({
        read: async (offsetInBytes: number, target: Uint8Array) => {
          target.set(blob.content.subarray(offsetInBytes, offsetInBytes + target.length));
          if (offsetInBytes === 2 * mebibyte) target[0]! ^= 1;
        },
        close: async () => undefined,
      }),
    };
    expect(await repairSeed(containerClient, tampered, report)).toMatchObject({
      failures: [{ code: "staged-content-changed" }],
      after: { missing: 1 },
    });
  });

  test("makes the container when it is gone, and stops when aborted", async () => {
    const blobs = [patternedBlob("a"), patternedBlob("b")];
    const catalog = memoryCatalog(blobs);
    await containerClient.delete();
    const report = await reconcileSeed(containerClient, catalog);
    const controller = new AbortController();
    controller.abort();
    const aborted = repairSeed(containerClient, catalog, report, { abortSignal: controller.signal });
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
    expect(await repairSeed(containerClient, catalog, report)).toMatchObject({ after: { isProven: true } });
  });
});

describe("repairSeed from logs", () => {
  const logOf = (entries: string, status: string): string =>
    `<DriveLog Version="2014-11-01"><DriveId>DISK0001</DriveId>${entries}<Status>${status}</Status></DriveLog>`;

  test("uploads the ranges the log names and mends metadata", async () => {
    const blobs = [
      { ...patternedBlob("damaged"), metadata: { mtime: "2026" } },
      { ...patternedBlob("unlabelled"), metadata: { mtime: "2027" }, headers: { contentType: "text/plain" } },
      patternedBlob("untouched"),
    ];
    await putBlocks(containerClient, blobs[0]!, counterId, 1);
    await putWhole(containerClient, blobs[1]!);
    const log = await readImportLog([
      logOf(
        `<Blob Status="CompletedWithErrors"><BlobPath>seed/damaged</BlobPath><FilePath>\\1</FilePath><Length>10000</Length>
           <BlockList><Block Offset="0" Length="4096" Status="Completed"/><Block Offset="4096" Length="4096" Status="Corrupted"/>
           <Block Offset="8192" Length="1808" Status="Completed"/></BlockList></Blob>
         <Blob Status="CompletedWithErrors"><BlobPath>seed/unlabelled</BlobPath><FilePath>\\2</FilePath><Length>10000</Length>
           <Metadata Status="Corrupted"><Path Hash="00">\\m.xml</Path></Metadata></Blob>
         <Blob Status="Completed"><BlobPath>seed/other (2)</BlobPath><FilePath>\\3</FilePath><Length>1</Length>
           <ImportDisposition Status="Renamed">rename</ImportDisposition></Blob>`,
        "CompletedWithErrors",
      ),
    ]);
    expect(await repairSeed(containerClient, memoryCatalog(blobs), [log])).toMatchObject({
      examined: 2,
      mended: 2,
      bytesSent: 4096,
      unknownEntries: 1,
      after: { arrivedEqual: 2, missing: 1 },
    });
    expect(await containerClient.getBlobClient("unlabelled").getProperties()).toMatchObject({
      contentType: "text/plain",
      metadata: { mtime: "2027" },
    });
  });

  test("a claimed hash does not hide the damage that a log without ranges reports", async () => {
    const page: MemoryBlob = { name: "part0.AIBBlob", content: patternedBytes(8192, 6), kind: "page" };
    const client = containerClient.getPageBlobClient(page.name);
    const blobContentMD5 = createHash("md5").update(page.content).digest();
    await client.create(8192, { blobHTTPHeaders: { blobContentMD5 } });
    await client.uploadPages(page.content.subarray(0, 4096), 0, 4096);
    const log = await readImportLog([
      `<ErroredEntity Path="seed/part0.AIBBlob" CloudFormat="PageBlob"><Category>UploadErrorDataValidationError</Category>
         <ErrorCode>1</ErrorCode><ErrorMessage>CRC</ErrorMessage><Type>File</Type></ErroredEntity>
       <CopyLog Summary="Summary"><DriveLogVersion>2021-08-01</DriveLogVersion><DriveId>DISK0001</DriveId>
         <Status>CompletedWithErrors</Status></CopyLog>`,
    ]);
    expect(await repairSeed(containerClient, memoryCatalog([page]), [log])).toMatchObject({
      alreadyEqual: 0,
      mended: 1,
      bytesSent: 4096,
      after: { isProven: true, evidence: { bytes: 1 } },
    });
    expect((await downloaded(page.name)).equals(page.content)).toBe(true);
  });

  test("a drive that was not read at all is uploaded as a whole", async () => {
    const blobs = ["a", "b", "c", "d"].map((name) => patternedBlob(name));
    const log = await readImportLog([logOf("", "BitLockerKeyInvalid")]);
    const drives = [preparedDrive("disk0001", { firstBlobIndex: 1, endBlobIndex: 3 })];
    expect(await repairSeed(containerClient, memoryCatalog(blobs), [log], { drives })).toMatchObject({
      examined: 2,
      replaced: 2,
      after: {
        arrivedEqual: 2,
        unproven: [
          { firstIndex: 0, endIndex: 1 },
          { firstIndex: 3, endIndex: 4 },
        ],
      },
    });
  });
});
