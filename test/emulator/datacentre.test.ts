import { execFileSync } from "node:child_process";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Azurite, type ReceivePackageOptions, startAzurite } from "../../src/emulator/index.js";
import { readImportLog } from "../../src/importjob/index.js";
import { isOracleMissing } from "../support/required-programs.js";
import { type LoggedBlob, parseDriveLog } from "./support/drive-log.js";
import {
  type EmulatedAzure,
  importJobBody,
  returnAddress,
  startEmulatedAzure,
} from "./support/emulated-azure.js";
import {
  createTestDrive,
  filePathOf,
  md5Hex,
  memoryDriveOpener,
  type TestBlob,
  type TestDrive,
} from "./support/memory-drive.js";

let azurite: Azurite;
let emulated: EmulatedAzure;
let blobs: BlobServiceClient;
const drives = new Map<string, TestDrive>();
let jobCount = 0;
const blobStorageAccount = {
  name: "oldkind",
  resourceGroup: "offline-seed",
  kind: "BlobStorage",
  location: "westus",
} as const;
const blobStorageAccountId = () =>
  `/subscriptions/${emulated.azure.subscriptionId}/resourceGroups/offline-seed/providers/Microsoft.Storage/storageAccounts/oldkind`;

beforeAll(async () => {
  azurite = await startAzurite();
  emulated = await startEmulatedAzure({
    blobService: azurite,
    openDrive: memoryDriveOpener(drives),
    furtherStorageAccounts: [blobStorageAccount],
  });
  blobs = new BlobServiceClient(
    azurite.endpoint,
    new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey),
  );
});
afterAll(async () => {
  await emulated.azure.close();
  await azurite.close();
});

/** Orders, ships and delivers, and returns the job as the client sees it in the end. */
async function runJob(
  orders: readonly TestDrive[],
  options: {
    shipped?: readonly TestDrive[];
    properties?: object;
    cancels?: boolean;
    isUnlabelled?: boolean;
    work?: ReceivePackageOptions;
  } = {},
) {
  const name = `job-${++jobCount}`;
  const trackingNumber = `TRACK-${name}`;
  for (const drive of options.shipped ?? orders) drives.set(drive.driveId, drive);
  const driveList = orders.map(({ driveId, bitLockerKey, manifestFile, manifestHash }) => ({
    driveId,
    bitLockerKey,
    manifestFile,
    manifestHash,
  }));
  const created = await emulated.send(
    "PUT",
    emulated.jobPath(name),
    importJobBody(emulated.azure, {
      driveList,
      logLevel: "Verbose",
      backupDriveManifest: false,
      ...options.properties,
    }),
  );
  expect(created.status).toBe(201);
  await emulated.importExport.jobs.update(name, emulated.azure.resourceGroup, {
    returnAddress,
    deliveryPackage: { carrierName: "FedEx", trackingNumber },
    state: "Shipping",
  });
  if (options.cancels)
    await emulated.importExport.jobs.update(name, emulated.azure.resourceGroup, { cancelRequested: true });
  await emulated.azure.datacentre.receivePackage(
    {
      carrierName: "FedEx",
      trackingNumber,
      drives: (options.shipped ?? orders).map(({ driveId }) => ({
        image: driveId,
        ...(options.isUnlabelled ? {} : { serialNumber: driveId }),
      })),
    },
    options.work,
  );
  const { body } = await emulated.send("GET", emulated.jobPath(name));
  return { name, ...body.properties };
}

async function download(uri: string): Promise<string> {
  const path = new URL(uri).pathname.split("/").slice(2);
  const client = blobs
    .getContainerClient(path[0]!)
    .getBlobClient(decodeURIComponent(path.slice(1).join("/")));
  return (await client.downloadToBuffer()).toString("utf8");
}

async function contentOf(blobPath: string): Promise<Buffer> {
  const [container, ...name] = blobPath.split("/");
  return blobs.getContainerClient(container!).getBlobClient(name.join("/")).downloadToBuffer();
}

const logOf = async (uri: string | undefined) => parseDriveLog(await download(uri!));

