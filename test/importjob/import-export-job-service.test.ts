import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  ImportExportJobService,
  type ImportJobPage,
  type ImportJobStatus,
} from "../../src/importjob/index.js";
import { type FakeImportExport, fakeImportExport } from "./support/fake-import-export.js";
import { importOrder, preparedDrive, subscriptionId } from "./support/import-orders.js";
import { type TestClock, testClock } from "./support/test-clock.js";

const credential = { getToken: async () => ({ token: "secret-token", expiresOnTimestamp: 4e12 }) };
const ref = { resourceGroupName: "backup", jobName: "first-seed" };
const shipping = { deliveryPackage: { carrierName: "FedEx", trackingNumber: "1Z 999-AA" } };

let clock: TestClock;
let fake: FakeImportExport;
let service: ImportExportJobService;

beforeEach(() => {
  clock = testClock();
  fake = fakeImportExport(clock);
  service = new ImportExportJobService(subscriptionId, credential, {
    httpClient: fake,
    retryOptions: { maxRetries: 0 },
  });
});

describe("createImportJob", () => {
  test("sends the documented body and returns what the service keeps", async () => {
    const status = await service.createImportJob(
      importOrder({ logLevel: "verbose", tags: { team: "backup" } }),
    );
    const put = fake.requests.find(({ method }) => method === "PUT")!;
    expect(new URL(put.url).searchParams.get("api-version")).toBe("2021-01-01");
    expect(put.body).toMatchObject({
      location: "westus",
      tags: { team: "backup" },
      properties: {
        jobType: "Import",
        logLevel: "Verbose",
        backupDriveManifest: false,
        diagnosticsPath: "waimportexport",
        returnShipping: { carrierName: "DHL", carrierAccountNumber: "123456" },
        shippingInformation: { recipientName: "Microsoft Azure Import/Export Service", postalCode: "98054" },
        driveList: [
          {
            driveId: "DISK0001",
            bitLockerKey: importOrder().drives[0]!.bitLockerKey,
            manifestFile: "\\DriveManifest.xml",
            manifestHash: "8D55706FD69595EA109DF5C437188644",
            driveHeaderHash: "",
          },
          { driveId: "DISK0002" },
        ],
      },
    });
    expect(status).toMatchObject({
      kind: "import-export",
      jobName: "first-seed",
      location: "West US",
      state: "creating",
      serviceState: "Creating",
      drives: [{ driveId: "DISK0001", state: "specified" }, { driveId: "DISK0002" }],
      createdAt: new Date(clock.nowInMs()),
    });
    expect(JSON.stringify(status)).not.toContain("238810");
  });

  test("sends nothing for an order with errors", async () => {
    await expect(service.createImportJob(importOrder({ drives: [], jobName: "X" }))).rejects.toMatchObject({
      name: "ImportJobError",
      code: "invalid-order",
      details: { jobName: expect.any(String), drives: expect.any(String) },
    });
    await expect(
      service.createImportJob(importOrder({ subscriptionId: "99999999-2222-3333-4444-555555555555" })),
    ).rejects.toMatchObject({ code: "invalid-order" });
    expect(fake.requests).toEqual([]);
  });

  test("refuses an account that cannot hold page blobs before anything is created", async () => {
    fake.accountKind = "BlobStorage";
    await expect(service.createImportJob(importOrder({ blobKinds: ["page"] }))).rejects.toMatchObject({
      code: "invalid-order",
      details: { storageAccountId: expect.stringContaining("BlobStorage") },
    });
    expect(fake.jobs.size).toBe(0);
  });

  test("may be repeated with the same order, in any spelling ARM treats as the same", async () => {
    await service.createImportJob(importOrder());
    fake.set("first-seed", { state: "Transferring" });
    const again = importOrder();
    const order = {
      ...again,
      storageAccountId: again.storageAccountId.toUpperCase(),
      logLevel: "verbose",
    } as const;
    expect((await service.createImportJob({ ...order, drives: [...again.drives].reverse() })).state).toBe(
      "transferring",
    );
    expect(fake.requests.filter(({ method }) => method === "PUT")).toHaveLength(1);
  });

  test.each([
    ["another drive", { drives: [preparedDrive("DISK0001"), preparedDrive("OTHER")] }],
    ["one drive less", { drives: [preparedDrive("DISK0001")] }],
    [
      "another manifest",
      { drives: [preparedDrive("DISK0001"), preparedDrive("DISK0002", { manifestHash: "0".repeat(32) })] },
    ],
    [
      "another key",
      { drives: [preparedDrive("DISK0001"), preparedDrive("DISK0002", { bitLockerKey: "0-other" })] },
    ],
    [
      "another account",
      { storageAccountId: importOrder().storageAccountId.replace("seedaccount", "otheraccount") },
    ],
  ])("refuses a different order under the same name: %s", async (_what, changes) => {
    await service.createImportJob(importOrder());
    const before = structuredClone(fake.jobs.get("first-seed"));
    const refusal = service.createImportJob(importOrder(changes));
    await expect(refusal).rejects.toMatchObject({ code: "different-order-exists" });
    await expect(refusal).rejects.not.toMatchObject({ message: expect.stringContaining("238810") });
    expect(fake.jobs.get("first-seed")).toEqual(before);
  });
});

