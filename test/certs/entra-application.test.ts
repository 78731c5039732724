import { ClientCertificateCredential } from "@azure/identity";
import { describe, expect, test } from "@jest/globals";
import {
  createSeedCertificate,
  EntraApplicationClient,
  type SeedCertificate,
} from "../../src/certs/index.js";
import {
  createEmulatedTenant,
  type EmulatedTenant,
  emulatedEndpoint,
} from "../emulator/identity/in-process-client.js";

const dayInMs = 86_400_000;

function clientOf(
  tenant: EmulatedTenant,
  credential = tenant.identity.adminCredential,
): EntraApplicationClient {
  return new EntraApplicationClient(tenant.identity.cloud, credential, {
    ...tenant.clientOptions,
    retryOptions: { maxRetries: 2, retryDelayInMs: 1, maxRetryDelayInMs: 1 },
  });
}

/** A client signed in as the application itself, with the certificate. */
function clientOfApplication(
  tenant: EmulatedTenant,
  applicationId: string,
  certificate: SeedCertificate,
): EntraApplicationClient {
  return clientOf(
    tenant,
    new ClientCertificateCredential(
      tenant.identity.tenantId,
      applicationId,
      { certificate: certificate.exportPem({ withPrivateKey: true }) },
      {
        authorityHost: emulatedEndpoint,
        disableInstanceDiscovery: true,
        httpClient: tenant.clientOptions.httpClient,
      },
    ),
  );
}

const certificates = new Map<string, Promise<SeedCertificate>>();

/** The same certificate for the same name in all tests, as making keys takes time. */
function certificateFor(name: string, validForDays = 365): Promise<SeedCertificate> {
  const certificate = certificates.get(name) ?? createSeedCertificate({ resourceId: name, validForDays });
  certificates.set(name, certificate);
  return certificate;
}

const thumbprints = (certificates: readonly { readonly thumbprint: string | undefined }[]) =>
  certificates.map(({ thumbprint }) => thumbprint);

