/** Every example is run. */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  azureClouds,
  createFaultyDevice,
  createImageFile,
  createMemoryDevice,
  createSeedCertificate,
  openImageFile,
  openStagingLocation,
  openVhdFile,
  planDrives,
  type SeedCatalog,
  type SeedWriter,
  stageDirectory,
  verifyDrive,
  writeOfflineApplicationParams,
} from "@offline-seed/core";
import { startAzureEmulator } from "@offline-seed/core/emulator";
import { planAgentFolder } from "../../examples/agent-folder.js";
import { decrypt, stageEncrypted } from "../../examples/client-side-encryption.js";
import { createPagedDevice, pagedDeviceChecks } from "../../examples/custom-block-device.js";
import { stageRows, stageVirtualDisk } from "../../examples/custom-staging-source.js";
import { explainFailure, makeSeed } from "../../examples/embed-in-a-backup-tool.js";
import { seedIntoTheLocalAzure } from "../../examples/integration-test-with-the-emulator.js";
import { createJsonRegistry, describeAgentEntries } from "../../examples/own-registry-store.js";
import { prepareOrResume } from "../../examples/resume-after-a-crash.js";
import { orderFromEitherService } from "../../examples/two-services.js";
import { makeTrialDisk } from "../../examples/vhd-for-a-windows-trial.js";
import { runRegistryStoreSuite } from "../conformance/registry-store-suite.js";

const subscriptionId = "11111111-2222-4333-8444-555555555555";
const mebibyte = 1024 * 1024;
/** About the smallest a drive can be. */
const driveSizeInBytes = 128 * mebibyte;
let work: string;

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), "offline-seed-examples-"));
});
afterEach(() => rm(work, { recursive: true, force: true }));

async function createWriter(): Promise<SeedWriter> {
  const staging = await openStagingLocation(join(work, "staging"), { create: true });
  return await staging.createSeed({
    jobName: "example",
    subscriptionId,
    storageAccountName: "seedaccount",
    containerName: "seed",
  });
}

async function sealedSeed(): Promise<SeedCatalog> {
  const writer = await createWriter();
  await stageDirectory(writer, "src/shared");
  return await writer.seal();
}

/** The stored bytes of a blob. */
async function contentOf(catalog: SeedCatalog, index: number): Promise<Buffer> {
  for await (const blob of catalog.blobs({ startIndex: index })) {
    const reader = await catalog.openStagedBlob(blob);
    const content = Buffer.alloc(blob.lengthInBytes);
    await reader.read(0, content);
    await reader.close();
    return content;
  }
  throw new Error(`no blob ${index}`);
}