describe("reading", () => {
  test("never takes the client's invented state and flags for the service's word", async () => {
    await service.createImportJob(importOrder());
    const { properties } = fake.jobs.get("first-seed")!;
    delete properties["state"];
    delete properties.driveList[0]!["state"];
    const status = await service.getImportJob(ref);
    expect(status).toMatchObject({ state: "unknown", serviceState: undefined });
    expect(status.drives![0]).toMatchObject({ state: "unknown", serviceState: undefined });
  });

  test("an unknown word is unknown and kept", async () => {
    await service.createImportJob(importOrder());
    fake.set("first-seed", { state: "Teleporting" });
    expect(await service.getImportJob(ref)).toMatchObject({ state: "unknown", serviceState: "Teleporting" });
  });

  test("a job that is not there is its own error", async () => {
    await expect(service.getImportJob(ref)).rejects.toMatchObject({ code: "job-not-found" });
    await expect(service.listRecoveryKeys(ref)).rejects.toMatchObject({ code: "job-not-found" });
    await expect(service.deleteImportJob(ref)).resolves.toBeUndefined();
  });

  test("lists every page, leaves drives undefined, and goes on from a token", async () => {
    for (const jobName of ["job-1", "job-2", "job-3", "job-4", "job-5"]) {
      await service.createImportJob(importOrder({ jobName }));
    }
    const jobs: ImportJobStatus[] = [];
    for await (const job of service.listImportJobs()) jobs.push(job);
    expect(jobs.map(({ jobName, drives }) => [jobName, drives])).toEqual(
      ["job-1", "job-2", "job-3", "job-4", "job-5"].map((jobName) => [jobName, undefined]),
    );
    const pages = service.listImportJobs({ resourceGroupName: "backup" }).byPage();
    const first = (await pages.next()).value as ImportJobPage;
    const rest: string[][] = [];
    for await (const page of service
      .listImportJobs({ resourceGroupName: "backup" })
      .byPage({ continuationToken: first.continuationToken! })) {
      rest.push(page.map(({ jobName }) => jobName));
    }
    expect([first.map(({ jobName }) => jobName), ...rest]).toEqual([
      ["job-1", "job-2"],
      ["job-3", "job-4"],
      ["job-5"],
    ]);
  });

  test("lists recovery keys", async () => {
    await service.createImportJob(importOrder());
    expect(await service.listRecoveryKeys(ref)).toEqual(
      importOrder().drives.map(({ driveId, bitLockerKey }) => ({ driveId, bitLockerKey })),
    );
  });
});

