/** The noun of this room: everything that makes a server known to Azure for offline seeding. */
import type { AzureCloud } from "./azure-clouds.js";
import type { SeedCertificate } from "./seed-certificate.js";

/** Certificate, application, tenant, subscription and cloud that belong together. */
export interface SeedIdentity {
  readonly cloud: AzureCloud;
  readonly tenantId: string;
  readonly subscriptionId: string;
  /** Object id of the Azure user after whom the application is named. */
  readonly azureUserId: string;
  readonly application: SeedIdentityApplication;
  readonly certificate: SeedCertificate;
}

/** The application registration of a seed identity. */
export interface SeedIdentityApplication {
  /** Client id. */
  readonly applicationId: string;
  readonly objectId: string;
  readonly servicePrincipalId: string;
  readonly displayName: string;
}
