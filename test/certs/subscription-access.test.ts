import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import {
  azureRoleIds,
  createSeedCertificate,
  createSeedIdentity,
  EntraApplicationClient,
  findTenantId,
  type SeedCertificate,
  SubscriptionAccessClient,
} from "../../src/certs/index.js";
import type { RequestHandler } from "../../src/emulator/http.js";
import { createEmulatedTenant, type EmulatedTenant } from "../emulator/identity/in-process-client.js";

const subscriptionId = "21111111-2222-4333-8444-555555555555";
const scope = `/subscriptions/${subscriptionId}/resourceGroups/seeds`;

let certificate: SeedCertificate;
let tenant: EmulatedTenant;
beforeAll(async () => {
  certificate = await createSeedCertificate({ resourceId: "1" });
});
beforeEach(() => {
  tenant = createEmulatedTenant();
});

const accessOf = (credential = tenant.identity.adminCredential): SubscriptionAccessClient =>
  new SubscriptionAccessClient(tenant.identity.cloud, credential, tenant.clientOptions);
const createApplication = () =>
  new EntraApplicationClient(
    tenant.identity.cloud,
    tenant.identity.adminCredential,
    tenant.clientOptions,
  ).ensureSeedApplication(certificate);

/** The registration of resource providers, which takes a few questions until it is done. */
function createProviderService(questionsUntilRegistered: number): RequestHandler {
  let state = "NotRegistered";
  let questions = 0;
  return async ({ method, path }) => {
    if (!path.startsWith(`/subscriptions/${subscriptionId}/providers/Microsoft.DataBox`)) return undefined;
    if (method === "POST" && path.endsWith("/register")) state = "Registering";
    else if (state === "Registering" && ++questions > questionsUntilRegistered) state = "Registered";
    return { status: 200, body: { namespace: "Microsoft.DataBox", registrationState: state } };
  };
}

describe("assignRole", () => {
  test("gives exactly the role on the scope, once", async () => {
    const { servicePrincipalId } = await createApplication();
    const request = { scope: `${scope}/`, roleId: azureRoleIds.dataBoxContributor, servicePrincipalId };
    const caller = {
      kind: "application",
      tenantId: tenant.identity.tenantId,
      objectId: servicePrincipalId,
      applicationId: "",
      permissions: [],
      audience: "",
    } as const;
    const may = (action: string, on: string): boolean => tenant.identity.authorize(caller, action, on);
    expect(may("Microsoft.DataBox/jobs/write", scope)).toBe(false);
    expect([await accessOf().assignRole(request), await accessOf().assignRole(request)]).toEqual([
      true,
      false,
    ]);
    expect([
      may("Microsoft.DataBox/jobs/write", `${scope}/providers/Microsoft.DataBox/jobs/seed`),
      may("microsoft.databox/JOBS/listCredentials/action", scope.toUpperCase()),
      may("Microsoft.DataBox/jobs/write", `/subscriptions/${subscriptionId}`),
      may("Microsoft.DataBox/jobs/write", `${scope}-other`),
      may("Microsoft.Storage/storageAccounts/write", scope),
    ]).toEqual([true, true, false, false, false]);
  });

  test("accepts an assignment that somebody else made under another name", async () => {
    const { servicePrincipalId } = await createApplication();
    tenant.identity.accessControl.assign({
      id: "99999999-2222-4333-8444-555555555555",
      scope,
      roleDefinitionId: azureRoleIds.contributor,
      principalId: servicePrincipalId,
      principalType: "ServicePrincipal",
    });
    const request = { scope, roleId: azureRoleIds.contributor, servicePrincipalId };
    expect(await accessOf().assignRole(request)).toBe(false);
  });

  test("works before the directory shows the new principal", async () => {
    tenant = createEmulatedTenant({ replicationDelayInMs: 30_000 });
    const { servicePrincipalId } = await createApplication();
    const request = { scope, roleId: azureRoleIds.contributor, servicePrincipalId };
    expect(await accessOf().assignRole(request)).toBe(true);
  });

  test("waits when the service cannot find the principal yet", async () => {
    const { servicePrincipalId } = await createApplication();
    let refusals = 3;
    tenant.intercept(async ({ method }) =>
      method === "PUT" && refusals-- > 0
        ? { status: 400, body: { error: { code: "PrincipalNotFound", message: "not yet" } } }
        : undefined,
    );
    const request = { scope, roleId: azureRoleIds.contributor, servicePrincipalId };
    expect(await accessOf().assignRole(request)).toBe(true);
  });

  test("names the right that is missing", async () => {
    const { servicePrincipalId } = await createApplication();
    const contributor = tenant.identity.addUser({
      userPrincipalName: "operator@emulated.example",
      azureRoles: [{ roleName: "Contributor", scope: `/subscriptions/${subscriptionId}` }],
    });
    const request = { scope, roleId: azureRoleIds.contributor, servicePrincipalId };
    await expect(accessOf(contributor.credential).assignRole(request)).rejects.toMatchObject({
      code: "permission-missing",
      details: { permission: expect.stringContaining("Microsoft.Authorization/roleAssignments/write") },
    });
  });

  test("refuses scopes and ids that are none", async () => {
    const request = { scope, roleId: azureRoleIds.contributor, servicePrincipalId: subscriptionId };
    for (const wrong of [
      { scope: "seeds" },
      { scope: "/a/../b?x" },
      { roleId: "Owner" },
      { servicePrincipalId: "" },
    ]) {
      await expect(accessOf().assignRole({ ...request, ...wrong })).rejects.toMatchObject({
        code: "invalid-argument",
      });
    }
  });
});