function bytesOf(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed >>> 0 || 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

let driveCount = 0;
function driveWith(...content: readonly TestBlob[]): TestDrive {
  return createTestDrive(`DISK${String(++driveCount).padStart(4, "0")}`, content);
}

describe("a sound drive", () => {
  test("arrives whole: small, empty, many blocks, pages, headers and metadata; the job ends Completed", async () => {
    const properties = `<?xml version="1.0" encoding="UTF-8"?>\n<Properties><Content-Type>text/x-seed</Content-Type><Content-MD5>${Buffer.from(md5Hex("hello"), "hex").toString("base64")}</Content-MD5></Properties>\n`;
    const content: TestBlob[] = [
      {
        path: "sound/small.txt",
        content: Buffer.from("hello"),
        properties,
        metadata: "<Metadata><SeededBy>offline-seed</SeededBy></Metadata>",
      },
      { path: "sound/empty", content: Buffer.alloc(0) },
      {
        path: "sound/folder/blöcke &amp; mehr.bin",
        content: bytesOf(300_000, 2),
        rangeSizeInBytes: 65_536,
        hasIds: true,
      },
      { path: "sound/unnamed-blocks.bin", content: bytesOf(200_000, 3), rangeSizeInBytes: 65_536 },
      { path: "sound/pages.AIBBlob", content: bytesOf(512 * 40, 4), kind: "page", rangeSizeInBytes: 4096 },
    ];
    const drive = driveWith(...content);
    // The name holds an ampersand, written as an entity in the manifest.
    drive.files.set("\\session1\\sound\\folder\\blöcke & mehr.bin", content[2]!.content);
    const job = await runJob([drive], { properties: { backupDriveManifest: true } });
    const log = await logOf(job.driveList[0].verboseLogUri);
    const small = await blobs.getContainerClient("sound").getBlobClient("small.txt").getProperties();
    const arrived = await Promise.all(content.map(({ path }) => contentOf(path.replace("&amp;", "&"))));
    expect({
      state: job.state,
      percent: job.percentComplete,
      drive: { ...job.driveList[0], verboseLogUri: undefined, manifestUri: undefined },
      returned: job.returnPackage.driveCount,
    }).toEqual({
      state: "Completed",
      percent: 100,
      drive: expect.objectContaining({
        state: "ShippedBack",
        copyStatus: "Completed",
        bytesSucceeded: 5 + 300_000 + 200_000 + 20_480,
      }),
      returned: 1,
    });
    expect(job.driveList[0].errorLogUri).toBeUndefined();
    expect(arrived.map(md5Hex)).toEqual(content.map((blob) => md5Hex(blob.content)));
    expect(small.contentType).toBe("text/x-seed");
    // The client folds the case of metadata names; a listing shows them as stored.
    const listed = await blobs
      .getContainerClient("sound")
      .listBlobsFlat({ prefix: "small", includeMetadata: true })
      .next();
    expect(listed.value.metadata).toEqual({ SeededBy: "offline-seed" });
    expect(md5Hex(await download(job.driveList[0].manifestUri))).toBe(drive.manifestHash);
    expect(job.driveList[0].verboseLogUri).toMatch(
      new RegExp(`/waimportexport/waies/${job.name}_${drive.driveId}_\\d{8}-\\d{6}-\\d{3}_verbose\\.xml$`),
    );
    expect({ ...log, blobs: log.blobs.length }).toEqual({
      version: "2014-11-01",
      driveId: drive.driveId,
      blobs: 5,
      status: "Completed",
    });
    expect(log.blobs[0]).toEqual({
      status: "Completed",
      blobPath: "sound/small.txt",
      filePath: "\\session1\\sound\\small.txt",
      length: "5",
      disposition: ["rename", "Created"],
      ranges: [{ Offset: "0", Length: "5", Hash: md5Hex("hello"), Status: "Completed" }],
      rangeStatuses: ["Completed"],
      metadata: "Completed",
      properties: "Completed",
    });
  });

  test("the committed blocks carry the ids of the manifest", async () => {
    const list = await blobs
      .getContainerClient("sound")
      .getBlockBlobClient("folder/blöcke & mehr.bin")
      .getBlockList("committed");
    expect(list.committedBlocks?.map(({ name }) => name)).toEqual(
      [0, 1, 2, 3, 4].map(
        (index) =>
          `MD5/${Buffer.from(md5Hex(bytesOf(300_000, 2).subarray(index * 65_536, (index + 1) * 65_536)), "hex").toString("base64")}`,
      ),
    );
  });
});

describe("a damaged drive: one bad part does not stop the rest", () => {
  test("Corrupted, FileUnexpectedEnd, IOFailed and FileNotFound, blob by blob", async () => {
    const pages = bytesOf(4096 * 3, 10);
    const blocks = bytesOf(30_000, 11);
    const content: TestBlob[] = [
      { path: "damaged/pages.bin", content: pages, kind: "page", rangeSizeInBytes: 4096 },
      { path: "damaged/blocks.bin", content: blocks, rangeSizeInBytes: 10_000, hasIds: true },
      { path: "damaged/short.bin", content: bytesOf(25_000, 12), rangeSizeInBytes: 10_000 },
      { path: "damaged/unreadable.bin", content: bytesOf(20_000, 13), rangeSizeInBytes: 10_000 },
      { path: "damaged/missing.bin", content: bytesOf(100, 14), metadata: "<Metadata/>" },
      {
        path: "damaged/bad-side-file.bin",
        content: bytesOf(100, 15),
        metadata: "<Metadata><A>1</A></Metadata>",
      },
      { path: "damaged/single.bin", content: bytesOf(100, 16) },
      { path: "damaged/sound.bin", content: bytesOf(100, 17) },
    ];
    const drive = driveWith(...content);
    const damage = (blob: TestBlob, offset: number): void => {
      const copy = Buffer.from(blob.content);
      copy[offset]! ^= 1;
      drive.files.set(filePathOf(blob), copy);
    };
    damage(content[0]!, 5000);
    damage(content[1]!, 15_000);
    drive.files.set(filePathOf(content[2]!), content[2]!.content.subarray(0, 22_000));
    drive.unreadableFrom.set(filePathOf(content[3]!), 10_000);
    drive.files.delete(filePathOf(content[4]!));
    drive.files.set(
      `${filePathOf(content[5]!)}.MetadataPath.xml`,
      Buffer.from("<Metadata><A>2</A></Metadata>"),
    );
    damage(content[6]!, 50);
    const job = await runJob([drive]);
    const error = await logOf(job.driveList[0].errorLogUri);
    const verbose = await logOf(job.driveList[0].verboseLogUri);
    const statuses = ({ status, disposition, rangeStatuses, metadata }: LoggedBlob) => [
      status,
      disposition[1],
      rangeStatuses,
      metadata,
    ];
    expect([job.state, job.driveList[0].copyStatus, error.status]).toEqual([
      "Closed",
      "CompletedWithErrors",
      "CompletedWithErrors",
    ]);
    expect(verbose.blobs.map(statuses)).toEqual([
      ["CompletedWithErrors", "Created", ["Completed", "Corrupted", "Completed"], undefined],
      ["CompletedWithErrors", "Created", ["Committed", "Corrupted", "Committed"], undefined],
      ["CompletedWithErrors", "Created", ["Committed", "Committed", "FileUnexpectedEnd"], undefined],
      ["CompletedWithErrors", "Created", ["Committed", "IOFailed"], undefined],
      ["FileNotFound", "Cancelled", ["Cancelled"], "Cancelled"],
      ["CompletedWithErrors", "Created", ["Completed"], "Corrupted"],
      ["CompletedWithErrors", "Created", ["Corrupted"], undefined],
      ["Completed", "Created", ["Completed"], undefined],
    ]);
    // The error log has the same blobs without what went well.
    expect(error.blobs.map(({ blobPath }) => blobPath)).toEqual(content.slice(0, 7).map(({ path }) => path));
    expect(error.blobs[0]!.rangeStatuses).toEqual(["Corrupted"]);
    expect(md5Hex(await contentOf("damaged/sound.bin"))).toBe(md5Hex(content[7]!.content));
    expect((await contentOf("damaged/blocks.bin")).byteLength).toBe(20_000);
    expect(await contentOf("damaged/pages.bin")).toEqual(
      Buffer.concat([pages.subarray(0, 4096), Buffer.alloc(4096), pages.subarray(8192)]),
    );
  });
});

describe("a drive that fails as a whole", () => {
  const blob: TestBlob = { path: "whole/blob.bin", content: bytesOf(100, 20) };
  const withManifest = (change: (text: string) => string): TestDrive => {
    const drive = driveWith(blob);
    const manifest = Buffer.from(change(Buffer.from(drive.files.get("\\DriveManifest.xml")!).toString()));
    drive.files.set("\\DriveManifest.xml", manifest);
    return { ...drive, manifestHash: md5Hex(manifest) };
  };
  test.each<[string, () => TestDrive]>([
    [
      "BitLockerKeyInvalid",
      () => {
        const drive = driveWith(blob);
        drives.set(drive.driveId, drive);
        return { ...drive, bitLockerKey: "wrong" };
      },
    ],
    ["ManifestNotFound", () => ({ ...driveWith(blob), manifestFile: "\\Elsewhere.xml" })],
    ["ManifestCorrupted", () => ({ ...driveWith(blob), manifestHash: "0".repeat(32) })],
    [
      "ManifestDriveIdMismatch",
      () => withManifest((text) => text.replace(/<DriveId>[^<]+/, "<DriveId>OTHER")),
    ],
    ["ManifestFormatInvalid", () => withManifest((text) => text.replace("</Blob>", "<Surprise/></Blob>"))],
    [
      "ManifestFormatInvalid",
      () => withManifest((text) => text.replace("<DriveManifest", "<!DOCTYPE x><DriveManifest")),
    ],
    ["ManifestFormatInvalid", () => withManifest((text) => text.slice(0, -20))],
    ["ManifestFormatInvalid", () => withManifest((text) => text.replace('Offset="0"', 'Offset="1"'))],
    [
      "ManifestFormatInvalid",
      () =>
        withManifest((text) =>
          text.replace("<BlockList>", "<ImportDisposition>Overwrite</ImportDisposition><BlockList>"),
        ),
    ],
    [
      "ReadManifestFailed",
      () => {
        const drive = driveWith(blob);
        drive.unreadableFrom.set("\\DriveManifest.xml", 10);
        return drive;
      },
    ],
  ])("%s", async (status, make) => {
    const drive = make();
    const shipped = drives.get(drive.driveId) ?? drive;
    const job = await runJob([drive], { shipped: [shipped] });
    const log = await logOf(job.driveList[0].errorLogUri);
    expect([job.state, job.driveList[0].copyStatus, log]).toEqual([
      "Closed",
      status,
      { version: "2014-11-01", driveId: drive.driveId, blobs: [], status },
    ]);
  });

  test("a drive that is not in the package is NeverReceived, the other one is copied", async () => {
    const [here, missing] = [driveWith({ ...blob, path: "whole/here.bin" }), driveWith(blob)];
    const job = await runJob([missing!, here!], { shipped: [here!] });
    expect([
      job.state,
      job.driveList.map(({ state, copyStatus }: { state: string; copyStatus?: string }) => [
        state,
        copyStatus,
      ]),
    ]).toEqual([
      "Closed",
      [
        ["NeverReceived", undefined],
        ["ShippedBack", "Completed"],
      ],
    ]);
  });

  test("drives without a serial number are known by the key that opens them, in any order", async () => {
    const [first, second, locked] = ["first", "second", "locked"].map((name) =>
      driveWith({ ...blob, path: `unlabelled/${name}.bin` }),
    ) as [TestDrive, TestDrive, TestDrive];
    const job = await runJob([first, second, { ...locked, bitLockerKey: "wrong" }], {
      shipped: [locked, second, first],
      isUnlabelled: true,
    });
    expect(job.driveList.map(({ copyStatus }: { copyStatus: string }) => copyStatus)).toEqual([
      "Completed",
      "Completed",
      "BitLockerKeyInvalid",
    ]);
  });

  test("a drive that the job does not know is left alone", async () => {
    const [known, stranger] = [
      driveWith({ ...blob, path: "stranger/known.bin" }),
      driveWith({ ...blob, path: "stranger/stranger.bin" }),
    ] as [TestDrive, TestDrive];
    const job = await runJob([known], { shipped: [stranger, known] });
    expect([
      job.state,
      await blobs.getContainerClient("stranger").getBlobClient("stranger.bin").exists(),
    ]).toEqual(["Completed", false]);
  });

  test("an abort stops the copy, and the datacentre goes on with other packages", async () => {
    const drive = driveWith(
      ...Array.from({ length: 200 }, (_, index) => ({
        path: `aborted/${index}`,
        content: bytesOf(2000, index),
      })),
    );
    const controller = new AbortController();
    const phases = new Set<string>();
    await expect(
      runJob([drive], {
        work: {
          abortSignal: controller.signal,
          onProgress({ phase, itemsDone, itemsTotal }) {
            phases.add(phase);
            if (itemsDone > 0 && itemsDone < (itemsTotal ?? 0)) controller.abort();
          },
        },
      }),
    ).rejects.toMatchObject({ name: "AbortError" });
    expect([...phases]).toEqual([`importing ${drive.driveId}`]);
    const next = await runJob([driveWith({ ...blob, path: "aborted/next" })]);
    expect(next.state).toBe("Completed");
  });

  test("a cancelled job walks through the states without copying", async () => {
    const drive = driveWith({ ...blob, path: "cancelled/blob.bin" });
    const job = await runJob([drive], { cancels: true });
    expect([job.state, job.driveList[0].state, job.driveList[0].copyStatus]).toEqual([
      "Completed",
      "ShippedBack",
      undefined,
    ]);
    expect(await blobs.getContainerClient("cancelled").exists()).toBe(false);
  });
});

describe("what is in the account already", () => {
  const content = bytesOf(5000, 30);
  test.each([
    ["overwrite", "block", "Overwritten", "Completed", "Completed"],
    ["no-overwrite", "block", "Skipped", "Completed", "CompletedWithWarnings"],
    ["rename", "block", "Renamed", "Completed", "CompletedWithWarnings"],
    ["overwrite", "blocks", "Overwritten", "Completed", "Completed"],
    ["no-overwrite", "blocks", "Skipped", "Completed", "CompletedWithWarnings"],
    ["rename", "blocks", "Renamed", "Completed", "CompletedWithWarnings"],
    ["overwrite", "page", "Overwritten", "Completed", "Completed"],
    ["no-overwrite", "page", "Skipped", "Completed", "CompletedWithWarnings"],
    ["rename", "page", "Renamed", "Completed", "CompletedWithWarnings"],
  ])(
    "%s an existing blob, as %s: %s",
    async (disposition, kind, dispositionStatus, blobStatus, driveStatus) => {
      const container = blobs.getContainerClient(`existing-${disposition}-${kind}`);
      await container.createIfNotExists();
      await container.getBlockBlobClient("a.b/name.vhd").upload("old", 3);
      await container.getBlockBlobClient("a.b/name (2).vhd").upload("old 2", 5);
      const data = kind === "page" ? content.subarray(0, 4608) : content;
      const job = await runJob([
        driveWith({
          path: `${container.containerName}/a.b/name.vhd`,
          content: data,
          disposition,
          kind: kind === "page" ? "page" : "block",
          rangeSizeInBytes: kind === "block" ? 8192 : 1536,
        }),
      ]);
      const log = await logOf(job.driveList[0].verboseLogUri);
      const newName = disposition === "rename" ? "a.b/name (3).vhd" : "a.b/name.vhd";
      const logged = log.blobs[0]!;
      expect([logged.status, logged.disposition, logged.blobPath, log.status, job.state]).toEqual([
        blobStatus,
        [disposition, dispositionStatus],
        `${container.containerName}/${newName}`,
        driveStatus,
        "Completed",
      ]);
      const original = await container.getBlobClient("a.b/name.vhd").downloadToBuffer();
      expect(original.equals(disposition === "overwrite" ? data : Buffer.from("old"))).toBe(true);
      if (disposition === "rename")
        expect((await container.getBlobClient(newName).downloadToBuffer()).equals(data)).toBe(true);
    },
  );

  test.each(["block", "blocks", "page"])("a leased blob is left alone: LeasePresent (%s)", async (kind) => {
    const container = blobs.getContainerClient(`leased-${kind}`);
    await container.createIfNotExists();
    await container.getBlockBlobClient("leased").upload("old", 3);
    await container.getBlobClient("leased").getBlobLeaseClient().acquireLease(-1);
    const data = kind === "page" ? content.subarray(0, 4608) : content;
    const job = await runJob([
      driveWith(
        {
          path: `leased-${kind}/leased`,
          content: data,
          disposition: "overwrite",
          kind: kind === "page" ? "page" : "block",
          rangeSizeInBytes: kind === "block" ? 8192 : 1536,
        },
        { path: `leased-${kind}/free`, content: data, disposition: "overwrite" },
      ),
    ]);
    const log = await logOf(job.driveList[0].errorLogUri);
    expect(log.blobs.map(({ blobPath, status, disposition }) => [blobPath, status, disposition[1]])).toEqual([
      [`leased-${kind}/leased`, "LeasePresent", "Cancelled"],
    ]);
    expect([job.state, job.driveList[0].copyStatus]).toEqual(["Closed", "CompletedWithErrors"]);
    expect((await container.getBlobClient("leased").downloadToBuffer()).toString()).toBe("old");
    expect((await container.getBlobClient("free").downloadToBuffer()).equals(data)).toBe(true);
  });
});

describe("trouble with the account", () => {
  const content = bytesOf(2048, 40);

  test("a forbidden container costs its blobs only", async () => {
    emulated.azure.faults.forbidContainer("forbidden");
    const job = await runJob([driveWith({ path: "forbidden/a", content }, { path: "allowed/a", content })]);
    emulated.azure.faults.clear();
    const log = await logOf(job.driveList[0].errorLogUri);
    expect([
      job.driveList[0].copyStatus,
      log.blobs.map(({ blobPath, status }) => [blobPath, status]),
    ]).toEqual(["CompletedWithErrors", [["forbidden/a", "BlobRequestForbidden"]]]);
    expect((await contentOf("allowed/a")).equals(content)).toBe(true);
  });

  test("a revoked key costs the drive, and even its logs", async () => {
    emulated.azure.faults.forbidStorageAccount();
    const job = await runJob([driveWith({ path: "revoked/a", content })]);
    emulated.azure.faults.clear();
    expect([job.state, job.driveList[0].copyStatus, job.driveList[0].errorLogUri]).toEqual([
      "Closed",
      "BlobRequestForbidden",
      undefined,
    ]);
  });

  test("a busy account is tried again", async () => {
    emulated.azure.faults.throttleStorage(3);
    const job = await runJob([driveWith({ path: "busy/a", content })]);
    expect([job.state, job.driveList[0].copyStatus]).toEqual(["Completed", "Completed"]);
  });

  test("a page blob that is not a multiple of 512 is refused by the service: BlobRequestFailed", async () => {
    const job = await runJob([
      driveWith(
        { path: "unaligned/length", content: content.subarray(0, 1000), kind: "page", rangeSizeInBytes: 512 },
        { path: "unaligned/range", content, kind: "page", rangeSizeInBytes: 700, announcedLength: 2048 },
      ),
    ]);
    const log = await logOf(job.driveList[0].errorLogUri);
    expect(log.blobs.map(({ status, rangeStatuses }) => [status, rangeStatuses])).toEqual([
      ["BlobRequestFailed", ["Cancelled", "Cancelled"]],
      ["CompletedWithErrors", ["BlobRequestFailed", "BlobRequestFailed", "BlobRequestFailed"]],
    ]);
  });

  test("an account of kind BlobStorage takes no page blobs", async () => {
    const job = await runJob(
      [
        driveWith(
          { path: "no-pages/page", content: content.subarray(0, 1024), kind: "page" },
          { path: "no-pages/block", content },
        ),
      ],
      { properties: { storageAccountId: blobStorageAccountId() } },
    );
    const log = await logOf(job.driveList[0].errorLogUri);
    expect(log.blobs.map(({ blobPath, status }) => [blobPath, status])).toEqual([
      ["no-pages/page", "BlobRequestFailed"],
    ]);
  });

  test("the logs go to the container the job names, and are well-formed by another program's judgement", async () => {
    const job = await runJob([driveWith({ path: "logged/a&amp;b", content })], {
      properties: { diagnosticsPath: "my-logs" },
    });
    const uri = job.driveList[0].verboseLogUri;
    expect(new URL(uri).pathname).toContain("/my-logs/waies/");
    const text = await download(uri);
    if (isOracleMissing("xmllint")) return;
    expect(execFileSync("xmllint", ["--noout", "-"], { input: text }).toString()).toBe("");
  });

  test("our own reader of logs understands every status the datacentre writes", async () => {
    const unknown: string[] = [];
    for await (const { name } of blobs.getContainerClient("waimportexport").listBlobsFlat()) {
      const text = (
        await blobs.getContainerClient("waimportexport").getBlobClient(name).downloadToBuffer()
      ).toString();
      if (name.endsWith("_manifest.xml")) continue;
      const log = await readImportLog([Buffer.from(text)], { keep: "all" });
      const plain = parseDriveLog(text);
      expect([log.generation, log.driveId, log.driveStatus, log.entries.map(({ status }) => status)]).toEqual(
        ["2014-11-01", plain.driveId, plain.status, plain.blobs.map(({ status }) => status)],
      );
      for (const { finding, status } of log.entries) if (finding.outcome === undefined) unknown.push(status);
    }
    expect(unknown).toEqual([]);
  });
});
