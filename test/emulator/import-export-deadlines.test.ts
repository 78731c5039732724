import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { DriveVolume } from "../../src/emulator/index.js";
import {
  deliveryPackage,
  type EmulatedAzure,
  importJobBody,
  returnAddress,
  startEmulatedAzure,
} from "./support/emulated-azure.js";
import { createManualClock, type ManualClock } from "./support/manual-clock.js";

const oneDayInMs = 24 * 60 * 60 * 1000;

let clock: ManualClock;
let emulated: EmulatedAzure;

/** A drive that fails at once: what is under test here is time, not copying. */
const openDrive = async (): Promise<DriveVolume | "VolumeNotNtfs"> => "VolumeNotNtfs";

beforeEach(async () => {
  clock = createManualClock();
  emulated = await startEmulatedAzure({
    clock,
    openDrive,
    handlingTimes: { bookingInMs: oneDayInMs, queueInMs: 3 * oneDayInMs, packagingInMs: 2 * oneDayInMs },
  });
  await emulated.send("PUT", emulated.jobPath("aging"), importJobBody(emulated.azure));
});
afterEach(() => emulated.azure.close());

const look = async () => {
  const { status, body } = await emulated.send("GET", emulated.jobPath("aging"));
  return status === 404 ? "gone" : [body.properties.state, body.properties.driveList[0].state];
};
const ship = () =>
  emulated.send("PATCH", emulated.jobPath("aging"), {
    properties: { deliveryPackage, returnAddress, state: "Shipping" },
  });
const parcel = {
  carrierName: "FedEx",
  trackingNumber: "TRACK-1",
  drives: [{ image: "a", serialNumber: "9CA995BF" }],
};
/** What is seen on each of the days since the last look. */
const lookAfterDays = async (...days: readonly number[]) => {
  const seen: unknown[] = [];
  let passed = 0;
  for (const day of days) {
    clock.advanceDays(day - passed);
    passed = day;
    await emulated.azure.settle();
    seen.push(await look());
  }
  return seen;
};

describe("a job that is being created", () => {
  test("is deleted after two weeks", async () => {
    expect(await lookAfterDays(13.9, 14.1)).toEqual([["Creating", "Specified"], "gone"]);
  });

  test("gets two weeks more with every update", async () => {
    await lookAfterDays(13);
    await emulated.send("PATCH", emulated.jobPath("aging"), { tags: { touched: "yes" } });
    expect(await lookAfterDays(13, 15)).toEqual([["Creating", "Specified"], "gone"]);
  });
});

describe("a package", () => {
  test("on its way for weeks is handled step by step once it arrives", async () => {
    await ship();
    emulated.azure.datacentre.sendPackage(parcel, { transitTimeInMs: 10 * oneDayInMs });
    expect(await lookAfterDays(9, 10.5, 11.5, 14.5, 16.5, 105.9, 106.1)).toEqual([
      ["Shipping", "Specified"],
      ["Shipping", "Specified"],
      ["Received", "Received"],
      ["Packaging", "CompletedMoreInfo"],
      ["Closed", "ShippedBack"],
      ["Closed", "ShippedBack"],
      "gone",
    ]);
  });

  test("that is lost closes the job after two weeks and thirty days, and ninety days later it is gone", async () => {
    await ship();
    emulated.azure.datacentre.sendPackage(parcel, { isLost: true });
    expect(await lookAfterDays(13, 15, 43, 45, 133, 135)).toEqual([
      ["Shipping", "Specified"],
      ["Shipping", "NeverReceived"],
      ["Shipping", "NeverReceived"],
      ["Closed", "NeverReceived"],
      ["Closed", "NeverReceived"],
      "gone",
    ]);
  });

  test("that comes late, before the job is closed, is still taken", async () => {
    await ship();
    emulated.azure.datacentre.sendPackage(parcel, { transitTimeInMs: 20 * oneDayInMs });
    expect(await lookAfterDays(19, 21.5)).toEqual([
      ["Shipping", "NeverReceived"],
      ["Received", "Received"],
    ]);
  });

  test("that comes before the job says so is held, then booked", async () => {
    const receipt = await emulated.azure.datacentre.receivePackage(parcel);
    expect([receipt, emulated.azure.datacentre.heldPackages().length]).toEqual([
      { outcome: "held", jobName: undefined },
      1,
    ]);
    await ship();
    expect(await lookAfterDays(1.5)).toEqual([["Received", "Received"]]);
    expect(emulated.azure.datacentre.heldPackages()).toEqual([]);
  });

  test("a leap over everything ends the same: due work is done in the order of time", async () => {
    await ship();
    emulated.azure.datacentre.sendPackage(parcel, { transitTimeInMs: oneDayInMs });
    expect(await lookAfterDays(60, 96.9, 97.1)).toEqual([
      ["Closed", "ShippedBack"],
      ["Closed", "ShippedBack"],
      "gone",
    ]);
  });
});

describe("a client that keeps its token", () => {
  test("is told to get a new one when the clock has leapt over its expiry", async () => {
    const future = createManualClock(Date.now());
    const { azure, importExport } = await startEmulatedAzure({ clock: future });
    try {
      expect((await importExport.locations.get("West US")).name).toBe("West US");
      future.advanceDays(20);
      const jobs: unknown[] = [];
      for await (const job of importExport.jobs.listBySubscription()) jobs.push(job);
      expect(jobs).toEqual([]);
    } finally {
      await azure.close();
    }
  });
});