test("the custom role for Import/Export can be assigned in place of Contributor", async () => {
  const { servicePrincipalId } = await createApplication();
  const roleId = await accessOf().ensureImportExportRole(subscriptionId);
  expect(await accessOf().ensureImportExportRole(subscriptionId)).toBe(roleId);
  expect(await accessOf().assignRole({ scope, roleId, servicePrincipalId })).toBe(true);
  const isAllowed = (action: string): boolean =>
    tenant.identity.accessControl.isAllowed(servicePrincipalId, action, scope);
  expect([
    isAllowed("Microsoft.ImportExport/jobs/write"),
    isAllowed("Microsoft.ImportExport/jobs/listBitLockerKeys/action"),
    isAllowed("Microsoft.Storage/storageAccounts/delete"),
  ]).toEqual([true, true, false]);
});

describe("resource providers", () => {
  test("are registered when they are not, and waited for", async () => {
    tenant.intercept(createProviderService(4));
    const access = accessOf();
    expect(await access.getProviderState(subscriptionId, "Microsoft.DataBox")).toBe("NotRegistered");
    expect(await access.ensureProviderRegistered(subscriptionId, "Microsoft.DataBox")).toBe(true);
    expect(await access.ensureProviderRegistered(subscriptionId, "Microsoft.DataBox")).toBe(false);
  });

  test("that never become ready are not waited for without end", async () => {
    tenant.intercept(createProviderService(Number.POSITIVE_INFINITY));
    await expect(
      accessOf().ensureProviderRegistered(subscriptionId, "Microsoft.DataBox"),
    ).rejects.toMatchObject({
      code: "replication-timeout",
    });
  });
});

test("the tenant of a subscription is learned without signing in", async () => {
  tenant.intercept(async ({ path, headers }) =>
    path === `/subscriptions/${subscriptionId}` && headers["authorization"] === undefined
      ? {
          status: 401,
          headers: {
            "www-authenticate": `Bearer authorization_uri="https://login.windows.net/${tenant.identity.tenantId}", error="invalid_token"`,
          },
        }
      : undefined,
  );
  const { cloud, tenantId } = tenant.identity;
  expect(await findTenantId(cloud, subscriptionId, tenant.clientOptions)).toBe(tenantId);
  await expect(findTenantId(cloud, tenantId, tenant.clientOptions)).rejects.toMatchObject({
    code: "unexpected-answer",
  });
});

test("createSeedIdentity makes everything, and with the same certificate only what is missing", async () => {
  tenant.intercept(createProviderService(1));
  const options = {
    cloud: tenant.identity.cloud,
    subscriptionId,
    certificate,
    roles: [{ scope, roleId: azureRoleIds.contributor }],
    providers: ["Microsoft.DataBox"],
    clientOptions: tenant.clientOptions,
  };
  const first = await createSeedIdentity(tenant.identity.adminCredential, options);
  const again = await createSeedIdentity(tenant.identity.adminCredential, options);
  expect(first).toMatchObject({
    isApplicationCreated: true,
    isCertificateAdded: true,
    identity: {
      tenantId: tenant.identity.tenantId,
      subscriptionId,
      azureUserId: tenant.identity.administrator.id,
    },
  });
  expect(again).toEqual({ ...first, isApplicationCreated: false, isCertificateAdded: false });
  expect(tenant.identity.accessControl.assignments()).toHaveLength(2);
});
