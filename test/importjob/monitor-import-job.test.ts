import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  ImportExportJobService,
  type ImportJobChange,
  type ImportJobMonitor,
  importJobDeadlines,
  monitorImportJob,
  waitingText,
} from "../../src/importjob/index.js";
import { type FakeImportExport, fakeImportExport } from "./support/fake-import-export.js";
import { importOrder, subscriptionId } from "./support/import-orders.js";
import { type TestClock, testClock } from "./support/test-clock.js";

const ref = { resourceGroupName: "backup", jobName: "first-seed" };
const dayInMs = 86_400_000;

let clock: TestClock;
let fake: FakeImportExport;
let service: ImportExportJobService;
let steps: (() => void)[];

beforeEach(async () => {
  clock = testClock();
  fake = fakeImportExport(clock);
  service = new ImportExportJobService(
    subscriptionId,
    { getToken: async () => ({ token: "t", expiresOnTimestamp: 4e12 }) },
    { httpClient: fake, retryOptions: { maxRetries: 0 } },
  );
  await service.createImportJob(importOrder());
  steps = [];
  clock.onSleep = () => steps.shift()?.();
});

/** A change in a few words. */
function summarize(change: ImportJobChange): string {
  switch (change.type) {
    case "job-state":
      return `job ${change.from ?? "-"}>${change.to}`;
    case "drive-state":
      return `${change.driveId} ${change.from ?? "-"}>${change.to}`;
    case "job-progress":
      return `${change.percentComplete}%`;
    case "drive-progress":
      return `${change.driveId} ${change.percentComplete}%`;
    case "drive-log":
      return `${change.driveId} log ${change.errorLogUri}`;
    case "return-package":
      return `return ${change.trackingNumber}`;
    case "deadline-soon":
    case "deadline-passed":
      return `${change.type} ${change.deadline.kind}`;
    case "unreachable":
      return `unreachable, again in ${change.retryInMs}`;
    case "cancel-requested":
      return change.type;
  }
}

async function collect(monitor: ImportJobMonitor): Promise<string[]> {
  const changes: string[] = [];
  for await (const change of monitor) changes.push(summarize(change));
  return changes;
}

function setDrives(changes: Record<string, unknown>): void {
  for (const drive of fake.jobs.get("first-seed")!.properties.driveList) Object.assign(drive, changes);
}

