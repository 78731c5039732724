import { expect, test } from "@jest/globals";
import type { EmulatorRequest } from "../../../src/emulator/index.js";
import { createIdentityService } from "../../../src/emulator/index.js";

const endpoint = "https://localhost:1";
const scope = "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/backup";

async function ask(token: string | undefined, query = "api-version=2022-04-01") {
  const identity = identityWithReader();
  const reader = await identity.reader.credential.getToken(`${endpoint}/.default`);
  const request: EmulatorRequest = {
    method: "GET",
    path: `${scope}/providers/Microsoft.Authorization/permissions`,
    query: new URLSearchParams(query),
    headers: token === "reader" ? { authorization: `Bearer ${reader!.token}` } : {},
    text: async () => "",
    json: async () => undefined,
  };
  return await identity.service.handle(request);
}

function identityWithReader() {
  const service = createIdentityService({ endpoint });
  const reader = service.addUser({
    userPrincipalName: "reader@emulated.example",
    azureRoles: [
      { roleName: "Data Box Contributor", scope },
      { roleName: "Owner", scope: "/subscriptions/elsewhere" },
    ],
  });
  return { service, reader };
}

test("tells what the caller's roles permit on the scope and above, nothing of other scopes", async () => {
  const answer = await ask("reader");
  expect(answer).toMatchObject({ status: 200 });
  const { value } = answer!.body as { value: readonly { actions: readonly string[] }[] };
  expect(value).toHaveLength(1);
  expect(value[0]!.actions).toContain("Microsoft.Databox/*");
});

test.each([
  ["nobody", undefined, undefined, 401],
  ["another version", "reader", "api-version=2015-01-01", 400],
])("refuses %s", async (_, token, query, status) => {
  expect(await ask(token, query)).toMatchObject({ status });
});
