import { StorageImportExport } from "@azure/arm-storageimportexport";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  deliveryPackage,
  type EmulatedAzure,
  importJobBody,
  recordedDrive,
  returnAddress,
  startEmulatedAzure,
} from "./support/emulated-azure.js";

let emulated: EmulatedAzure;

beforeAll(async () => {
  emulated = await startEmulatedAzure();
});
afterAll(async () => {
  await emulated.azure.close();
});

describe("the resource of a classic job, against recorded traffic of the real service", () => {
  const expected = (location: string) => ({
    properties: {
      storageAccountId: emulated.azure.storageAccountId,
      jobType: "Import",
      returnAddress,
      shippingInformation: expect.objectContaining({
        recipientName: expect.any(String),
        streetAddress1: expect.any(String),
        city: expect.any(String),
        stateOrProvince: "CA",
        postalCode: expect.any(String),
        countryOrRegion: "USA",
      }),
      diagnosticsPath: "waimportexport",
      logLevel: "Verbose",
      backupDriveManifest: true,
      cancelRequested: false,
      state: "Creating",
      driveList: [
        {
          driveId: "9CA995BF",
          manifestFile: "\\DriveManifest.xml",
          manifestHash: "109B21108597EF36D5785F08303F3638",
          driveHeaderHash: "",
          state: "Specified",
        },
      ],
      provisioningState: "Succeeded",
      encryptionKey: { kekType: "MicrosoftManaged" },
    },
    identity: { type: "None" },
    systemData: expect.objectContaining({ createdByType: "Application" }),
    id: emulated.jobPath("recorded-job").split("?")[0],
    name: "recorded-job",
    type: "Microsoft.ImportExport/jobs",
    location,
  });

  test("PUT is 201 and echoes the location as sent, then 200; GET gives its display name", async () => {
    const path = emulated.jobPath("recorded-job");
    const created = await emulated.send("PUT", path, importJobBody(emulated.azure));
    const repeated = await emulated.send("PUT", path, importJobBody(emulated.azure));
    const got = await emulated.send("GET", path);
    expect([created, repeated, got].map(({ status, body }) => ({ status, body }))).toEqual([
      { status: 201, body: expected("westus") },
      { status: 200, body: expected("westus") },
      { status: 200, body: expected("West US") },
    ]);
  });

  test("LIST leaves out the drives, and no read gives the recovery key", async () => {
    const list = await emulated.send("GET", emulated.jobPath("").replace("/jobs/", "/jobs"));
    const { driveList: _driveList, ...properties } = expected("West US").properties;
    expect(list.body.value).toEqual([{ ...expected("West US"), properties }]);
    const got = await emulated.send("GET", emulated.jobPath("recorded-job"));
    expect(JSON.stringify([list.body, got.body])).not.toContain(recordedDrive.bitLockerKey);
  });

  test("the recovery keys come by POST only", async () => {
    const path = emulated.jobPath("recorded-job", "/listBitLockerKeys");
    expect((await emulated.send("POST", path)).body).toEqual({
      value: [{ driveId: recordedDrive.driveId, bitLockerKey: recordedDrive.bitLockerKey }],
    });
    expect((await emulated.send("GET", path)).status).toBe(405);
  });

  test("cancelling a job that is being created keeps its state, and it can be deleted", async () => {
    const path = emulated.jobPath("recorded-job");
    const cancelled = await emulated.send("PATCH", path, { properties: { cancelRequested: true } });
    const deleted = await emulated.send("DELETE", path);
    const gone = await emulated.send("GET", path);
    expect([cancelled.body.properties, deleted, gone]).toMatchObject([
      { cancelRequested: true, state: "Creating" },
      { status: 200, body: undefined },
      { status: 404, body: { error: { code: "ResourceNotFound" } } },
    ]);
  });
});

