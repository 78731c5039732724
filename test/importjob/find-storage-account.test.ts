import type { HttpClient, PipelineRequest } from "@azure/core-rest-pipeline";
import { createHttpHeaders } from "@azure/core-rest-pipeline";
import { describe, expect, test } from "@jest/globals";
import { findStorageAccount } from "../../src/importjob/index.js";

const subscriptionId = "11111111-2222-4333-8444-555555555555";
const id = `/subscriptions/${subscriptionId}/resourceGroups/backup/providers/Microsoft.Storage/storageAccounts/seedaccount`;

function accessAnswering(status: number, body: object) {
  const asked: PipelineRequest[] = [];
  const httpClient: HttpClient = {
    sendRequest: async (request) => {
      asked.push(request);
      return { request, status, headers: createHttpHeaders(), bodyAsText: JSON.stringify(body) };
    },
  };
  const credential = { getToken: async () => ({ token: "t", expiresOnTimestamp: Date.now() + 3_600_000 }) };
  return { asked, access: { subscriptionId, credential, options: { httpClient } } };
}

describe("findStorageAccount", () => {
  test("finds an account by its name in any case, among others and broken entries", async () => {
    const others = [{ id: 5 }, {}, { id: id.replace("seedaccount", "other"), location: "eastus" }];
    const { access, asked } = accessAnswering(200, { value: [...others, { id, location: "westeurope" }] });
    expect(await findStorageAccount(access, "SeedAccount")).toEqual({
      id,
      resourceGroupName: "backup",
      location: "westeurope",
    });
    expect(asked[0]!.url).toContain(
      `/subscriptions/${subscriptionId}/providers/Microsoft.Storage/storageAccounts?`,
    );
  });

  test("none of that name is undefined, a refusal is thrown", async () => {
    expect(await findStorageAccount(accessAnswering(200, {}).access, "seedaccount")).toBeUndefined();
    const refused = accessAnswering(403, { error: { code: "AuthorizationFailed", message: "no" } });
    await expect(findStorageAccount(refused.access, "seedaccount")).rejects.toMatchObject({
      statusCode: 403,
    });
  });
});