describe("ensureSeedApplication", () => {
  test("creates application, key and service principal from nothing", async () => {
    const tenant = createEmulatedTenant();
    const certificate = await certificateFor("server-1");
    const application = await clientOf(tenant).ensureSeedApplication(certificate);
    const userId = tenant.identity.administrator.id;
    expect(application).toEqual({
      applicationId: tenant.identity.directory.applications()[0]!.appId,
      objectId: tenant.identity.directory.applications()[0]!.id,
      servicePrincipalId: tenant.identity.directory.servicePrincipals()[0]!.id,
      displayName: `AzureOfflineBackup_${userId}`,
      azureUserId: userId,
      isCreated: true,
      isCertificateAdded: true,
      certificates: [
        {
          keyId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          displayName: "CB_AzureADCertforOfflineSeeding_server-1",
          validFrom: certificate.validFrom,
          validTo: certificate.validTo,
          thumbprint: certificate.thumbprint,
        },
      ],
    });
    expect(tenant.identity.directory.applications()[0]!.signInAudience).toBe("AzureADMyOrg");
  });

  test("a second server appends its certificate and keeps the first; repeating changes nothing", async () => {
    const tenant = createEmulatedTenant();
    const [first, second] = [await certificateFor("server-1"), await certificateFor("server-2")];
    const one = await clientOf(tenant).ensureSeedApplication(first);
    const two = await clientOf(tenant).ensureSeedApplication(second);
    const again = await clientOf(tenant).ensureSeedApplication(second);
    expect([two.applicationId, two.isCreated, two.isCertificateAdded]).toEqual([
      one.applicationId,
      false,
      true,
    ]);
    expect(thumbprints(two.certificates)).toEqual([first.thumbprint, second.thumbprint]);
    expect(two.certificates[0]).toEqual(one.certificates[0]);
    expect(again).toEqual({ ...two, isCertificateAdded: false });
    expect(tenant.identity.directory.applications()).toHaveLength(1);
    expect(tenant.identity.directory.servicePrincipals()).toHaveLength(1);
  });

  test("waits while the directory does not show what was just created", async () => {
    const tenant = createEmulatedTenant({ replicationDelayInMs: 20_000 });
    const application = await clientOf(tenant).ensureSeedApplication(await certificateFor("server-1"));
    expect([application.isCreated, application.certificates.length]).toEqual([true, 1]);
    expect(tenant.requests.filter((request) => request === "POST /v1.0/applications")).toHaveLength(1);
  });

  test("gives up waiting with a clear word, and goes on when called again", async () => {
    const tenant = createEmulatedTenant({ replicationDelayInMs: 200_000 });
    const certificate = await certificateFor("server-1");
    await expect(clientOf(tenant).ensureSeedApplication(certificate)).rejects.toMatchObject({
      name: "CertsError",
      code: "replication-timeout",
    });
    tenant.clock.advance(200_000);
    const application = await clientOf(tenant).ensureSeedApplication(certificate);
    expect([application.isCreated, application.isCertificateAdded]).toEqual([false, false]);
  });

  test("of several applications takes the one with the certificate, then the owned, then the oldest", async () => {
    const tenant = createEmulatedTenant();
    const { directory, administrator } = tenant.identity;
    const displayName = `AzureOfflineBackup_${administrator.id}`;
    const add = (ownerIds: readonly string[]) => {
      tenant.clock.advance(dayInMs);
      return directory.addApplication({
        displayName,
        ownerIds,
        signInAudience: "AzureADMyOrg",
        keyCredentials: [],
      });
    };
    const [oldest, owned] = [add([]), add([administrator.id])];
    add([administrator.id]);
    const client = clientOf(tenant);
    const found = await client.findSeedApplications(administrator.id);
    expect(found.map(({ isOwned }) => isOwned)).toEqual([true, true, false]);
    const certificate = await certificateFor("server-1");
    expect((await client.ensureSeedApplication(certificate)).objectId).toBe(owned.id);

    const second = await certificateFor("server-2");
    await client.addCertificate(oldest.id, second);
    expect((await client.ensureSeedApplication(second)).objectId).toBe(oldest.id);
  });

  test("finds an application behind the first page", async () => {
    const tenant = createEmulatedTenant();
    const { directory, administrator } = tenant.identity;
    for (let index = 0; index < 250; index += 1) {
      directory.addApplication({
        displayName: `AzureOfflineBackup_${administrator.id}`,
        ownerIds: index === 249 ? [administrator.id] : [],
        signInAudience: "AzureADMyOrg",
        keyCredentials: [],
      });
    }
    const found = await clientOf(tenant).findSeedApplications(administrator.id);
    expect([found.length, found.filter(({ isOwned }) => isOwned).length]).toEqual([250, 1]);
  });

  test("follows no link to another host, where the token would go with it", async () => {
    const tenant = createEmulatedTenant();
    tenant.intercept(async (request) =>
      request.path === "/v1.0/applications" && request.method === "GET"
        ? {
            status: 200,
            body: { value: [], "@odata.nextLink": "https://elsewhere.example/v1.0/applications" },
          }
        : undefined,
    );
    await expect(
      clientOf(tenant).findSeedApplications(tenant.identity.administrator.id),
    ).rejects.toMatchObject({
      code: "unexpected-answer",
    });
  });

  test("a lost answer to the creation does not lead to a second application", async () => {
    const tenant = createEmulatedTenant();
    let isLost = false;
    tenant.intercept(async (request) => {
      if (isLost || `${request.method} ${request.path}` !== "POST /v1.0/applications") return undefined;
      isLost = true;
      await tenant.identity.handle(request);
      return { status: 503, body: { error: { code: "ServiceUnavailable", message: "Service unavailable" } } };
    });
    const application = await clientOf(tenant).ensureSeedApplication(await certificateFor("server-1"));
    expect([
      tenant.identity.directory.applications().map(({ id }) => id),
      application.certificates.length,
    ]).toEqual([[application.objectId], 1]);
  });

  test("needs the user's id when an application is signed in", async () => {
    const tenant = createEmulatedTenant();
    const certificate = await certificateFor("server-1");
    const { applicationId } = await clientOf(tenant).ensureSeedApplication(certificate);
    const client = clientOfApplication(tenant, applicationId, certificate);
    await expect(client.ensureSeedApplication(certificate)).rejects.toMatchObject({
      code: "caller-unsuitable",
    });
    tenant.identity.directory.grantGraphRoles(applicationId, ["Application.ReadWrite.All"]);
    const fresh = clientOfApplication(tenant, applicationId, certificate);
    const found = await fresh.ensureSeedApplication(certificate, {
      azureUserId: tenant.identity.administrator.id,
    });
    expect([found.applicationId, found.isCreated, found.isCertificateAdded]).toEqual([
      applicationId,
      false,
      false,
    ]);
  });

  test("stops at an abort", async () => {
    const tenant = createEmulatedTenant({ replicationDelayInMs: 50_000 });
    const controller = new AbortController();
    const sleep = tenant.clock.sleep;
    const clock = {
      ...tenant.clock,
      sleep: async (durationInMs: number) => {
        controller.abort();
        await sleep(durationInMs);
      },
    };
    const client = new EntraApplicationClient(tenant.identity.cloud, tenant.identity.adminCredential, {
      ...tenant.clientOptions,
      clock,
    });
    const certificate = await certificateFor("server-1");
    await expect(
      client.ensureSeedApplication(certificate, { abortSignal: controller.signal }),
    ).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("rights", () => {
  const cases = [
    ["no consent to any application permission", { graphScopes: ["User.Read"] }, {}, "Application.Read.All"],
    [
      "a tenant where users may not register applications",
      {},
      { usersCanRegisterApplications: false },
      "Application Developer",
    ],
  ] as const;
  test.each(cases)("%s: names the missing permission", async (_, user, tenantOptions, permission) => {
    const tenant = createEmulatedTenant(tenantOptions);
    const { credential } = tenant.identity.addUser({
      userPrincipalName: "operator@emulated.example",
      ...user,
    });
    const certificate = await certificateFor("server-1");
    await expect(clientOf(tenant, credential).ensureSeedApplication(certificate)).rejects.toMatchObject({
      name: "CertsError",
      code: "permission-missing",
      details: { permission: expect.stringContaining(permission), status: 403 },
    });
    expect(tenant.identity.directory.applications()).toEqual([]);
  });

  test("somebody else's application: its certificates stay untouched", async () => {
    const tenant = createEmulatedTenant();
    const first = await certificateFor("server-1");
    const { objectId } = await clientOf(tenant).ensureSeedApplication(first);
    const { credential } = tenant.identity.addUser({ userPrincipalName: "operator@emulated.example" });
    const second = await certificateFor("server-2");
    await expect(clientOf(tenant, credential).addCertificate(objectId, second)).rejects.toMatchObject({
      code: "permission-missing",
      details: { permission: expect.stringContaining("Application Administrator") },
    });
    expect(thumbprints(await clientOf(tenant).listCertificates(objectId))).toEqual([first.thumbprint]);
  });
});

describe("others at work at the same time", () => {
  /** Two servers that both read before either writes. */
  test("two servers: both certificates are registered in the end", async () => {
    const tenant = createEmulatedTenant();
    const [first, second, third] = [
      await certificateFor("server-1"),
      await certificateFor("server-2"),
      await certificateFor("server-3"),
    ];
    const { objectId } = await clientOf(tenant).ensureSeedApplication(first);
    let waitingWriters: (() => void)[] = [];
    let hasMet = false;
    tenant.intercept(async (request) => {
      if (request.method !== "PATCH" || hasMet) return undefined;
      await new Promise<void>((resolve) => {
        waitingWriters.push(resolve);
        if (waitingWriters.length === 2) {
          hasMet = true;
          for (const proceed of waitingWriters) proceed();
          waitingWriters = [];
        }
      });
      return undefined;
    });
    const added = await Promise.all([
      clientOf(tenant).addCertificate(objectId, second),
      clientOf(tenant).addCertificate(objectId, third),
    ]);
    expect(added).toEqual([true, true]);
    expect(thumbprints(await clientOf(tenant).listCertificates(objectId)).sort()).toEqual(
      [first, second, third].map(({ thumbprint }) => thumbprint).sort(),
    );
  });

  test.each([
    [409, "Directory_ConcurrencyViolation"],
    [412, "PreconditionFailed"],
    [404, "Request_ResourceNotFound"],
  ])("a write refused with %d %s is made again from a fresh reading", async (status, code) => {
    const tenant = createEmulatedTenant();
    const { objectId } = await clientOf(tenant).ensureSeedApplication(await certificateFor("server-1"));
    const second = await certificateFor("server-2");
    let refusals = 2;
    tenant.intercept(async (request) => {
      if (request.method !== "PATCH" || refusals === 0) return undefined;
      refusals -= 1;
      return {
        status,
        body: { error: { code, message: "Error due to concurrent requests being made to the tenant." } },
      };
    });
    expect(await clientOf(tenant).addCertificate(objectId, second)).toBe(true);
    expect(await clientOf(tenant).listCertificates(objectId)).toHaveLength(2);
  });

  test("gives up when the write never lasts, and says so", async () => {
    const tenant = createEmulatedTenant();
    const { objectId } = await clientOf(tenant).ensureSeedApplication(await certificateFor("server-1"));
    tenant.intercept(async (request) => (request.method === "PATCH" ? { status: 204 } : undefined));
    await expect(
      clientOf(tenant).addCertificate(objectId, await certificateFor("server-2")),
    ).rejects.toMatchObject({ code: "concurrent-change" });
  });

  test("throttling is waited out, for as long as the service asks", async () => {
    const tenant = createEmulatedTenant();
    let refusals = 2;
    tenant.intercept(async () => {
      if (refusals === 0) return undefined;
      refusals -= 1;
      return {
        status: 429,
        headers: { "retry-after-ms": "5" },
        body: { error: { code: "TooManyRequests", message: "Too many requests" } },
      };
    });
    const { isCreated } = await clientOf(tenant).ensureSeedApplication(await certificateFor("server-1"));
    expect([isCreated, refusals]).toEqual([true, 0]);
  });
});

describe("renewal", () => {
  test("the application rolls its own certificate with proof of possession and no permission", async () => {
    const tenant = createEmulatedTenant();
    const current = await certificateFor("short-lived", 10);
    const foreign = await certificateFor("server-2");
    const { objectId, applicationId, certificates } = await clientOf(tenant).ensureSeedApplication(current);
    await clientOf(tenant).addCertificate(objectId, foreign);
    const next = await certificateFor("server-1");
    const client = clientOfApplication(tenant, applicationId, current);
    await client.rollCertificate(objectId, { current, next });
    await clientOfApplication(tenant, applicationId, next).removeKey(objectId, certificates[0]!.keyId, {
      current: next,
    });
    expect(thumbprints(await clientOf(tenant).listCertificates(objectId))).toEqual([
      foreign.thumbprint,
      next.thumbprint,
    ]);
  });

  test("a stranger's proof is refused", async () => {
    const tenant = createEmulatedTenant();
    const current = await certificateFor("server-1");
    const { objectId } = await clientOf(tenant).ensureSeedApplication(current);
    const stranger = await certificateFor("stranger");
    await expect(
      clientOf(tenant).rollCertificate(objectId, { current: stranger, next: stranger }),
    ).rejects.toMatchObject({
      name: "RestError",
      statusCode: 401,
      code: "Authentication_MissingOrMalformed",
    });
  });

  test("removes our expired certificates and nobody else's", async () => {
    const tenant = createEmulatedTenant();
    const [old, current] = [await certificateFor("short-lived", 10), await certificateFor("current", 90)];
    const { objectId } = await clientOf(tenant).ensureSeedApplication(old);
    await clientOf(tenant).addCertificate(objectId, current);
    const [credential] = tenant.identity.directory.applications()[0]!.keyCredentials;
    tenant.identity.directory.updateApplication(objectId, {
      keyCredentials: [
        ...tenant.identity.directory.applications()[0]!.keyCredentials,
        { ...credential!, keyId: "99999999-2222-4333-8444-555555555555", displayName: "CN=foreign" },
      ],
    });
    tenant.clock.advance(30 * dayInMs);
    expect(thumbprints(await clientOf(tenant).removeExpiredCertificates(objectId))).toEqual([old.thumbprint]);
    expect(await clientOf(tenant).removeExpiredCertificates(objectId)).toEqual([]);
    expect((await clientOf(tenant).listCertificates(objectId)).map(({ displayName }) => displayName)).toEqual(
      ["CB_AzureADCertforOfflineSeeding_current", "CN=foreign"],
    );
  });
});
