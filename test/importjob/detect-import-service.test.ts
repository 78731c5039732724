import { expect, test } from "@jest/globals";
import { detectImportService, openImportService, registerImportService } from "../../src/importjob/index.js";
import { fakeDataBox } from "./support/fake-data-box.js";
import { subscriptionId } from "./support/import-orders.js";
import { testClock } from "./support/test-clock.js";

const credential = { getToken: async () => ({ token: "t", expiresOnTimestamp: 4e12 }) };

test.each([
  ["Registered", "Registered", "data-box"],
  ["NotRegistered", "Registered", "import-export"],
  ["Registering", "Unregistered", undefined],
  [undefined, "Registered", "import-export"],
])("Data Box %s, Import/Export %s: %s", async (dataBox, importExport, preferred) => {
  const fake = fakeDataBox(testClock());
  if (dataBox) fake.providers.set("Microsoft.DataBox", dataBox);
  else fake.providers.delete("Microsoft.DataBox");
  fake.providers.set("Microsoft.ImportExport", importExport);
  const client = { httpClient: fake, retryOptions: { maxRetries: 0 } };
  const detected = await detectImportService(subscriptionId, credential, { client, location: "westus" });
  expect(detected.preferred).toBe(preferred);
  expect(detected.explanation).toContain("Microsoft.DataBox");
  const opening = openImportService(subscriptionId, credential, { client });
  if (preferred) expect((await opening).kind).toBe(preferred);
  else await expect(opening).rejects.toMatchObject({ code: "no-import-service" });
});

test("a region the providers do not list, and registration", async () => {
  const fake = fakeDataBox(testClock());
  fake.providers.set("Microsoft.DataBox", "NotRegistered");
  const client = { httpClient: fake };
  expect(
    (await detectImportService(subscriptionId, credential, { client, location: "Mars" })).preferred,
  ).toBeUndefined();
  expect(await registerImportService("data-box", subscriptionId, credential, { client })).toBe("registering");
  expect(fake.requests.at(-1)).toMatchObject({
    method: "POST",
    url: expect.stringContaining("/register?api-version="),
  });
});