async function* chunks(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

test("every example is in this file or in that of the README", async () => {
  const examples = (await readdir("examples")).filter((name) => name !== "README.md").sort();
  const tests = (
    await Promise.all(
      ["examples", "readme-sample"].map((name) => readFile(`test/examples/${name}.test.ts`, "utf8")),
    )
  ).join();
  expect(examples.filter((name) => !tests.includes(`examples/${name.replace(/\.ts$/, ".js")}`))).toEqual([]);
  expect(examples.length).toBe(11);
});

describe("embed in a backup tool", () => {
  const drive = { driveId: "TOOL-1", sizeInBytes: driveSizeInBytes };
  const archives = [
    { name: "monday.bak", open: () => chunks("monday") },
    { name: "tuesday.bak", open: () => chunks(randomBytes(mebibyte)) },
  ];

  test("prepares a drive and tells how far it is", async () => {
    const phases = new Set<string>();
    const outcome = await makeSeed({
      archives,
      workFolder: work,
      drive,
      onProgress: ({ phase }) => phases.add(phase),
    });
    if (outcome.kind !== "prepared") throw new Error(outcome.kind);
    await using image = await openImageFile(join(work, "TOOL-1.img"));
    expect(await verifyDrive(image, outcome.drive)).toMatchObject({ passed: true, blobCount: 2 });
    expect(phases.size).toBeGreaterThan(1);
  });

  test("goes on after Cancel, and says when more drives are needed", async () => {
    const stopping = new AbortController();
    const stopped = {
      name: "tuesday.bak",
      open: () => {
        stopping.abort();
        return chunks("never read");
      },
    };
    const request = { workFolder: work, drive, abortSignal: stopping.signal };
    await expect(makeSeed({ ...request, archives: [archives[0] ?? stopped, stopped] })).rejects.toMatchObject(
      {
        name: "AbortError",
      },
    );
    const large = { name: "tuesday.bak", open: () => chunks(randomBytes(70 * mebibyte)) };
    const larger = { ...large, name: "wednesday.bak" };
    const unread = { name: "monday.bak", open: () => chunks("would be another content") };
    expect(await makeSeed({ archives: [unread, large, larger], workFolder: work, drive })).toMatchObject({
      kind: "more-drives-needed",
    });
  });

  test("explains failures", () => {
    expect(explainFailure(new Error("why"))).toBe("why");
    const changed = Object.assign(new Error("b.txt"), { name: "DriveError", code: "staged-file-changed" });
    expect(explainFailure(changed)).toBe("Stage the seed again. b.txt");
  });
});

describe("custom block device", () => {
  test.each(pagedDeviceChecks())("$name", (check) => check.run());

  test("holds a drive", async () => {
    const catalog = await sealedSeed();
    const target = { driveId: "PAGED-1", sizeInBytes: driveSizeInBytes };
    const [plan] = (await planDrives(catalog, [target])).drives;
    if (!plan) throw new Error("no plan");
    const device = createPagedDevice(target.sizeInBytes);
    const drive = await prepareOrResume(plan, catalog, device, join(work, "paged.journal"));
    expect(await verifyDrive(device, drive)).toMatchObject({ passed: true });
    await catalog.close();
  });
});

test("custom staging source: rows, and a virtual disk with holes", async () => {
  const writer = await createWriter();
  await stageRows(
    writer,
    (async function* () {
      yield { id: 1, name: "first" };
      yield { id: 2, name: "second" };
    })(),
  );
  const cluster = 4 * mebibyte;
  await stageVirtualDisk(
    writer,
    async (index) => (index === 1 ? new Uint8Array(cluster) : randomBytes(cluster)),
    3,
  );
  const catalog = await writer.seal();
  const blobs = [];
  for await (const blob of catalog.blobs()) blobs.push(blob);
  expect(blobs).toMatchObject([
    { name: "database/orders.jsonl", kind: "block", metadata: { exportedby: "orders-service" } },
    {
      name: "disks/server.vhd",
      kind: "page",
      lengthInBytes: 3 * cluster,
      dataStretches: [
        { offsetInBytes: 0, lengthInBytes: cluster },
        { offsetInBytes: 2 * cluster, lengthInBytes: cluster },
      ],
    },
  ]);
  expect((await contentOf(catalog, 0)).toString()).toBe(
    '{"id":1,"name":"first"}\n{"id":2,"name":"second"}\n',
  );
  await catalog.close();
});

describe("own registry store", () => {
  runRegistryStoreSuite("the JSON registry", "HKLM\\SOFTWARE\\Example", async () =>
    createJsonRegistry(join(work, "registry.json")),
  );

  test("holds the agent's entries", async () => {
    const certificate = await createSeedCertificate({ resourceId: "7f3c" });
    const paramsFile = join(work, "OfflineApplicationParams.xml");
    await writeOfflineApplicationParams(paramsFile, {
      createdAt: new Date(0),
      storageAccountName: "seedaccount",
      identity: {
        cloud: azureClouds.public,
        tenantId: subscriptionId.replaceAll("1", "a"),
        subscriptionId,
        azureUserId: subscriptionId.replaceAll("1", "b"),
        application: {
          applicationId: subscriptionId.replaceAll("1", "c"),
          objectId: subscriptionId.replaceAll("1", "d"),
          servicePrincipalId: subscriptionId.replaceAll("1", "e"),
          displayName: "AzureOfflineBackup_1",
        },
        certificate,
      },
    });
    const file = join(work, "entries.json");
    const payloadFolder = join(work, "payload");
    const options = { paramsFile, subscriptionId, storageAccountName: "seedaccount", payloadFolder };
    const lines = await describeAgentEntries(file, options);
    expect(lines.length).toBeGreaterThan(2);
    expect(await readFile(file, "utf8")).toContain(certificate.thumbprint);
    const before = await readFile(file, "utf8");
    await describeAgentEntries(file, options);
    expect(await readFile(file, "utf8")).toBe(before);
  });
});

test("agent folder: a dry run over files where they lie", async () => {
  const files = ["server 1/part0.AIBBlob", "server 1/part0.BaseBlob"];
  await mkdir(join(work, "server 1"));
  for (const name of files) await writeFile(join(work, name), randomBytes(4096));
  const plan = await planAgentFolder(work);
  expect(plan.unplaced).toBeUndefined();
  expect(plan.drives).toMatchObject([
    { driveId: "ANY-SERIAL", containerName: "dpm-container", blobBytes: 8192 },
  ]);
});

test("two services: the order goes to the one that is there, twice to the same job", async () => {
  const catalog = await sealedSeed();
  const target = { driveId: "ORDER-1", sizeInBytes: driveSizeInBytes };
  const [plan] = (await planDrives(catalog, [target])).drives;
  if (!plan) throw new Error("no plan");
  const device = createMemoryDevice(target.sizeInBytes);
  const drive = await prepareOrResume(plan, catalog, device, join(work, "order.journal"));
  await catalog.close();
  const blobService = {
    endpoint: "http://127.0.0.1:9/seedaccount",
    accountName: "seedaccount",
    accountKey: "YQ==",
  };
  const found: string[] = [];
  for (const provider of ["Microsoft.ImportExport", "Microsoft.DataBox"]) {
    await using azure = await startAzureEmulator({
      blobService,
      registeredProviders: [provider, "Microsoft.Storage"],
    });
    const client = { endpoint: azure.armEndpoint, tlsOptions: { ca: azure.certificateAuthorityPem } };
    const order = {
      jobName: "two-services",
      subscriptionId: azure.subscriptionId,
      resourceGroupName: azure.resourceGroup,
      location: azure.location,
      storageAccountId: azure.storageAccountId,
      containerName: "seed",
      blobKinds: ["block"] as const,
      drives: [drive],
      returnAddress: {
        recipientName: "Backup Team",
        streetAddress1: "1 Example Street",
        city: "Amsterdam",
        postalCode: "1000 AA",
        countryOrRegion: "Netherlands",
        phone: "+31 20 000 0000",
        email: "backup@example.com",
      },
      returnShipping: { carrierName: "DHL", carrierAccountNumber: "000000000" },
    };
    const placed = await orderFromEitherService(order, azure.adminCredential, client);
    expect(await orderFromEitherService(order, azure.adminCredential, client)).toEqual(placed);
    expect(placed.shipTo.split("\n").length).toBeGreaterThan(3);
    found.push(`${placed.service}: ${placed.state}`);
    await expect(
      orderFromEitherService({ ...order, jobName: "X" }, azure.adminCredential, client),
    ).rejects.toThrow(/jobName/);
  }
  expect(found).toEqual(["import-export: creating", "data-box: creating"]);
});

test("resume after a crash: the same bytes as without one", async () => {
  const catalog = await sealedSeed();
  const target = { driveId: "CRASH-1", sizeInBytes: driveSizeInBytes };
  const [plan] = (await planDrives(catalog, [target])).drives;
  if (!plan) throw new Error("no plan");
  const journalPath = join(work, "crash.journal");
  const path = join(work, "crash.img");
  const image = await createImageFile(path, target);
  const broken = createFaultyDevice(image, {
    atOperation: 4,
    kind: "tear",
    operations: ["write"],
    staysBroken: true,
  });
  await expect(prepareOrResume(plan, catalog, broken.device, journalPath)).rejects.toMatchObject({
    name: "DriveError",
  });
  await image.close();
  await using again = await openImageFile(path, { canWrite: true });
  const drive = await prepareOrResume(plan, catalog, again, journalPath);
  expect(await verifyDrive(again, drive)).toMatchObject({ passed: true });
  await catalog.close();
});

test("integration test with the emulator: every blob is proven", async () => {
  expect(await seedIntoTheLocalAzure("src/shared", work)).toMatchObject({ isProven: true, missing: 0 });
});

test("VHD for a Windows trial", async () => {
  const catalog = await sealedSeed();
  const { vhdPath, drive } = await makeTrialDisk(catalog, work, driveSizeInBytes);
  await using disk = await openVhdFile(vhdPath);
  expect(disk.sizeInBytes).toBe(driveSizeInBytes);
  expect(await verifyDrive(disk, drive)).toMatchObject({ passed: true });
  await expect(makeTrialDisk(catalog, work, 16 * mebibyte)).rejects.toThrow();
  await catalog.close();
});

test("client-side encryption: only ciphertext is staged, and it comes back", async () => {
  const writer = await createWriter();
  const masterKey = randomBytes(32);
  const blob = await stageEncrypted(writer, "secret.txt", chunks("attack ", "at dawn"), masterKey);
  const catalog = await writer.seal();
  const stored = await contentOf(catalog, 0);
  expect(blob.md5).toBe(createHash("md5").update(stored).digest("hex"));
  expect(stored.includes("attack")).toBe(false);
  expect(decrypt("secret.txt", stored, masterKey).toString()).toBe("attack at dawn");
  expect(() => decrypt("other.txt", stored, masterKey)).toThrow();
  stored[20] = (stored[20] ?? 0) ^ 1;
  expect(() => decrypt("secret.txt", stored, masterKey)).toThrow();
  await catalog.close();
});
