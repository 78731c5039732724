/** The whole identity of a server against the complete local Azure, with the unmodified Azure clients. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageImportExport } from "@azure/arm-storageimportexport";
import { ClientCertificateCredential } from "@azure/identity";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  createSeedCertificate,
  createSeedIdentity,
  findTenantId,
  readOfflineApplicationParams,
  type SeedIdentity,
  SubscriptionAccessClient,
  writeOfflineApplicationParams,
} from "../../../src/certs/index.js";
import { type AzureEmulator, startAzureEmulator } from "../../../src/emulator/index.js";
import { addRegistryEntries, openRegFile } from "../../../src/registry/index.js";

describe("two servers, one application", () => {
  let azure: AzureEmulator;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "offline-seed-identity-"));
    azure = await startAzureEmulator({
      // No blob is touched here.
      blobService: {
        accountName: "seedaccount1",
        accountKey: "",
        endpoint: "http://127.0.0.1:1/seedaccount1",
      },
      registeredProviders: ["Microsoft.Storage"],
    });
  });
  afterAll(async () => {
    await azure.close();
    await rm(folder, { recursive: true, force: true });
  });

  const tlsOptions = () => ({ ca: azure.certificateAuthorityPem });
  const scope = () => `/subscriptions/${azure.subscriptionId}/resourceGroups/${azure.resourceGroup}`;

  async function prepareServer(name: string, roleId: string): Promise<SeedIdentity> {
    const { identity } = await createSeedIdentity(azure.adminCredential, {
      cloud: azure.identity.cloud,
      subscriptionId: azure.subscriptionId,
      certificate: await createSeedCertificate({ resourceId: name }),
      roles: [{ scope: scope(), roleId }],
      providers: ["Microsoft.ImportExport"],
      clientOptions: { tlsOptions: tlsOptions(), settlingTimeInMs: 0 },
    });
    const xmlFilePath = join(folder, `${name}.xml`);
    await writeOfflineApplicationParams(
      xmlFilePath,
      { identity, storageAccountName: "seedaccount1", createdAt: new Date() },
      { privateKeyPassword: "secret" },
    );
    const registry = await openRegFile(join(folder, `${name}.reg`));
    await addRegistryEntries({
      subscriptionId: azure.subscriptionId,
      xmlFilePath,
      storageAccountName: "seedaccount1",
      registry,
      destinationFolder: join(folder, name),
    });
    await registry.save(join(folder, `${name}.reg`));
    return identity;
  }

  /** What the server does later, from the parameters file alone. */
  async function listJobs(name: string): Promise<readonly unknown[]> {
    const { identity } = await readOfflineApplicationParams(
      join(folder, name, "OfflineApplicationParams_seedaccount1.xml"),
      { privateKeyPassword: "secret" },
    );
    const credential = new ClientCertificateCredential(
      identity.tenantId,
      identity.application.applicationId,
      { certificate: identity.certificate.exportPem({ withPrivateKey: true }) },
      {
        authorityHost: identity.cloud.authorityHost,
        disableInstanceDiscovery: true,
        tlsOptions: tlsOptions(),
      },
    );
    const client = new StorageImportExport(credential, identity.subscriptionId, {
      endpoint: identity.cloud.resourceManagerEndpoint,
      tlsOptions: tlsOptions(),
    });
    const jobs: unknown[] = [];
    for await (const job of client.jobs.listByResourceGroup(azure.resourceGroup)) jobs.push(job);
    return jobs;
  }

  test("both get tokens and their rights; the second takes nothing from the first", async () => {
    const { cloud } = azure.identity;
    expect(await findTenantId(cloud, azure.subscriptionId, { tlsOptions: tlsOptions() })).toBe(
      azure.tenantId,
    );
    const access = new SubscriptionAccessClient(cloud, azure.adminCredential, { tlsOptions: tlsOptions() });
    const roleId = await access.ensureImportExportRole(azure.subscriptionId);

    const first = await prepareServer("server-1", roleId);
    expect(await listJobs("server-1")).toEqual([]);
    const second = await prepareServer("server-2", roleId);
    expect(second.application).toEqual(first.application);
    expect([await listJobs("server-1"), await listJobs("server-2")]).toEqual([[], []]);

    const assignment = azure.identity.accessControl
      .assignments()
      .find(({ principalId }) => principalId === first.application.servicePrincipalId);
    azure.identity.accessControl.unassign(assignment!.id);
    await expect(listJobs("server-1")).rejects.toMatchObject({
      statusCode: 403,
      code: "AuthorizationFailed",
    });
  });
});
