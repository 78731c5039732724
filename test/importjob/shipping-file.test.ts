import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  ImportExportJobService,
  listSavedShippingDetails,
  loadShippingDetails,
  type SavedShippingDetails,
  saveShippingDetails,
  sendSavedShippingDetails,
  shippingFilePath,
} from "../../src/importjob/index.js";
import { fakeImportExport } from "./support/fake-import-export.js";
import { importOrder, subscriptionId } from "./support/import-orders.js";
import { testClock } from "./support/test-clock.js";

let stagingFolder: string;
beforeEach(async () => {
  stagingFolder = await mkdtemp(join(tmpdir(), "offline-seed-shipping-"));
});
afterEach(() => rm(stagingFolder, { recursive: true, force: true }));

const saved: SavedShippingDetails = {
  kind: "import-export",
  subscriptionId,
  resourceGroupName: "backup",
  jobName: "first-seed",
  details: {
    deliveryPackage: {
      carrierName: "FedEx",
      trackingNumber: "1Z9",
      driveCount: 2,
      shipDate: new Date(Date.UTC(2026, 2, 3)),
    },
    returnAddress: importOrder().returnAddress,
    returnShipping: importOrder().returnShipping,
  },
  enteredAt: new Date(Date.UTC(2026, 2, 2)),
  sentAt: undefined,
};

describe("saved shipping details", () => {
  test("come back as they were entered, from a file only its owner reads", async () => {
    const path = await saveShippingDetails(stagingFolder, saved);
    expect(path).toBe(shippingFilePath(stagingFolder, "first-seed"));
    if (process.platform !== "win32") expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await loadShippingDetails(stagingFolder, "first-seed")).toEqual(saved);
    await saveShippingDetails(stagingFolder, { ...saved, jobName: "second-seed", sentAt: new Date(0) });
    expect(
      (await listSavedShippingDetails(stagingFolder)).map(({ jobName, sentAt }) => [jobName, sentAt]),
    ).toEqual([
      ["first-seed", undefined],
      ["second-seed", new Date(0)],
    ]);
  });

  test("are absent where nothing was saved", async () => {
    expect(await loadShippingDetails(stagingFolder, "first-seed")).toBeUndefined();
    expect(await listSavedShippingDetails(stagingFolder)).toEqual([]);
  });

  test("may not leave the folder, and incomplete ones are not saved", async () => {
    expect(() => shippingFilePath(stagingFolder, "../up")).toThrow(
      expect.objectContaining({ code: "invalid-shipping-details" }),
    );
    const details = { deliveryPackage: { carrierName: "", trackingNumber: "" } };
    await expect(saveShippingDetails(stagingFolder, { ...saved, details })).rejects.toMatchObject({
      code: "invalid-shipping-details",
    });
  });

  test.each([
    "",
    "{",
    "null",
    "[]",
    '{"format":"offline-seed-shipping-details","version":2,"details":{"deliveryPackage":{}}}',
  ])("a damaged file is refused: %s", async (text) => {
    const path = await saveShippingDetails(stagingFolder, saved);
    await writeFile(path, text);
    await expect(loadShippingDetails(stagingFolder, "first-seed")).rejects.toMatchObject({
      code: "invalid-shipping-file",
    });
  });

  test("a file of another job under this name is refused", async () => {
    const path = await saveShippingDetails(stagingFolder, { ...saved, jobName: "other-seed" });
    await writeFile(shippingFilePath(stagingFolder, "first-seed"), await readFile(path));
    await expect(loadShippingDetails(stagingFolder, "first-seed")).rejects.toMatchObject({
      code: "invalid-shipping-file",
    });
  });

  test("can be sent later from another computer, more than once", async () => {
    const clock = testClock();
    const fake = fakeImportExport(clock);
    const credential = { getToken: async () => ({ token: "t", expiresOnTimestamp: 4e12 }) };
    const service = new ImportExportJobService(subscriptionId, credential, { httpClient: fake });
    await service.createImportJob(importOrder());
    await expect(sendSavedShippingDetails(service, stagingFolder, "first-seed")).rejects.toMatchObject({
      code: "invalid-shipping-file",
    });
    await saveShippingDetails(stagingFolder, saved);
    for (let time = 0; time < 2; time += 1) {
      expect(await sendSavedShippingDetails(service, stagingFolder, "first-seed", { clock })).toMatchObject({
        state: "shipping",
        deliveryPackage: { trackingNumber: "1Z9", driveCount: 2 },
      });
    }
    expect((await loadShippingDetails(stagingFolder, "first-seed"))?.sentAt).toEqual(
      new Date(clock.nowInMs()),
    );
    await saveShippingDetails(stagingFolder, { ...saved, kind: "data-box" });
    await expect(sendSavedShippingDetails(service, stagingFolder, "first-seed")).rejects.toMatchObject({
      message: expect.stringContaining("data-box"),
    });
  });
});