describe("the unmodified client", () => {
  test("creates, ships, lists and deletes a job over verified TLS", async () => {
    const { importExport, azure } = emulated;
    const group = azure.resourceGroup;
    const created = await importExport.jobs.create("client-job", group, {
      location: "West US",
      properties: {
        storageAccountId: azure.storageAccountId,
        jobType: "Import",
        returnAddress,
        driveList: [recordedDrive],
      },
    });
    expect(created.properties).toMatchObject({
      state: "Creating",
      logLevel: "Error",
      diagnosticsPath: "waimportexport",
      backupDriveManifest: false,
    });
    const shipped = await importExport.jobs.update("client-job", group, {
      deliveryPackage,
      state: "Shipping",
    });
    expect(shipped.properties).toMatchObject({ state: "Shipping", deliveryPackage });
    const names: (string | undefined)[] = [];
    for await (const job of importExport.jobs.listBySubscription()) names.push(job.name);
    expect(names).toContain("client-job");
    const keys: unknown[] = [];
    for await (const key of importExport.bitLockerKeys.list("client-job", group)) keys.push(key);
    expect(keys).toEqual([{ driveId: recordedDrive.driveId, bitLockerKey: recordedDrive.bitLockerKey }]);
    await expect(importExport.jobs.delete("client-job", group)).rejects.toMatchObject({
      statusCode: 409,
      code: "Conflict",
    });
    await importExport.jobs.update("client-job", group, { cancelRequested: true });
  });

  test("reads the locations and follows the rule for closed sites", async () => {
    const names: string[] = [];
    for await (const { name } of await listLocations()) names.push(name ?? "");
    const open = await emulated.importExport.locations.get("westus");
    const closed = await emulated.importExport.locations.get("North Europe");
    const alternate = await emulated.importExport.locations.get(
      closed.alternateLocations![0]!.split("/").at(-1)!,
    );
    expect(names).toEqual(expect.arrayContaining(["West US", "North Europe"]));
    expect(open).toMatchObject({ id: open.alternateLocations![0], name: "West US" });
    expect(open.supportedCarriers).toContain("FedEx");
    expect(closed.alternateLocations).not.toContain(closed.id);
    expect(alternate.alternateLocations).toContain(alternate.id);
  });

  test("pages with $top and nextLink without losing or repeating a job", async () => {
    const { importExport, azure } = emulated;
    const names = Array.from({ length: 7 }, (_, index) => `paged-${index}`);
    for (const name of names) await emulated.send("PUT", emulated.jobPath(name), importJobBody(azure));
    const listed: string[] = [];
    let pages = 0;
    for await (const page of importExport.jobs
      .listByResourceGroup(azure.resourceGroup, { top: 3 })
      .byPage()) {
      pages += 1;
      listed.push(...page.flatMap(({ name }) => (name?.startsWith("paged-") ? [name] : [])));
    }
    expect(pages).toBeGreaterThanOrEqual(3);
    expect(listed).toEqual(names);
    const creating: string[] = [];
    for await (const job of importExport.jobs.listBySubscription({ filter: "state eq 'Shipping'" })) {
      creating.push(job.name!);
    }
    expect(creating).not.toContain("paged-0");
  });

  test("waits out throttling and goes on", async () => {
    const { azure, importExport } = emulated;
    azure.faults.throttleResourceManager({ count: 2, retryAfterInSeconds: 0 });
    const location = await importExport.locations.get("West US");
    expect(location.name).toBe("West US");
    azure.faults.throttleResourceManager({ retryAfterInSeconds: 17, method: "PUT" });
    const refused = await emulated.send("PUT", emulated.jobPath("throttled"), importJobBody(azure));
    expect(refused).toMatchObject({
      status: 429,
      headers: { "retry-after": "17" },
      body: { error: { code: "TooManyRequests" } },
    });
  });

  async function listLocations() {
    return emulated.importExport.locations.list();
  }
});

