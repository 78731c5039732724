import { DataBoxManagementClient, type JobResource } from "@azure/arm-databox";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Azurite, startAzurite } from "../../src/emulator/index.js";
import { crc64nvmeOf } from "./support/crc64-reference.js";
import { type EmulatedAzure, startEmulatedAzure } from "./support/emulated-azure.js";
import { createManualClock, type ManualClock } from "./support/manual-clock.js";
import {
  createTestDrive,
  md5Hex,
  memoryDriveOpener,
  type TestBlob,
  type TestDrive,
} from "./support/memory-drive.js";

let azurite: Azurite;
let emulated: EmulatedAzure;
let client: DataBoxManagementClient;
let blobs: BlobServiceClient;
let clock: ManualClock;
const drives = new Map<string, TestDrive>();
let jobCount = 0;

beforeAll(async () => {
  clock = createManualClock();
  azurite = await startAzurite();
  emulated = await startEmulatedAzure({ blobService: azurite, openDrive: memoryDriveOpener(drives), clock });
  client = clientOf(emulated);
  blobs = new BlobServiceClient(
    azurite.endpoint,
    new StorageSharedKeyCredential(azurite.accountName, azurite.accountKey),
  );
});
afterAll(async () => {
  await emulated.azure.close();
  await azurite.close();
});

function clientOf({ azure, clientOptions }: EmulatedAzure): DataBoxManagementClient {
  return new DataBoxManagementClient(azure.adminCredential, azure.subscriptionId, clientOptions);
}

