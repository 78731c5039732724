/** Both adapters against the local Azure over HTTPS, without drives: what the stand-ins of the other tests cannot vouch for. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type AzureEmulator, startAzureEmulator } from "../../src/emulator/index.js";
import {
  DataBoxJobService,
  detectImportService,
  ImportExportJobService,
  type ImportJobService,
  type ImportJobStatus,
  type ImportOrder,
} from "../../src/importjob/index.js";
import { importOrder, preparedDrive } from "./support/import-orders.js";
import { testClock } from "./support/test-clock.js";

const clock = testClock();
let azure: AzureEmulator;
let order: ImportOrder;

beforeAll(async () => {
  const blobService = {
    endpoint: "http://127.0.0.1:9/unused",
    accountName: "seedaccount",
    accountKey: "bm9uZQ==",
  };
  azure = await startAzureEmulator({ blobService, clock, location: "westus" });
});
afterAll(() => azure.close());

function client() {
  return {
    endpoint: azure.armEndpoint,
    tlsOptions: { ca: azure.certificateAuthorityPem },
    retryOptions: { maxRetries: 2, retryDelayInMs: 1, maxRetryDelayInMs: 1 },
  };
}

describe.each<[string, () => ImportJobService]>([
  ["import-export", () => new ImportExportJobService(azure.subscriptionId, azure.adminCredential, client())],
  [
    "data-box",
    () =>
      new DataBoxJobService(azure.subscriptionId, azure.adminCredential, {
        ...client(),
        pollingIntervalInMs: 1,
      }),
  ],
])("%s", (kind, open) => {
  let service: ImportJobService;
  beforeEach(() => {
    service = open();
    order = importOrder({
      subscriptionId: azure.subscriptionId,
      resourceGroupName: azure.resourceGroup,
      storageAccountId: azure.storageAccountId,
      jobName: `${kind}-seed`,
      tags: { team: "backup" },
    });
  });

  test("order, repeat, list, keys, ship, refuse what the service refuses", async () => {
    const created = await service.createImportJob(order);
    expect(created).toMatchObject({
      kind,
      jobName: order.jobName,
      state: "creating",
      tags: { team: "backup" },
    });
    expect(created.drives?.map(({ driveId, state }) => [driveId, state])).toEqual([
      ["DISK0001", "specified"],
      ["DISK0002", "specified"],
    ]);
    expect(await service.createImportJob(order)).toEqual(created);
    const changed = { ...order, drives: [preparedDrive("DISK0001")] };
    await expect(service.createImportJob(changed)).rejects.toMatchObject({ code: "different-order-exists" });
    const keys = await service.listRecoveryKeys({
      resourceGroupName: azure.resourceGroup,
      jobName: order.jobName,
    });
    expect(keys).toEqual(order.drives.map(({ driveId, bitLockerKey }) => ({ driveId, bitLockerKey })));

    const details = { deliveryPackage: { carrierName: "FedEx", trackingNumber: `TRACK-${kind}` } };
    const shipped = await service.enterShipping(created, details);
    expect(shipped).toMatchObject({
      state: "shipping",
      deliveryPackage: { trackingNumber: `TRACK-${kind}` },
    });
    expect(await service.enterShipping(created, details)).toEqual(shipped);
    await service.createImportJob({
      ...order,
      jobName: `${kind}-other`,
      drives: [preparedDrive("DISK0009")],
    });
    const other = { ...created, jobName: `${kind}-other` };
    await expect(service.enterShipping(other, details)).rejects.toMatchObject({
      code: "tracking-number-in-use",
    });
    await expect(service.deleteImportJob(created)).rejects.toMatchObject({ statusCode: 409 });

    const names: string[] = [];
    for await (const job of service.listImportJobs({ resourceGroupName: azure.resourceGroup }))
      names.push(job.jobName);
    expect(names.sort()).toEqual([`${kind}-other`, `${kind}-seed`]);
    await service.cancelImportJob(other);
    await service.deleteImportJob(other);
    await expect(service.getImportJob(other)).rejects.toMatchObject({ code: "job-not-found" });
  });

  test("a list of many pages comes whole", async () => {
    const names = Array.from({ length: 7 }, (_, at) => `${kind}-page-${at}`.slice(0, 24));
    for (const [at, jobName] of names.entries()) {
      await service.createImportJob({ ...order, jobName, drives: [preparedDrive(`PAGE${at}`)] });
    }
    const listed: ImportJobStatus[] = [];
    for await (const job of service.listImportJobs()) listed.push(job);
    expect(listed.map(({ jobName }) => jobName)).toEqual(expect.arrayContaining(names));
  });

  test("throttling is ridden out by the pipeline", async () => {
    azure.faults.throttleResourceManager({ count: 2, retryAfterInSeconds: 0 });
    expect(
      await service.createImportJob({ ...order, jobName: `${kind}-busy`, drives: [preparedDrive("BUSY1")] }),
    ).toMatchObject({
      state: "creating",
    });
  });

  test("a region without a datacentre, and an account that does not exist, are refused before ordering", async () => {
    const jobName = `${kind}-nowhere`;
    await expect(service.createImportJob({ ...order, jobName, location: "atlantis" })).rejects.toMatchObject({
      code: "no-shipping-destination",
    });
    const storageAccountId = azure.storageAccountId.replace(azure.storageAccountName, "nobody");
    await expect(service.createImportJob({ ...order, jobName, storageAccountId })).rejects.toMatchObject({
      code: "invalid-order",
    });
    await expect(
      service.getImportJob({ resourceGroupName: azure.resourceGroup, jobName }),
    ).rejects.toMatchObject({
      code: "job-not-found",
    });
  });

  test("the datacentre's address", async () => {
    expect(await service.getShippingDestination("West US")).toMatchObject({
      requestedLocation: "West US",
      city: expect.any(String),
      postalCode: expect.any(String),
      supportedCarriers: expect.arrayContaining(["FedEx"]),
    });
  });
});

test("both providers are found registered, and Data Box is preferred", async () => {
  const detected = await detectImportService(azure.subscriptionId, azure.adminCredential, {
    client: client(),
  });
  expect(detected).toMatchObject({
    preferred: "data-box",
    services: [
      { registration: "registered", isUsable: true },
      { registration: "registered", isUsable: true },
    ],
  });
});
