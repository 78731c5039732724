import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  type BlockDevice,
  createMemoryDevice,
  type OpenedBitLockerVolume,
  openBitLockerVolume,
  type PreparedDrive,
  planDrives,
  prepareDrive,
  readPartitionTable,
  sliceDevice,
} from "../../src/diskprep/index.js";
import { type Azurite, startAzurite } from "../../src/emulator/index.js";
import { patternBytes, repeatableRandom, stageTestSeed, type TestBlob } from "../support/memory-catalog.js";
import { parseDriveLog } from "./support/drive-log.js";
import {
  type EmulatedAzure,
  importJobBody,
  returnAddress,
  startEmulatedAzure,
} from "./support/emulated-azure.js";

const mebibyte = 1024 * 1024;
const sizeInBytes = 80 * mebibyte;
const victim = patternBytes(64 * 1024, 777);
const large = patternBytes(9 * mebibyte + 1, 500);
const otherKey = "238810-662376-448998-450120-652806-203390-606320-483076";
const seed: readonly TestBlob[] = [
  ...Array.from({ length: 40 }, (_, index) => ({
    name: `folder ${index % 3}/file ${index}.bin`,
    content: patternBytes((index * 7919) % 30_000, index + 1),
    metadata: { number: String(index) },
  })),
  { name: "large.bin", content: large, headers: { contentType: "text/plain" } },
  { name: "victim.bin", content: victim },
  { name: "pages.vhd", kind: "page", content: patternBytes(mebibyte, 9) },
];

let azurite: Azurite;
let emulated: EmulatedAzure;
let folder: string;
let device: BlockDevice;
let drive: PreparedDrive;
let unlocked: OpenedBitLockerVolume;
let partitionOffsetInBytes: number;
let jobCount = 0;

beforeAll(async () => {
  azurite = await startAzurite();
  emulated = await startEmulatedAzure({ blobService: azurite });
  folder = await mkdtemp(join(tmpdir(), "drive-images-"));
  const catalog = await stageTestSeed(join(folder, "staged"), seed, { containerName: "image-seed" });
  const { drives } = await planDrives(catalog, [{ driveId: "IMAGE1", sizeInBytes }], {
    createdAtInMs: Date.UTC(2026, 0, 2),
  });
  device = createMemoryDevice(sizeInBytes);
  drive = await prepareDrive(drives[0]!, catalog, device, {
    confirm: { driveId: "IMAGE1", sizeInBytes },
    journalPath: join(folder, "journal"),
    random: repeatableRandom(1),
  });
  const partition = (await readPartitionTable(device)).partitions[0]!;
  partitionOffsetInBytes = partition.offsetInBytes;
  unlocked = await openBitLockerVolume(
    sliceDevice(device, partition.offsetInBytes, partition.lengthInBytes),
    { recoveryPassword: drive.bitLockerKey },
  );
});
afterAll(async () => {
  await emulated.azure.close();
  await azurite.close();
  await rm(folder, { recursive: true, force: true });
});

async function deliver(
  image: string | BlockDevice,
  serialNumber?: string,
  changes: Partial<PreparedDrive> = {},
) {
  const name = `image-job-${++jobCount}`;
  const { driveId, bitLockerKey, manifestFile, manifestHash } = { ...drive, ...changes };
  await emulated.send(
    "PUT",
    emulated.jobPath(name),
    importJobBody(emulated.azure, { driveList: [{ driveId, bitLockerKey, manifestFile, manifestHash }] }),
  );
  await emulated.importExport.jobs.update(name, emulated.azure.resourceGroup, {
    returnAddress,
    deliveryPackage: { carrierName: "FedEx", trackingNumber: name },
    state: "Shipping",
  });
  await emulated.azure.datacentre.receivePackage({
    carrierName: "FedEx",
    trackingNumber: name,
    drives: [{ image, ...(serialNumber === undefined ? {} : { serialNumber }) }],
  });
  const { body } = await emulated.send("GET", emulated.jobPath(name));
  return body.properties;
}

function service(): BlobServiceClient {
  return new BlobServiceClient(
    azurite.endpoint,
    new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey),
  );
}

async function logText(uri: string): Promise<string> {
  const [, , container, ...name] = new URL(uri).pathname.split("/");
  return (
    await service()
      .getContainerClient(container!)
      .getBlobClient(decodeURIComponent(name.join("/")))
      .downloadToBuffer()
  ).toString();
}

/** A copy of the drive in memory, with something done to its bytes. */
async function copyOf(change: (bytes: Uint8Array) => void): Promise<BlockDevice> {
  const bytes = new Uint8Array(sizeInBytes);
  await device.read(0, bytes);
  change(bytes);
  const copy = createMemoryDevice(sizeInBytes);
  await copy.write(0, bytes);
  return copy;
}