function orderOf(
  disks: readonly TestDrive[],
  logCollectionLevel: "Error" | "Verbose" = "Verbose",
): JobResource {
  return {
    location: "westus",
    sku: { name: "DataBoxCustomerDisk" },
    transferType: "ImportToAzure",
    details: {
      jobDetailsType: "DataBoxCustomerDisk",
      contactDetails: {
        contactName: "Backup team",
        phone: "4250000000",
        emailList: ["backup@contoso.example"],
      },
      shippingAddress: { streetAddress1: "1 Return Street", country: "US", postalCode: "98007" },
      dataImportDetails: [
        {
          accountDetails: {
            dataAccountType: "StorageAccount",
            storageAccountId: emulated.azure.storageAccountId,
          },
          logCollectionLevel,
        },
      ],
      importDiskDetailsCollection: Object.fromEntries(
        disks.map(({ driveId, bitLockerKey, manifestFile, manifestHash }) => [
          driveId,
          { bitLockerKey, manifestFile, manifestHash },
        ]),
      ),
      returnToCustomerPackageDetails: { carrierName: "FedEx", carrierAccountNumber: "12345" },
      enableManifestBackup: true,
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the wire shape is looked into
type Details = any;

async function look(
  name: string,
): Promise<{ status: string | undefined; details: Details; job: JobResource }> {
  const job = await client.jobs.get(emulated.azure.resourceGroup, name, { expand: "details" });
  return { status: job.status, details: job.details, job };
}

async function order(disks: readonly TestDrive[], level?: "Error" | "Verbose"): Promise<string> {
  const name = `Order-${++jobCount}`;
  for (const disk of disks) drives.set(disk.driveId, disk);
  await client.jobs.beginCreateAndWait(emulated.azure.resourceGroup, name, orderOf(disks, level), {
    updateIntervalInMs: 1,
  });
  return name;
}

async function ship(name: string): Promise<void> {
  await client.jobs.markDevicesShipped(name, emulated.azure.resourceGroup, {
    deliverToDcPackageDetails: { carrierName: "FedEx", trackingId: `TRACK-${name}` },
  });
}

function parcel(name: string, shipped: readonly TestDrive[]) {
  return {
    carrierName: "FedEx",
    trackingNumber: `TRACK-${name}`,
    drives: shipped.map(({ driveId }) => ({ image: driveId, serialNumber: driveId })),
  };
}

async function textOf(link: string): Promise<string> {
  const [, , container, ...name] = new URL(link).pathname.split("/");
  return (
    await blobs
      .getContainerClient(container!)
      .getBlobClient(decodeURIComponent(name.join("/")))
      .downloadToBuffer()
  ).toString();
}

const small: TestBlob = { path: "box/small.txt", content: Buffer.from("hello") };
const pages: TestBlob = {
  path: "box/pages.bin",
  content: Buffer.alloc(4096, 7),
  kind: "page",
  rangeSizeInBytes: 1024,
};

describe("an order of customer disks", () => {
  test("walks from creation to proof with the unmodified client", async () => {
    const disk = createTestDrive("BOX1", [small, pages]);
    const name = await order([disk]);
    const created = await look(name);
    expect(created.job).toMatchObject({
      isCancellable: true,
      isDeletable: false,
      location: "westus",
      sku: { name: "DataBoxCustomerDisk" },
    });
    expect([created.status, JSON.stringify(created.job).includes(disk.bitLockerKey)]).toEqual([
      "AwaitingShipmentDetails",
      false,
    ]);
    await ship(name);
    expect((await look(name)).status).toBe("ShippedToAzureDC");
    await emulated.azure.datacentre.receivePackage(parcel(name, [disk]));
    const done = await look(name);
    expect(done.status).toBe("Completed");
    expect(
      done.details.jobStages.map(({ stageName, stageStatus }: Details) => [stageName, stageStatus]),
    ).toEqual([
      ["AwaitingShipmentDetails", "Succeeded"],
      ["ShippedToAzureDC", "Succeeded"],
      ["AtAzureDC", "Succeeded"],
      ["DataCopy", "Succeeded"],
      ["PreparingToShipFromAzureDC", "Succeeded"],
      ["ShippedToCustomer", "Succeeded"],
      ["Completed", "Succeeded"],
    ]);
    expect(done.details.copyProgress).toEqual([
      expect.objectContaining({
        serialNumber: "BOX1",
        copyStatus: "Completed",
        bytesProcessed: 4101,
        totalBytesToProcess: 4101,
        filesProcessed: 2,
        filesErroredOut: 0,
      }),
    ]);
    expect(done.details.returnToCustomerPackageDetails).toMatchObject({ trackingId: `RETURN-${name}` });
    const [log] = done.details.copyLogDetails;
    expect(log.errorLogLink).toMatch(new RegExp(`/databoxcopylog/${name}_BOX1_CopyLog_[0-9a-f-]{36}\\.xml$`));
    expect(await textOf(log.errorLogLink)).toBe(
      '<CopyLog Summary="Summary">\n  <DriveLogVersion>2021-08-01</DriveLogVersion>\n  <DriveId>BOX1</DriveId>\n  <Status>Completed</Status>\n' +
        "  <TotalFiles_Blobs>2</TotalFiles_Blobs>\n  <FilesErrored>0</FilesErrored>\n  <Summary>\n    <ValidationErrors>\n" +
        '      <None Count="2"/>\n    </ValidationErrors>\n    <CopyErrors>\n      <None Count="2" Description="No errors encountered"/>\n' +
        "    </CopyErrors>\n  </Summary>\n</CopyLog>\n",
    );
    expect(await textOf(log.verboseLogLink)).toBe(
      `<File CloudFormat="BlockBlob" Path="box/small.txt" Size="5" crc64="${crc64nvmeOf(small.content)}"/>\n` +
        `<File CloudFormat="PageBlob" Path="box/pages.bin" Size="4096" crc64="${crc64nvmeOf(pages.content)}"/>\n`,
    );
    const backup = done.details.importDiskDetailsCollection.BOX1.backupManifestCloudPath;
    expect(md5Hex(await textOf(backup))).toBe(disk.manifestHash);
    await client.jobs.beginDeleteAndWait(emulated.azure.resourceGroup, name, { updateIntervalInMs: 1 });
    await expect(look(name)).rejects.toMatchObject({ statusCode: 404 });
  });

  test("gives the recovery keys through listCredentials only", async () => {
    const disk = createTestDrive("BOX2", [small]);
    const name = await order([disk]);
    const credentials: Details[] = [];
    for await (const item of client.jobs.listCredentials(emulated.azure.resourceGroup, name))
      credentials.push(item);
    expect(credentials).toEqual([
      {
        jobName: name,
        jobSecrets: {
          jobSecretsType: "DataBoxCustomerDisk",
          diskSecrets: [{ diskSerialNumber: "BOX2", bitLockerKey: disk.bitLockerKey }],
          carrierAccountNumber: "12345",
        },
      },
    ]);
  });

  test("is listed without details, page by page", async () => {
    const names: (string | undefined)[] = [];
    const withDetails: unknown[] = [];
    for await (const job of client.jobs.listByResourceGroup(emulated.azure.resourceGroup)) {
      names.push(job.name);
      withDetails.push(job.details);
    }
    expect(names.length).toBeGreaterThan(0);
    expect(withDetails.every((details) => details === undefined)).toBe(true);
  });

  test("can be changed, within limits", async () => {
    const name = await order([createTestDrive("BOX3", [small])]);
    const group = emulated.azure.resourceGroup;
    const updated = await client.jobs.beginUpdateAndWait(
      group,
      name,
      {
        tags: { a: "b" },
        details: { returnToCustomerPackageDetails: { carrierName: "UPS", carrierAccountNumber: "9" } },
      },
      { updateIntervalInMs: 1 },
    );
    expect(updated).toMatchObject({
      tags: { a: "b" },
      details: { returnToCustomerPackageDetails: { carrierName: "UPS" } },
    });
    await expect(
      client.jobs.beginUpdateAndWait(group, name, { tags: {} }, { ifMatch: '"1"' }),
    ).rejects.toMatchObject({ statusCode: 412 });
    await expect(
      client.jobs.beginCreateAndWait(group, name, orderOf([createTestDrive("BOX3", [small])])),
    ).rejects.toMatchObject({ statusCode: 409 });
    await expect(client.jobs.beginDeleteAndWait(group, name)).rejects.toMatchObject({ statusCode: 409 });
    await client.jobs.cancel(group, name, { reason: "changed my mind" });
    expect((await look(name)).job).toMatchObject({
      status: "Cancelled",
      cancellationReason: "changed my mind",
      isDeletable: true,
      isCancellable: false,
    });
    await expect(ship(name)).rejects.toMatchObject({ statusCode: 409 });
  });
});

describe("what an order is refused for", () => {
  const changed = (change: (body: Details) => void) => {
    const body = structuredClone({ ...orderOf([createTestDrive("BAD", [small])]) }) as Details;
    const { location, sku, transferType, details } = body;
    const wire = { location, sku, properties: { transferType, details } };
    change(wire);
    return wire;
  };
  const details = "properties.details";
  test.each<[string, (body: Details) => void, string]>([
    [
      "another SKU",
      (body) => {
        body.sku.name = "DataBoxHeavy";
      },
      "sku.name",
    ],
    [
      "an export",
      (body) => {
        body.properties.transferType = "ExportFromAzure";
      },
      "properties.transferType",
    ],
    [
      "no contact",
      (body) => {
        delete body.properties.details.contactDetails;
      },
      `${details}.contactDetails`,
    ],
    [
      "no e-mail",
      (body) => {
        body.properties.details.contactDetails.emailList = [];
      },
      `${details}.contactDetails.emailList`,
    ],
    [
      "no return package",
      (body) => {
        delete body.properties.details.returnToCustomerPackageDetails;
      },
      `${details}.returnToCustomerPackageDetails`,
    ],
    [
      "no disks",
      (body) => {
        body.properties.details.importDiskDetailsCollection = {};
      },
      `${details}.importDiskDetailsCollection`,
    ],
    [
      "a disk without key",
      (body) => {
        delete body.properties.details.importDiskDetailsCollection.BAD.bitLockerKey;
      },
      `${details}.importDiskDetailsCollection.BAD.bitLockerKey`,
    ],
    [
      "a hash that is no MD5",
      (body) => {
        body.properties.details.importDiskDetailsCollection.BAD.manifestHash = "x";
      },
      `${details}.importDiskDetailsCollection.BAD.manifestHash`,
    ],
    [
      "an unknown account",
      (body) => {
        body.properties.details.dataImportDetails[0].accountDetails.storageAccountId = "/x";
      },
      `${details}.dataImportDetails[0].accountDetails.storageAccountId`,
    ],
    [
      "an unknown location",
      (body) => {
        body.location = "atlantis";
      },
      "location",
    ],
  ])("%s", async (_what, change, target) => {
    const path = emulated
      .jobPath("refused")
      .replace("Microsoft.ImportExport", "Microsoft.DataBox")
      .replace("2021-01-01", "2022-12-01");
    const answer = await emulated.send("PUT", path, changed(change));
    expect([answer.status, answer.body.error.details.map((problem: Details) => problem.target)]).toEqual([
      400,
      [target],
    ]);
  });
});

describe("questions before an order", () => {
  test("the address of a region, its alternate, or the instruction to ask for it", async () => {
    const ask = async (storageLocation: string): Promise<Details> =>
      (
        await client.service.regionConfiguration(storageLocation, {
          datacenterAddressRequest: { storageLocation, skuName: "DataBoxCustomerDisk" },
        })
      ).datacenterAddressResponse;
    expect(await ask("westus")).toMatchObject({
      datacenterAddressType: "DatacenterAddressLocation",
      dataCenterAzureLocation: "westus",
      country: "USA",
    });
    expect(await ask("northeurope")).toMatchObject({ dataCenterAzureLocation: "westeurope" });
    expect(await ask("australiaeast")).toMatchObject({
      datacenterAddressType: "DatacenterAddressInstruction",
      communicationInstruction: expect.any(String),
    });
    await expect(ask("atlantis")).rejects.toMatchObject({ statusCode: 400 });
  });

  test("whether the SKU is offered", async () => {
    const skus = async (location: string) => {
      const found: Details[] = [];
      for await (const sku of client.service.listAvailableSkusByResourceGroup(
        emulated.azure.resourceGroup,
        location,
        { country: "US", location, transferType: "ImportToAzure" },
      ))
        found.push([sku.sku?.name, sku.enabled, sku.disabledReason]);
      return found;
    };
    expect([await skus("westus"), await skus("atlantis")]).toEqual([
      [["DataBoxCustomerDisk", true, "None"]],
      [["DataBoxCustomerDisk", false, "Region"]],
    ]);
  });

  test("whether the inputs of an order are valid", async () => {
    const validate = (location: string) =>
      client.service.validateInputs("westus", {
        validationCategory: "JobCreationValidation",
        individualRequestDetails: [
          { validationType: "ValidateSubscriptionIsAllowedToCreateJob" },
          {
            validationType: "ValidateSkuAvailability",
            deviceType: "DataBoxCustomerDisk",
            transferType: "ImportToAzure",
            country: "US",
            location,
          },
        ],
      });
    const good = await validate("westus");
    const bad = await validate("atlantis");
    expect([good.status, bad.status]).toEqual(["AllValidToProceed", "InputsRevisitRequired"]);
    expect(
      bad.individualResponseDetails?.map((item: Details) => [
        item.validationType,
        item.status,
        item.error?.code,
      ]),
    ).toEqual([
      ["ValidateSubscriptionIsAllowedToCreateJob", "Valid", "Success"],
      ["ValidateSkuAvailability", "Invalid", "SkuNotAvailable"],
    ]);
  });
});

describe("faults", () => {
  test("parts that failed are in the copy log by category; a drive that failed names its reason", async () => {
    const content: TestBlob[] = [
      { path: "faults/corrupt.bin", content: Buffer.alloc(1000, 1) },
      { path: "faults/missing.bin", content: Buffer.alloc(1000, 2) },
      { path: "faults/leased", content: Buffer.alloc(1000, 3), disposition: "overwrite" },
      { path: "faults/twice", content: Buffer.alloc(1000, 4), disposition: "rename" },
      { path: "faults/good", content: Buffer.alloc(1000, 5) },
    ];
    const container = blobs.getContainerClient("faults");
    await container.create();
    await container.getBlockBlobClient("leased").upload("old", 3);
    await container.getBlobClient("leased").getBlobLeaseClient().acquireLease(-1);
    await container.getBlockBlobClient("twice").upload("old", 3);
    const damaged = createTestDrive("BOXA", content);
    damaged.files.set("\\session1\\faults\\corrupt.bin", Buffer.alloc(1000, 9));
    damaged.files.delete("\\session1\\faults\\missing.bin");
    const locked = createTestDrive("BOXB", [small]);
    const absent = createTestDrive("BOXC", [small]);
    const name = await order([damaged, locked, absent]);
    drives.set("BOXB", { ...locked, bitLockerKey: "another" });
    await ship(name);
    await emulated.azure.datacentre.receivePackage(parcel(name, [damaged, locked]));
    const { status, details } = await look(name);
    expect([
      status,
      details.copyProgress.map((item: Details) => [item.serialNumber, item.copyStatus, item.error?.code]),
    ]).toEqual([
      "CompletedWithErrors",
      [
        ["BOXA", "CompletedWithErrors", undefined],
        ["BOXB", "OtherUserError", "BitLockerKeyInvalid"],
        ["BOXC", "DriveNotReceived", undefined],
      ],
    ]);
    const log = await textOf(details.copyLogDetails[0].errorLogLink);
    const entries = [
      ...log.matchAll(/Path="([^"]+)">\s*<Category>(\w+)<\/Category>\s*<ErrorCode>(\d+)/g),
    ].map(([, ...rest]) => rest);
    expect(entries).toEqual([
      ["faults/corrupt.bin", "UploadErrorDataValidationError", "1"],
      ["faults/missing.bin", "UploadErrorWin32", "2"],
      ["faults/leased", "UploadErrorCloudHttp", "412"],
      ["faults/twice (2)", "BlobRenamed", "1"],
    ]);
    expect(log).toContain("<FilesErrored>3</FilesErrored>");
    const locks = await textOf(details.copyLogDetails[1].errorLogLink);
    expect(locks).toContain("<Status>Failed</Status>");
  });
});

describe("time", () => {
  test("an order that is never shipped is gone after two weeks; one that never arrives is aborted after 44 days", async () => {
    const [idle, lost] = [
      await order([createTestDrive("OLD1", [small])]),
      await order([createTestDrive("OLD2", [small])]),
    ];
    await ship(lost);
    const seen: unknown[] = [];
    const statusOf = (name: string) =>
      look(name).then(
        ({ status }) => status,
        () => "gone",
      );
    for (const days of [13, 2, 30, 90]) {
      clock.advanceDays(days);
      seen.push([await statusOf(idle), await statusOf(lost)]);
    }
    expect(seen).toEqual([
      ["AwaitingShipmentDetails", "ShippedToAzureDC"],
      ["gone", "ShippedToAzureDC"],
      ["gone", "Aborted"],
      ["gone", "gone"],
    ]);
  });
});