describe("the front door", () => {
  test("a client that does not trust the authority is not connected", async () => {
    const { azure } = emulated;
    const client = new StorageImportExport(azure.adminCredential, azure.subscriptionId, {
      endpoint: azure.armEndpoint,
      retryOptions: { maxRetries: 0 },
    });
    await expect(client.locations.get("West US")).rejects.toThrow(/certificate|self-signed|issuer/i);
  });

  test("401 without a token, with a foreign one and with one for Graph", async () => {
    const { azure } = emulated;
    const path = emulated.jobPath("any");
    const graphToken = (await azure.adminCredential.getToken(`${azure.graphAudience}/.default`))!.token;
    const answers = [
      await emulated.send("GET", path, undefined, null),
      await emulated.send("GET", path, undefined, "eyJhbGciOiJub25lIn0.e30."),
      await emulated.send("GET", path, undefined, graphToken),
    ];
    expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual([
      [401, "AuthenticationFailed"],
      [401, "InvalidAuthenticationToken"],
      [401, "InvalidAuthenticationToken"],
    ]);
    expect(answers[0]!.headers["www-authenticate"]).toContain(`${azure.endpoint}/${azure.tenantId}`);
  });

  test("403 names the action and the scope; rights on the group suffice", async () => {
    const { azure } = emulated;
    const scope = `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`;
    const reader = azure.identity.addUser({
      userPrincipalName: "reader@contoso.example",
      azureRoles: [{ roleName: "Reader", scope }],
    });
    const token = (await reader.credential.getToken(`${azure.armEndpoint}/.default`))!.token;
    const path = emulated.jobPath("by-reader");
    const refused = await emulated.send("PUT", path, importJobBody(azure), token);
    expect(refused).toMatchObject({ status: 403, body: { error: { code: "AuthorizationFailed" } } });
    expect(refused.body.error.message).toContain("Microsoft.ImportExport/jobs/write");
    expect((await emulated.send("GET", path, undefined, token)).status).toBe(404);
  });

  test.each([
    ["no api-version", (path: string) => path.split("?")[0]!, 400, "MissingApiVersionParameter"],
    [
      "an unknown api-version",
      (path: string) => path.replace("2021-01-01", "1999-01-01"),
      400,
      "InvalidApiVersionParameter",
    ],
    [
      "a foreign subscription",
      (path: string) =>
        path.replace(/subscriptions\/[^/]+/, "subscriptions/11111111-2222-3333-4444-555555555555"),
      404,
      "SubscriptionNotFound",
    ],
    [
      "an unknown resource group",
      (path: string) => path.replace(/resourceGroups\/[^/]+/, "resourceGroups/nowhere"),
      404,
      "ResourceGroupNotFound",
    ],
    ["an unknown job", (path: string) => path, 404, "ResourceNotFound"],
    [
      "an unknown resource type",
      (path: string) => path.replace("/jobs/", "/gizmos/"),
      404,
      "InvalidResourceType",
    ],
  ])("%s", async (_what, change, status, code) => {
    const answer = await emulated.send("GET", change(emulated.jobPath("unknown")));
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  test("a provider that is not registered refuses to create, until it is registered", async () => {
    const { azure } = emulated;
    const provider = `/subscriptions/${azure.subscriptionId}/providers/Microsoft.ImportExport`;
    const version = "?api-version=2021-04-01";
    await emulated.send("POST", `${provider}/unregister${version}`);
    const refused = await emulated.send("PUT", emulated.jobPath("unregistered"), importJobBody(azure));
    const state = await emulated.send("GET", `${provider}${version}`);
    const registered = await emulated.send("POST", `${provider}/register${version}`);
    expect([refused.status, refused.body.error.code]).toEqual([409, "MissingSubscriptionRegistration"]);
    expect([state.body.registrationState, registered.body.registrationState]).toEqual([
      "NotRegistered",
      "Registered",
    ]);
  });

  test("shows the storage account with kind and region", async () => {
    const { azure } = emulated;
    const account = await emulated.send("GET", `${azure.storageAccountId}?api-version=2023-05-01`);
    expect(account).toMatchObject({
      status: 200,
      body: { kind: "StorageV2", location: "westus", id: azure.storageAccountId },
    });
    const missing = await emulated.send("GET", `${azure.storageAccountId}x?api-version=2023-05-01`);
    expect(missing).toMatchObject({ status: 404, body: { error: { code: "ResourceNotFound" } } });
  });
});

describe("what PUT refuses", () => {
  const drive = recordedDrive;
  test.each([
    ["a job name in capitals", { jobName: "Upper" }, {}, "name"],
    ["no location", {}, { location: undefined }, "location"],
    ["an unknown location", {}, { location: "Atlantis" }, "location"],
    ["no storage account", {}, { storageAccountId: undefined }, "properties.storageAccountId"],
    [
      "an unknown storage account",
      {},
      { storageAccountId: "/subscriptions/x/none" },
      "properties.storageAccountId",
    ],
    ["no job type", {}, { jobType: undefined }, "properties.jobType"],
    ["an unknown job type", {}, { jobType: "Teleport" }, "properties.jobType"],
    ["no drives", {}, { driveList: undefined }, "properties.driveList"],
    ["an empty drive list", {}, { driveList: [] }, "properties.driveList"],
    [
      "eleven drives",
      {},
      { driveList: Array.from({ length: 11 }, (_, i) => ({ ...drive, driveId: `D${i}` })) },
      "properties.driveList",
    ],
    ["one drive twice", {}, { driveList: [drive, drive] }, "properties.driveList[1].driveId"],
    [
      "a drive id with a space",
      {},
      { driveList: [{ ...drive, driveId: "A B" }] },
      "properties.driveList[0].driveId",
    ],
    [
      "a drive without key",
      {},
      { driveList: [{ ...drive, bitLockerKey: "" }] },
      "properties.driveList[0].bitLockerKey",
    ],
    [
      "a SHA-256 where an MD5 belongs",
      {},
      { driveList: [{ ...drive, manifestHash: "0".repeat(64) }] },
      "properties.driveList[0].manifestHash",
    ],
    [
      "a return address without e-mail",
      {},
      { returnAddress: { ...returnAddress, email: undefined } },
      "properties.returnAddress.email",
    ],
    [
      "a carrier without account",
      {},
      { returnShipping: { carrierName: "FedEx" } },
      "properties.returnShipping.carrierAccountNumber",
    ],
    [
      "a log container that cannot exist",
      {},
      { diagnosticsPath: "Not_A_Container" },
      "properties.diagnosticsPath",
    ],
    ["an unknown log level", {}, { logLevel: "Chatty" }, "properties.logLevel"],
    ["a number where text belongs", {}, { logLevel: 3 }, "properties.logLevel"],
    ["a state of its own", {}, { state: "Completed" }, "properties.state"],
  ])("%s", async (_what, { jobName = "refused-job" }: { jobName?: string }, change, target) => {
    const { azure } = emulated;
    const body = importJobBody(azure, change) as { location?: string };
    if ("location" in change) body.location = change.location as string;
    const answer = await emulated.send("PUT", emulated.jobPath(jobName), body);
    expect({
      status: answer.status,
      targets: answer.body.error.details?.map((d: { target: string }) => d.target),
    }).toEqual({
      status: 400,
      targets: [target],
    });
    expect((await emulated.send("GET", emulated.jobPath(jobName))).status).toBe(404);
  });

  test("a body that is not JSON, or no object", async () => {
    const answers = [
      await emulated.send("PUT", emulated.jobPath("broken"), "{"),
      await emulated.send("PUT", emulated.jobPath("broken"), "[]"),
    ];
    expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual([
      [400, "InvalidRequestContent"],
      [400, "InvalidRequestContent"],
    ]);
  });

  test("another location under the same name", async () => {
    const path = emulated.jobPath("moving-job");
    await emulated.send("PUT", path, importJobBody(emulated.azure));
    const moved = await emulated.send("PUT", path, { ...importJobBody(emulated.azure), location: "East US" });
    expect([moved.status, moved.body.error.code]).toEqual([409, "InvalidResourceLocation"]);
  });
});

describe("what PATCH refuses", () => {
  const problemsOf = async (jobName: string, properties: object) => {
    const answer = await emulated.send("PATCH", emulated.jobPath(jobName), { properties });
    return answer.status === 200 ? 200 : answer.body.error.details.map((d: { target: string }) => d.target);
  };

  test("shipping before return address and package are known; an empty state is no state", async () => {
    const { azure } = emulated;
    await emulated.send(
      "PUT",
      emulated.jobPath("patched"),
      importJobBody(azure, { returnAddress: undefined }),
    );
    expect(await problemsOf("patched", { state: "Shipping" })).toEqual([
      "properties.returnAddress",
      "properties.deliveryPackage",
    ]);
    expect(await problemsOf("patched", { state: "" })).toBe(200);
    expect(await problemsOf("patched", { state: "Received" })).toEqual(["properties.state"]);
    expect(await problemsOf("patched", { cancelRequested: false })).toEqual(["properties.cancelRequested"]);
    expect(await problemsOf("patched", { returnAddress, deliveryPackage, state: "Shipping" })).toBe(200);
    expect(await problemsOf("patched", { driveList: [recordedDrive] })).toEqual(["properties.driveList"]);
    expect(await problemsOf("patched", { state: "Shipping" })).toBe(200);
  });

  test("a PUT on a job that is on its way", async () => {
    const answer = await emulated.send("PUT", emulated.jobPath("patched"), importJobBody(emulated.azure));
    expect([answer.status, answer.body.error.code]).toEqual([409, "Conflict"]);
  });
});