/** Where a file's bytes lie on the encrypted drive: found in the plain view, which has the same offsets. */
async function findOnDrive(content: Uint8Array): Promise<number> {
  const plain = new Uint8Array(unlocked.device.sizeInBytes);
  await unlocked.device.read(0, plain);
  const offset = Buffer.from(plain.buffer).indexOf(content.subarray(0, 64));
  expect(offset).toBeGreaterThan(0);
  return partitionOffsetInBytes + offset;
}

describe("a drive image", () => {
  test("is unlocked with the key from the job and arrives blob by blob, equal", async () => {
    const image = join(folder, "drive.img");
    const bytes = new Uint8Array(sizeInBytes);
    await device.read(0, bytes);
    await writeFile(image, bytes);
    const job = await deliver(image);
    const container = service().getContainerClient("image-seed");
    const different: string[] = [];
    for (const { name, content } of seed) {
      const arrived = await container.getBlobClient(name).downloadToBuffer();
      if (!arrived.equals(content)) different.push(name);
    }
    expect([job.state, job.driveList[0].state, job.driveList[0].copyStatus, different]).toEqual([
      "Completed",
      "ShippedBack",
      "Completed",
      [],
    ]);
    expect(job.driveList[0].bytesSucceeded).toBe(drive.blobBytes);
    expect(parseDriveLog(await logText(job.driveList[0].verboseLogUri)).blobs).toHaveLength(seed.length);
  });

  test("flipped and unreadable bytes cost the blocks they are in", async () => {
    const victimAt = await findOnDrive(victim);
    const largeAt = await findOnDrive(large);
    const damaged = await copyOf((bytes) => {
      bytes[victimAt + 1000]! ^= 1;
      bytes[largeAt + 100]! ^= 0x80;
    });
    const unreadableAt = largeAt + 5 * mebibyte;
    const job = await deliver(
      {
        ...damaged,
        async read(offset, target, options) {
          if (offset < unreadableAt + 512 && offset + target.byteLength > unreadableAt) {
            throw Object.assign(new Error("medium error"), { code: "io-failed" });
          }
          await damaged.read(offset, target, options);
        },
      },
      "IMAGE1",
    );
    const log = parseDriveLog(await logText(job.driveList[0].errorLogUri));
    expect([job.state, log.status]).toEqual(["Closed", "CompletedWithErrors"]);
    expect(
      log.blobs
        .map(({ blobPath, status, rangeStatuses }) => [blobPath, status, rangeStatuses])
        .sort(([a], [b]) => String(a).localeCompare(String(b))),
    ).toEqual([
      ["image-seed/large.bin", "CompletedWithErrors", ["Corrupted", "IOFailed", "Committed"]],
      ["image-seed/victim.bin", "CompletedWithErrors", ["Corrupted"]],
    ]);
  });

  test.each<[string, () => Promise<string | BlockDevice>, Partial<PreparedDrive>]>([
    ["BitLockerKeyInvalid", async () => device, { bitLockerKey: otherKey }],
    ["BitLockerKeyInvalid", async () => device, { bitLockerKey: "not a key at all" }],
    ["ManifestCorrupted", async () => device, { manifestHash: "0".repeat(32) }],
    ["ManifestNotFound", async () => device, { manifestFile: "\\Nowhere.xml" }],
    ["ManifestNameInvalid", async () => device, { manifestFile: "\\..\\DriveManifest.xml" }],
    ["DiskNotFound", async () => join(folder, "lost.img"), {}],
    ["BitLockerVolumeNotFound", async () => createMemoryDevice(sizeInBytes), {}],
    [
      "BitLockerVolumeNotFound",
      () => copyOf((bytes) => bytes.fill(0, partitionOffsetInBytes, partitionOffsetInBytes + 512)),
      {},
    ],
    [
      "BitLockerNotActivated",
      () => copyOf((bytes) => bytes.set(Buffer.from("NTFS    "), partitionOffsetInBytes + 3)),
      {},
    ],
    [
      "BitLockerUnlockVolumeFailed",
      () =>
        copyOf((bytes) => {
          for (const offset of unlocked.info.areas.metadataRegionOffsetsInBytes) {
            bytes.fill(0, partitionOffsetInBytes + offset, partitionOffsetInBytes + offset + 65_536);
          }
        }),
      {},
    ],
    [
      "VolumeNotNtfs",
      () =>
        copyOf((bytes) => {
          const offset = partitionOffsetInBytes + unlocked.info.areas.bootAreaOffsetInBytes;
          bytes.fill(0, offset, offset + 8192);
        }),
      {},
    ],
  ])("%s", async (status, image, changes) => {
    const job = await deliver(await image(), "IMAGE1", changes);
    const log = parseDriveLog(await logText(job.driveList[0].errorLogUri));
    expect([job.state, job.driveList[0].copyStatus, log]).toEqual([
      "Closed",
      status,
      { version: "2014-11-01", driveId: "IMAGE1", blobs: [], status },
    ]);
  });
});
