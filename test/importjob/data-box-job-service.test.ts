import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  DataBoxJobService,
  dataBoxCopyStatuses,
  type ImportJobChange,
  type ImportJobStatus,
  importJobDeadlines,
  monitorImportJob,
} from "../../src/importjob/index.js";
import { type FakeDataBox, fakeDataBox } from "./support/fake-data-box.js";
import { importOrder, preparedDrive, storageAccountId, subscriptionId } from "./support/import-orders.js";
import { type TestClock, testClock } from "./support/test-clock.js";

const ref = { resourceGroupName: "backup", jobName: "first-seed" };
const shipping = { deliveryPackage: { carrierName: "FedEx", trackingNumber: "1Z999AA" } };

let clock: TestClock;
let fake: FakeDataBox;
let service: DataBoxJobService;

beforeEach(() => {
  clock = testClock();
  fake = fakeDataBox(clock);
  service = new DataBoxJobService(
    subscriptionId,
    { getToken: async () => ({ token: "t", expiresOnTimestamp: 4e12 }) },
    { httpClient: fake, retryOptions: { maxRetries: 0 }, pollingIntervalInMs: 1 },
  );
});

describe("createImportJob", () => {
  test("sends the documented body and waits for the operation", async () => {
    const status = await service.createImportJob(
      importOrder({ tags: { team: "backup" }, backUpDriveManifest: true }),
    );
    const put = fake.requests.find(({ method }) => method === "PUT")!;
    expect(new URL(put.url).searchParams.get("api-version")).toBe("2022-12-01");
    const { bitLockerKey } = importOrder().drives[0]!;
    const disk = {
      manifestFile: "\\DriveManifest.xml",
      manifestHash: "8D55706FD69595EA109DF5C437188644",
      bitLockerKey,
    };
    expect(put.body).toEqual({
      location: "westus",
      tags: { team: "backup" },
      sku: { name: "DataBoxCustomerDisk" },
      properties: {
        transferType: "ImportToAzure",
        details: {
          jobDetailsType: "DataBoxCustomerDisk",
          contactDetails: {
            contactName: "Backup desk",
            phone: "+31 10 000 0000",
            emailList: ["backup@example.com"],
          },
          shippingAddress: {
            streetAddress1: "1 Harbour Road",
            streetAddress2: "Attn Backup desk",
            city: "Rotterdam",
            postalCode: "3011 AA",
            country: "Netherlands",
            addressType: "Commercial",
          },
          dataImportDetails: [
            {
              accountDetails: { dataAccountType: "StorageAccount", storageAccountId },
              logCollectionLevel: "Error",
            },
          ],
          importDiskDetailsCollection: { DISK0001: disk, DISK0002: disk },
          returnToCustomerPackageDetails: { carrierName: "DHL", carrierAccountNumber: "123456" },
          enableManifestBackup: true,
        },
      },
    });
    expect(status).toMatchObject({
      kind: "data-box",
      state: "creating",
      serviceState: "AwaitingShipmentDetails",
      storageAccountId,
      isCancellable: true,
      isDeletable: false,
      percentComplete: undefined,
      drives: [{ driveId: "DISK0001", state: "specified" }, { driveId: "DISK0002" }],
      stages: [{ state: "creating", serviceState: "Created" }],
    });
    expect(JSON.stringify(status)).not.toContain(bitLockerKey);
  });

  test("may be repeated, refuses a different order, and reports an operation that failed", async () => {
    fake.failNextOperation = { code: "SkuNotAvailable", message: "Not in this region." };
    await expect(service.createImportJob(importOrder({ jobName: "failing" }))).rejects.toMatchObject({
      code: "operation-failed",
      message: expect.stringContaining("SkuNotAvailable"),
    });
    await service.createImportJob(importOrder());
    expect((await service.createImportJob(importOrder())).state).toBe("creating");
    const different = importOrder({
      drives: [preparedDrive("DISK0001"), preparedDrive("DISK0002", { bitLockerKey: "other-key" })],
    });
    await expect(service.createImportJob(different)).rejects.toMatchObject({
      code: "different-order-exists",
      message: expect.not.stringContaining("other-key"),
    });
    expect(fake.requests.filter(({ method }) => method === "PUT")).toHaveLength(2);
  });
});

test("shipping: marks the devices shipped, updates the return, and refuses another job's number", async () => {
  await service.createImportJob(importOrder());
  await service.createImportJob(importOrder({ jobName: "second-seed" }));
  const shipped = await service.enterShipping(ref, {
    ...shipping,
    returnShipping: { carrierName: "FedEx", carrierAccountNumber: "9" },
  });
  expect(shipped).toMatchObject({
    state: "shipping",
    deliveryPackage: { carrierName: "FedEx", trackingNumber: "1Z999AA" },
    returnPackage: undefined,
  });
  expect(fake.jobs.get("first-seed")!.properties.details["returnToCustomerPackageDetails"]).toEqual({
    carrierName: "FedEx",
    carrierAccountNumber: "9",
  });
  await service.enterShipping(ref, shipping);
  expect(fake.requests.filter(({ url }) => url.includes("markDevicesShipped"))).toHaveLength(1);
  await expect(service.enterShipping({ ...ref, jobName: "second-seed" }, shipping)).rejects.toMatchObject({
    code: "tracking-number-in-use",
  });
});

test("the datacentre's address, and a region without one", async () => {
  expect(await service.getShippingDestination("West US")).toMatchObject({
    requestedLocation: "West US",
    location: "westus2",
    recipientName: "Receiving, Microsoft",
    streetAddress1: "1 Data Way",
    postalCode: "98848",
    additionalInformation: "Write the order name on the parcel.",
    supportedCarriers: ["FedEx"],
  });
  await expect(service.getShippingDestination("atlantis")).rejects.toMatchObject({
    code: "no-shipping-destination",
  });
});

