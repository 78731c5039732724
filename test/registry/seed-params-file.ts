/** A parameters file as another machine made it, for tests of what the server does with it. */
import { azureClouds, type SeedCertificate, writeOfflineApplicationParams } from "../../src/certs/index.js";

export const azureUserId = "31111111-2222-4333-8444-555555555555";
export const subscriptionId = "21111111-2222-4333-8444-555555555555";

/** Writes the file of an identity with this certificate. */
export async function writeSeedParamsFile(
  path: string,
  certificate: SeedCertificate,
  storageAccountName?: string,
): Promise<void> {
  await writeOfflineApplicationParams(path, {
    identity: {
      cloud: azureClouds.public,
      tenantId: "11111111-2222-4333-8444-555555555555",
      subscriptionId,
      azureUserId,
      application: {
        applicationId: "41111111-2222-4333-8444-555555555555",
        objectId: "51111111-2222-4333-8444-555555555555",
        servicePrincipalId: "61111111-2222-4333-8444-555555555555",
        displayName: `AzureOfflineBackup_${azureUserId}`,
      },
      certificate,
    },
    storageAccountName,
    createdAt: new Date(),
  });
}
