/** BitLocker keys go to the service and nowhere else: not into errors, logs, plans or saved states. */
import { inspect } from "node:util";
import { AzureLogger, setLogLevel } from "@azure/logger";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import {
  DataBoxJobService,
  ImportExportJobService,
  type ImportJobService,
} from "../../src/importjob/index.js";
import { fakeDataBox } from "./support/fake-data-box.js";
import { fakeImportExport } from "./support/fake-import-export.js";
import { importOrder, preparedDrive, subscriptionId } from "./support/import-orders.js";
import { testClock } from "./support/test-clock.js";

const secret = "238810-662376-448998-450120-652806-203390-606320-483076";
const other = "000000-000011-000022-000033-000044-000055-000066-000077";
const lines: string[] = [];
const log = AzureLogger.log;

beforeEach(() => {
  lines.length = 0;
  setLogLevel("verbose");
  AzureLogger.log = (...pieces: unknown[]) =>
    void lines.push(pieces.map((piece) => inspect(piece, { depth: 9 })).join(" "));
});
afterEach(() => {
  setLogLevel(undefined);
  AzureLogger.log = log;
});

function services(): readonly ImportJobService[] {
  const credential = { getToken: async () => ({ token: "secret-token", expiresOnTimestamp: 4e12 }) };
  const options = { retryOptions: { maxRetries: 0 }, pollingIntervalInMs: 1 };
  const dataBox = fakeDataBox(testClock());
  dataBox.failNextOperation = { code: "Refused", message: "no" };
  const importExport = fakeImportExport(testClock());
  const refusing = {
    sendRequest: async (request: Parameters<typeof importExport.sendRequest>[0]) => {
      if (request.method === "PUT")
        importExport.interruptions.push({ status: 400, body: { error: { code: "Refused", message: "no" } } });
      return importExport.sendRequest(request);
    },
  };
  return [
    new DataBoxJobService(subscriptionId, credential, { ...options, httpClient: dataBox }),
    new ImportExportJobService(subscriptionId, credential, { ...options, httpClient: refusing }),
    new ImportExportJobService(subscriptionId, credential, {
      ...options,
      httpClient: fakeImportExport(testClock()),
    }),
  ];
}

test("a refused or different order shows no key in its error or the log", async () => {
  const errors: unknown[] = [];
  const catchError = (error: unknown): void => void errors.push(error);
  for (const service of services()) {
    await service.createImportJob(importOrder({ tags: { team: "backup" } })).catch(catchError);
    const changed = importOrder({
      drives: [preparedDrive("DISK0001"), preparedDrive("DISK0002", { bitLockerKey: other })],
    });
    await service.createImportJob(changed).catch(catchError);
  }
  expect(errors.length).toBeGreaterThanOrEqual(4);
  expect(lines.length).toBeGreaterThan(10);
  const shown = [
    ...lines,
    ...errors.flatMap((error) => [inspect(error, { depth: 9 }), JSON.stringify(error)]),
  ].join("\n");
  expect([secret, other, "secret-token"].filter((text) => shown.includes(text))).toEqual([]);
});