describe("monitorImportJob", () => {
  test("yields every change of job and drives once, until the job has ended", async () => {
    steps = [
      () => fake.set("first-seed", { state: "Shipping" }),
      () => undefined,
      () => {
        fake.set("first-seed", { state: "Transferring", percentComplete: 40 });
        setDrives({ state: "Transferring", percentComplete: 40 });
      },
      () => {
        fake.set("first-seed", { state: "Completed", percentComplete: 100 });
        fake.set("first-seed", {
          returnPackage: { carrierName: "DHL", trackingNumber: "R1", driveCount: 2, shipDate: "x" },
        });
        setDrives({ state: "Completed", errorLogUri: "https://log" });
      },
    ];
    const monitor = monitorImportJob(service, ref, { clock, intervalInMs: 1000 });
    expect(await collect(monitor)).toEqual([
      "job ->creating",
      "DISK0001 ->specified",
      "DISK0002 ->specified",
      "0%",
      "job creating>shipping",
      "job shipping>transferring",
      "DISK0001 specified>transferring",
      "DISK0001 40%",
      "DISK0002 specified>transferring",
      "DISK0002 40%",
      "40%",
      "job transferring>completed",
      "DISK0001 transferring>completed",
      "DISK0001 log https://log",
      "DISK0002 transferring>completed",
      "DISK0002 log https://log",
      "100%",
      "return R1",
    ]);
    expect(monitor).toMatchObject({ isDone: true, result: { state: "completed" } });
    expect(monitor.operationState).toMatchObject({ status: "succeeded" });
    expect(clock.sleepsInMs).toEqual([1000, 1000, 1000, 1000]);
  });

  test("awaiting it gives the last status; until 'copied' does not wait for the way back", async () => {
    steps = [() => fake.set("first-seed", { state: "Packaging" })];
    const seen: string[] = [];
    const monitor = monitorImportJob(service, ref, { clock, until: "copied" });
    monitor.onProgress((state) => seen.push(state.status));
    expect((await monitor).state).toBe("packaging");
    expect(seen).toEqual(["running", "succeeded"]);
  });

  test("warns once before and once after a deadline; an update starts it anew", async () => {
    const week = 7 * dayInMs;
    steps = [() => undefined, () => fake.jobs.delete("first-seed")];
    const monitor = monitorImportJob(service, ref, { clock, intervalInMs: 1.6 * week });
    expect((await collect(monitor)).slice(4)).toEqual([
      "deadline-soon enter-tracking-number",
      "job creating>deleted",
    ]);
    expect(monitor.operationState).toMatchObject({ status: "failed", result: { state: "deleted" } });
  });

  test("goes on from a saved state in another process and repeats nothing", async () => {
    clock.advance(11 * dayInMs);
    const first = monitorImportJob(service, ref, { clock });
    await first.poll();
    const saved = await first.serialize();
    expect(saved).not.toContain("238810");
    steps = [() => fake.set("first-seed", { state: "Closed" })];
    const second = monitorImportJob(service, ref, { clock, restoreFrom: saved });
    expect(await collect(second)).toEqual(["job creating>closed"]);
    expect(await second.serialize()).toContain('"state":"closed"');
  });

  test("knows when shipping details were entered although the service does not say", async () => {
    const monitor = monitorImportJob(service, ref, { clock });
    await monitor.poll();
    fake.set("first-seed", { state: "Shipping" });
    const enteredAt = clock.nowInMs();
    await monitor.poll();
    // A later correction moves lastModifiedAt, not the clock.
    clock.advance(5 * dayInMs);
    fake.jobs.get("first-seed")!.lastModifiedAt = new Date(clock.nowInMs()).toISOString();
    const restored = monitorImportJob(service, ref, { clock, restoreFrom: await monitor.serialize() });
    clock.advance(6 * dayInMs);
    steps = [() => fake.set("first-seed", { state: "Completed" })];
    const changes: ImportJobChange[] = [];
    for await (const change of restored) changes.push(change);
    expect(changes[0]).toMatchObject({
      type: "deadline-soon",
      deadline: { kind: "drives-arrive", at: new Date(enteredAt + 14 * dayInMs) },
    });
  });

  test("survives throttling and outages, honours Retry-After, and grows its pause", async () => {
    const failing = (status: number, headers?: Record<string, string>): void => {
      fake.interruptions.push({
        status,
        ...(headers && { headers }),
        body: { error: { code: "x", message: "x" } },
      });
    };
    steps = [
      () => {
        failing(429, { "retry-after": "120" });
        failing(503);
        failing(500);
      },
      () => undefined,
      () => undefined,
      () => undefined,
      () => fake.set("first-seed", { state: "Completed" }),
    ];
    const changes = await collect(monitorImportJob(service, ref, { clock, intervalInMs: 1000 }));
    expect(changes.slice(4)).toEqual([
      "unreachable, again in 120000",
      "unreachable, again in 2000",
      "unreachable, again in 4000",
      "job creating>completed",
    ]);
    expect(clock.sleepsInMs).toEqual([1000, 120_000, 2000, 4000, 1000]);
  });

  test("fails when the service refuses for good, and for a job that was never there", async () => {
    fake.interruptions.push({ status: 403, body: { error: { code: "AuthorizationFailed", message: "no" } } });
    await expect(monitorImportJob(service, ref, { clock })).rejects.toMatchObject({
      code: "AuthorizationFailed",
    });
    const nobody = monitorImportJob(service, { ...ref, jobName: "nobody" }, { clock });
    await expect(nobody.pollUntilDone()).rejects.toMatchObject({ code: "job-not-found" });
  });

  test("abort stops the watching and never the job", async () => {
    const controller = new AbortController();
    steps = [() => undefined, () => controller.abort()];
    const monitor = monitorImportJob(service, ref, { clock, abortSignal: controller.signal });
    await expect(collect(monitor)).rejects.toMatchObject({ name: "AbortError" });
    expect((await service.getImportJob(ref)).cancelRequested).toBe(false);
    expect(fake.requests.some(({ method }) => method === "PATCH")).toBe(false);
  });

  test.each(["{", "{}", '{"format":"offline-seed-import-job-monitor","version":9}'])(
    "refuses the saved text %s",
    (text) => {
      expect(() => monitorImportJob(service, ref, { restoreFrom: text })).toThrow(
        expect.objectContaining({ code: "invalid-monitor-state" }),
      );
    },
  );

  test.each([
    ["a date that is none", { evidence: { shippingEnteredAt: "yesterday" } }],
    ["a state that is none", { status: { state: 5 } }],
    ["a job that is a number", { status: 5 }],
    ["stages that are no list", { status: { state: "creating", stages: { at: "2027" } } }],
    ["drives that are no list", { status: { state: "creating", drives: "DISK0001" } }],
    ["announcements that are no texts", { announced: [null] }],
  ])("refuses a saved state with %s", async (_what, damage) => {
    const saved = JSON.parse(await monitorImportJob(service, ref).serialize());
    const restoreFrom = JSON.stringify({ ...saved, ...damage });
    expect(() => monitorImportJob(service, ref, { restoreFrom })).toThrow(
      expect.objectContaining({ code: "invalid-monitor-state" }),
    );
  });

  test("warns of the two weeks although the service keeps no times at all", async () => {
    const timeless = {
      ...service,
      kind: service.kind,
      getImportJob: async () => ({
        ...(await service.getImportJob(ref)),
        createdAt: undefined,
        lastModifiedAt: undefined,
      }),
    } as unknown as typeof service;
    const monitor = monitorImportJob(timeless, ref, { clock });
    await monitor.poll();
    const seenAt = clock.nowInMs();
    clock.advance(11 * dayInMs);
    const restored = monitorImportJob(timeless, ref, { clock, restoreFrom: await monitor.serialize() });
    steps = [() => fake.set("first-seed", { state: "Completed" })];
    const changes: ImportJobChange[] = [];
    for await (const change of restored) changes.push(change);
    expect(changes[0]).toMatchObject({
      type: "deadline-soon",
      deadline: { kind: "enter-tracking-number", at: new Date(seenAt + 14 * dayInMs) },
    });
  });

  test("refuses the saved state of another job", async () => {
    const saved = await monitorImportJob(service, ref).serialize();
    expect(() => monitorImportJob(service, { ...ref, jobName: "other" }, { restoreFrom: saved })).toThrow(
      expect.objectContaining({ code: "invalid-monitor-state" }),
    );
  });
});

