import { describe, expect, test } from "@jest/globals";
import { createSeedCertificate, EntraApplicationClient } from "../../src/certs/index.js";
import { createEmulatedTenant, type EmulatedTenant } from "../emulator/identity/in-process-client.js";

function clientOf(
  tenant: EmulatedTenant,
  credential = tenant.identity.adminCredential,
): EntraApplicationClient {
  return new EntraApplicationClient(tenant.identity.cloud, credential, tenant.clientOptions);
}

const certificateFor = (tenant: EmulatedTenant, resourceId: string, validForDays = 365) =>
  createSeedCertificate({ resourceId, validForDays, clock: tenant.clock });

describe("ensureSeedApplication", () => {
  test("creates application, key and service principal from nothing", async () => {
    const tenant = createEmulatedTenant();
    const certificate = await certificateFor(tenant, "server-1");
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
  });

  test("a second server appends its certificate and keeps the first; repeating changes nothing", async () => {
    const tenant = createEmulatedTenant();
    const [first, second] = [
      await certificateFor(tenant, "server-1"),
      await certificateFor(tenant, "server-2"),
    ];
    const one = await clientOf(tenant).ensureSeedApplication(first);
    const two = await clientOf(tenant).ensureSeedApplication(second);
    const again = await clientOf(tenant).ensureSeedApplication(second);
    expect([two.applicationId, two.isCreated, two.isCertificateAdded]).toEqual([
      one.applicationId,
      false,
      true,
    ]);
    expect(two.certificates.map(({ thumbprint }) => thumbprint)).toEqual([
      first.thumbprint,
      second.thumbprint,
    ]);
    expect(again).toEqual({ ...two, isCertificateAdded: false });
    expect(tenant.identity.directory.applications()).toHaveLength(1);
    expect(tenant.identity.directory.servicePrincipals()).toHaveLength(1);
  });

  test("waits while the directory does not show what was just created", async () => {
    const tenant = createEmulatedTenant({ replicationDelayInMs: 20_000 });
    const application = await clientOf(tenant).ensureSeedApplication(
      await certificateFor(tenant, "server-1"),
    );
    expect([application.isCreated, application.certificates.length]).toEqual([true, 1]);
    expect(tenant.requests.filter((request) => request === "POST /v1.0/applications")).toHaveLength(1);
  });
});
