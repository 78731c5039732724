import { describe, expect, test } from "@jest/globals";
import {
  formatImportJobPlan,
  type ImportOrder,
  planImportJob,
  type StorageAccountFacts,
} from "../../src/importjob/index.js";
import { importOrder, preparedDrive, storageAccountId } from "./support/import-orders.js";

const goodAccount: StorageAccountFacts = {
  id: storageAccountId.toUpperCase(),
  kind: "StorageV2",
  location: "West US",
  isNfsV3Enabled: false,
  admitsTrustedServices: true,
};

/** Fields with errors, in order. */
function errorFields(order: ImportOrder, account?: StorageAccountFacts): string[] {
  return planImportJob(order, account)
    .problems.filter((problem) => problem.severity === "error")
    .map((problem) => problem.field);
}

describe("planImportJob", () => {
  test("finds nothing wrong with a right order, and its text holds no key", () => {
    const plan = planImportJob(importOrder(), goodAccount);
    expect(plan).toMatchObject({ canBeOrdered: true, problems: [], blobCount: 6, blobBytes: 6000 });
    const text = formatImportJobPlan(plan);
    expect(text).toContain("DISK0002: 3 blobs, 3000 bytes");
    expect(text + JSON.stringify(plan)).not.toContain("238810");
  });

  test("an order out of a file may lack whole parts", () => {
    const plan = planImportJob({ drives: undefined, jobName: 5 } as unknown as ImportOrder);
    expect([plan.canBeOrdered, plan.problems.map(({ field }) => field)]).toEqual([
      false,
      [
        "jobName",
        "subscriptionId",
        "resourceGroupName",
        "location",
        "storageAccountId",
        "containerName",
        "returnAddress",
        "returnShipping",
        "drives",
      ],
    ]);
    expect(formatImportJobPlan(plan)).toContain("cannot be placed");
  });

  test("reports every problem at once", () => {
    const drive = preparedDrive("DISK 1", {
      manifestHash: "xyz",
      manifestFile: "DriveManifest.xml",
      bitLockerKey: "",
    });
    const order = importOrder({
      jobName: "Seed_1",
      subscriptionId: "none",
      location: " ",
      storageAccountId: "/subscriptions/x",
      containerName: "a--b",
      diagnosticsPath: "UPPER",
      drives: [drive, preparedDrive("disk 1")],
      returnAddress: { ...importOrder().returnAddress, city: " ", email: "nobody" },
      returnShipping: { carrierName: "", carrierAccountNumber: "" },
      contact: { contactName: "", phone: "", emails: [] },
    });
    expect(errorFields(order)).toEqual([
      "jobName",
      "subscriptionId",
      "location",
      "storageAccountId",
      "containerName",
      "diagnosticsPath",
      "drives[0].driveId",
      "drives[0].manifestHash",
      "drives[0].manifestFile",
      "drives[0].bitLockerKey",
      "drives[1].driveId",
      "drives[1].driveId",
      "returnAddress.city",
      "returnAddress.email",
      "contact.contactName",
      "contact.phone",
      "contact.emails",
      "returnShipping.carrierName",
      "returnShipping.carrierAccountNumber",
    ]);
  });

  test.each(["ab", "1seed", "seed-", "a".repeat(25), "Seed", "se_ed", "a.b"])(
    "refuses the job name %s",
    (jobName) => {
      expect(errorFields(importOrder({ jobName }))).toEqual(["jobName"]);
    },
  );

  test.each([0, 11])("refuses %i drives", (count) => {
    const drives = Array.from({ length: count }, (_, position) => preparedDrive(`DISK${position}`));
    expect(errorFields(importOrder({ drives }))).toEqual(["drives"]);
  });

  test.each([
    ["BlobStorage", undefined, ["storageAccountId"]],
    ["BlobStorage", ["page"], ["storageAccountId"]],
    ["BlobStorage", ["block"], []],
    ["Storage", ["page", "block"], []],
    ["FileStorage", ["block"], ["storageAccountId"]],
  ] as const)("an account of kind %s for %p", (kind, blobKinds, expected) => {
    const order = importOrder(blobKinds ? { blobKinds } : {});
    expect(errorFields(order, { ...goodAccount, kind })).toEqual(expected);
  });

  test("refuses accounts the service cannot write to", () => {
    const account = { ...goodAccount, isNfsV3Enabled: true, admitsTrustedServices: false };
    expect(errorFields(importOrder(), account)).toEqual(["storageAccountId", "storageAccountId"]);
  });

  test("only warns of a BitLocker key that fails the checksum, because published samples do", () => {
    const bitLockerKey = "439675-460165-128202-905124-487224-524332-851649-442187";
    const plan = planImportJob(importOrder({ drives: [preparedDrive("DISK1", { bitLockerKey })] }));
    expect(plan.canBeOrdered).toBe(true);
    expect(plan.problems.map(({ severity, field }) => [severity, field])).toEqual([
      ["warning", "drives[0].bitLockerKey"],
    ]);
    expect(JSON.stringify(plan)).not.toContain("439675");
  });
});