describe("getShippingDestination", () => {
  test("takes the region's own site when it is open, else an alternate", async () => {
    expect(await service.getShippingDestination("West US")).toMatchObject({
      location: "West US",
      city: "Santa Clara",
      supportedCarriers: ["FedEx", "UPS"],
    });
    expect(await service.getShippingDestination("eastus")).toMatchObject({
      requestedLocation: "eastus",
      location: "West US",
    });
  });

  test.each(["closedus", "atlantis"])("refuses %s", async (location) => {
    await expect(service.getShippingDestination(location)).rejects.toMatchObject({
      code: "no-shipping-destination",
    });
  });
});

describe("enterShipping", () => {
  test("moves the job to Shipping, may be repeated, and may be corrected", async () => {
    await service.createImportJob(importOrder());
    const shipped = await service.enterShipping(ref, {
      deliveryPackage: { ...shipping.deliveryPackage, shipDate: new Date(Date.UTC(2026, 2, 3)) },
      returnShipping: { carrierName: "UPS", carrierAccountNumber: "7" },
    });
    expect(shipped).toMatchObject({
      state: "shipping",
      deliveryPackage: {
        carrierName: "FedEx",
        trackingNumber: "1Z 999-AA",
        driveCount: 2,
        shipDate: "2026-03-03T00:00:00.000Z",
      },
    });
    await service.enterShipping(ref, {
      deliveryPackage: { carrierName: "fedex", trackingNumber: "1z999aa" },
    });
    const corrected = await service.enterShipping(ref, {
      deliveryPackage: { carrierName: "FedEx", trackingNumber: "2" },
    });
    expect(corrected.deliveryPackage?.trackingNumber).toBe("2");
    expect(fake.requests.filter(({ method }) => method === "PATCH")).toHaveLength(2);
  });

  test("refuses incomplete details, a number of another job, and a job that is past it", async () => {
    await service.createImportJob(importOrder());
    await service.createImportJob(importOrder({ jobName: "second-seed" }));
    const incomplete = { deliveryPackage: { carrierName: "FedEx", trackingNumber: " - " } };
    await expect(service.enterShipping(ref, incomplete)).rejects.toMatchObject({
      code: "invalid-shipping-details",
    });
    await service.enterShipping(ref, shipping);
    const second = { ...ref, jobName: "second-seed" };
    await expect(service.enterShipping(second, shipping)).rejects.toMatchObject({
      code: "tracking-number-in-use",
      details: { otherJobName: "first-seed" },
    });
    expect((await service.enterShipping(second, shipping, { allowSharedTrackingNumber: true })).state).toBe(
      "shipping",
    );
    fake.set("first-seed", { state: "Transferring" });
    const late = { deliveryPackage: { carrierName: "FedEx", trackingNumber: "3" } };
    await expect(service.enterShipping(ref, late)).rejects.toMatchObject({ code: "wrong-state" });
  });
});

test("cancels and deletes as the service allows", async () => {
  await service.createImportJob(importOrder());
  expect(await service.cancelImportJob(ref)).toMatchObject({ state: "creating", cancelRequested: true });
  fake.set("first-seed", { state: "Shipping" });
  await expect(service.deleteImportJob(ref)).rejects.toMatchObject({
    statusCode: 409,
    code: "InvalidJobState",
  });
  fake.set("first-seed", { state: "Completed" });
  await service.deleteImportJob(ref);
  expect(fake.jobs.size).toBe(0);
});

test("an endpoint with a trailing slash, and an aborted call", async () => {
  const other = new ImportExportJobService(subscriptionId, credential, {
    httpClient: fake,
    endpoint: "https://management.usgovcloudapi.net/",
  });
  await other.createImportJob(importOrder());
  expect(fake.requests.every(({ url }) => /^https:\/\/management\.usgovcloudapi\.net\/[^/]/.test(url))).toBe(
    true,
  );
  const controller = new AbortController();
  controller.abort();
  await expect(other.getImportJob(ref, { abortSignal: controller.signal })).rejects.toMatchObject({
    name: "AbortError",
  });
});