describe("importJobDeadlines", () => {
  test.each([
    ["Creating", ["enter-tracking-number"], [14]],
    ["Shipping", ["drives-arrive", "answer-operators"], [14, 44]],
    ["Received", [], []],
    ["Transferring", [], []],
    ["Packaging", ["receive-drives-back"], [90]],
    ["Completed", ["fetch-logs", "receive-drives-back"], [90, 90]],
    ["Closed", ["fetch-logs", "receive-drives-back"], [90, 90]],
  ])("of a job that is %s", async (state, kinds, days) => {
    const startedAtInMs = clock.nowInMs();
    fake.set("first-seed", { state });
    const job = await service.getImportJob(ref);
    const deadlines = importJobDeadlines(job, { nowInMs: startedAtInMs });
    expect(deadlines.map(({ kind }) => kind)).toEqual(kinds);
    expect(deadlines.map(({ at }) => (at.getTime() - startedAtInMs) / dayInMs)).toEqual(days);
    expect(deadlines.every(({ standing }) => standing === "ahead")).toBe(true);
    const later = importJobDeadlines(job, { nowInMs: startedAtInMs + 100 * dayInMs });
    expect(later.every(({ standing }) => standing === "passed")).toBe(true);
  });
});

test("the waiting text is the workflow's, word for word", () => {
  expect(waitingText("import-export")).toBe(
    "Waiting for Azure Import Job to complete. Please check on Azure Management portal for more information on job status",
  );
  expect(waitingText("data-box")).toBe("Waiting for Azure Data Box job to be completed");
});