test("asks for the datacentre within the resource group when rights end there", async () => {
  fake.subscriptionIsForbidden = true;
  await expect(service.getShippingDestination("West US")).rejects.toMatchObject({ statusCode: 403 });
  expect(await service.getShippingDestination("West US", { resourceGroupName: "seeds" })).toMatchObject({
    location: "westus2",
  });
  await service.createImportJob(importOrder());
  expect(fake.jobs.size).toBe(1);
});

test("a creation whose answer was lost is found; somebody else's order of the same moment is not taken for ours", async () => {
  fake.placedMeanwhile = (body) => body;
  expect((await service.createImportJob(importOrder())).jobName).toBe("first-seed");
  fake.placedMeanwhile = (body) => {
    const { details } = body["properties"] as { details: Record<string, unknown> };
    const [disk] = Object.values(details["importDiskDetailsCollection"] as object);
    details["importDiskDetailsCollection"] = { "SOMEBODY-ELSES": disk };
    return body;
  };
  await expect(service.createImportJob(importOrder({ jobName: "second-seed" }))).rejects.toMatchObject({
    code: "different-order-exists",
  });
});

test("lists pages of customer disk imports only", async () => {
  for (const jobName of ["job-1", "job-2", "job-3"]) await service.createImportJob(importOrder({ jobName }));
  fake.jobs.get("job-2")!.resource["sku"] = { name: "DataBoxHeavy" };
  const jobs: ImportJobStatus[] = [];
  for await (const job of service.listImportJobs()) jobs.push(job);
  expect(jobs.map(({ jobName, drives, resourceGroupName }) => [jobName, drives, resourceGroupName])).toEqual([
    ["job-1", undefined, "backup"],
    ["job-3", undefined, "backup"],
  ]);
});

test("keys, cancelling, deleting", async () => {
  await service.createImportJob(importOrder());
  expect(await service.listRecoveryKeys(ref)).toEqual(
    importOrder().drives.map(({ driveId, bitLockerKey }) => ({ driveId, bitLockerKey })),
  );
  expect(await service.cancelImportJob(ref, { reason: "ordered twice" })).toMatchObject({
    state: "cancelled",
    cancelRequested: true,
  });
  expect(fake.jobs.get("first-seed")!.properties["cancellationReason"]).toBe("ordered twice");
  fake.jobs.get("first-seed")!.properties["isCancellable"] = false;
  await expect(service.cancelImportJob(ref)).rejects.toMatchObject({
    statusCode: 409,
    code: "NotCancellable",
  });
  await service.deleteImportJob(ref);
  await service.deleteImportJob(ref);
  await expect(service.getImportJob(ref)).rejects.toMatchObject({ code: "job-not-found" });
});

test("stages, copy progress and logs read into one vocabulary, with the service's own times for deadlines", async () => {
  await service.createImportJob(importOrder());
  const dayInMs = 86_400_000;
  const steps = [
    () => fake.setStage("first-seed", "ShippedToAzureDC"),
    () => fake.setStage("first-seed", "AtAzureDC"),
    () =>
      fake.setStage("first-seed", "DataCopy", {
        copyProgress: [
          {
            serialNumber: "disk0001",
            copyStatus: "InProgress",
            bytesProcessed: 30,
            totalBytesToProcess: 100,
          },
          { serialNumber: "DISK0002", copyStatus: "DriveNotReceived" },
        ],
      }),
    () =>
      fake.setStage("first-seed", "CompletedWithErrors", {
        copyProgress: [
          {
            serialNumber: "DISK0001",
            copyStatus: "CompletedWithErrors",
            bytesProcessed: 100,
            totalBytesToProcess: 100,
          },
        ],
        copyLogDetails: [
          { serialNumber: "DISK0001", errorLogLink: "https://log/1", verboseLogLink: "https://log/2" },
        ],
      }),
  ];
  const shippedAtInMs = clock.nowInMs() + dayInMs;
  clock.onSleep = () => steps.shift()?.();
  const changes: ImportJobChange[] = [];
  const monitor = monitorImportJob(service, ref, { clock, intervalInMs: dayInMs });
  for await (const change of monitor) {
    changes.push(change);
    if (change.type === "job-state" && change.to === "shipping") {
      const [arrival] = importJobDeadlines(change.status, { nowInMs: clock.nowInMs() + 20 * dayInMs });
      expect(arrival).toMatchObject({
        kind: "drives-arrive",
        at: new Date(shippedAtInMs + 14 * dayInMs),
        standing: "passed",
      });
    }
  }
  expect(changes.flatMap((change) => (change.type === "job-state" ? [change.to] : []))).toEqual([
    "creating",
    "shipping",
    "received",
    "transferring",
    "completed-with-errors",
  ]);
  expect(
    changes.flatMap((change) => (change.type === "drive-state" ? [`${change.driveId} ${change.to}`] : [])),
  ).toEqual([
    "DISK0001 specified",
    "DISK0002 specified",
    "DISK0001 received",
    "DISK0002 received",
    "DISK0001 transferring",
    "DISK0002 never-received",
    "DISK0001 completed-more-info",
    "DISK0002 received",
  ]);
  expect(changes).toContainEqual(
    expect.objectContaining({ type: "drive-log", driveId: "DISK0001", errorLogUri: "https://log/1" }),
  );
  expect(changes).toContainEqual(
    expect.objectContaining({ type: "drive-progress", driveId: "DISK0001", percentComplete: 30 }),
  );
});

test("every documented copy status has a meaning", () => {
  expect(Object.keys(dataBoxCopyStatuses)).toHaveLength(18);
});
