/**
 * From nothing to a seed identity: what `AzureOfflineBackupCertGen.exe CreateNewApplication` does, and what it leaves
 * to the reader.
 */
import type { TokenCredential } from "@azure/core-auth";
import type { AbortOptions } from "../shared/index.js";
import type { AzureCloud } from "./azure-clouds.js";
import { createSeedCertificate } from "./create-seed-certificate.js";
import { EntraApplicationClient, type EntraApplicationClientOptions } from "./entra-application.js";
import type { SeedCertificate } from "./seed-certificate.js";
import type { SeedIdentity } from "./seed-identity.js";
import { type RoleAssignmentRequest, SubscriptionAccessClient } from "./subscription-access.js";

/** What is to be made. */
export interface CreateSeedIdentityOptions extends AbortOptions {
  readonly cloud: AzureCloud;
  readonly subscriptionId: string;
  /** For the certificate's name. Not used when `certificate` is given. Default: a time stamp of seconds. */
  readonly resourceId?: string;
  /** A certificate made earlier. Default: a new one. */
  readonly certificate?: SeedCertificate;
  /** Default: the signed-in user. */
  readonly azureUserId?: string;
  /** Roles for the application. Default: none. */
  readonly roles?: readonly Omit<RoleAssignmentRequest, "servicePrincipalId">[];
  /** Resource providers to be registered, for example `Microsoft.DataBox`. Default: none. */
  readonly providers?: readonly string[];
  /** How Graph and Resource Manager are reached. */
  readonly clientOptions?: EntraApplicationClientOptions;
}

/** The identity and what had to be done for it. */
export interface CreatedSeedIdentity {
  readonly identity: SeedIdentity;
  readonly isApplicationCreated: boolean;
  readonly isCertificateAdded: boolean;
}

/**
 * Makes certificate, application, service principal, role assignments and provider registrations.
 *
 * May be repeated with the same certificate: only what is missing is made. When it fails half-way, repeat it.
 *
 * @param credential - An interactive sign-in of somebody who may register applications and assign roles.
 * @throws CertsError as {@link EntraApplicationClient.ensureSeedApplication} and
 * {@link SubscriptionAccessClient.assignRole}.
 */
export async function createSeedIdentity(
  credential: TokenCredential,
  options: CreateSeedIdentityOptions,
): Promise<CreatedSeedIdentity> {
  const { cloud, subscriptionId, abortSignal, clientOptions = {} } = options;
  const clock = clientOptions.clock ?? { nowInMs: () => Date.now() };
  const certificate =
    options.certificate ??
    (await createSeedCertificate({
      resourceId: options.resourceId ?? String(Math.floor(clock.nowInMs() / 1000)),
      clock,
    }));
  const applications = new EntraApplicationClient(cloud, credential, clientOptions);
  const application = await applications.ensureSeedApplication(certificate, {
    abortSignal,
    ...(options.azureUserId === undefined ? {} : { azureUserId: options.azureUserId }),
  });
  const access = new SubscriptionAccessClient(cloud, credential, clientOptions);
  for (const role of options.roles ?? []) {
    await access.assignRole({ ...role, servicePrincipalId: application.servicePrincipalId }, { abortSignal });
  }
  for (const namespace of options.providers ?? []) {
    await access.ensureProviderRegistered(subscriptionId, namespace, { abortSignal });
  }
  return Object.freeze({
    identity: Object.freeze({
      cloud,
      tenantId: await applications.getTenantId({ abortSignal }),
      subscriptionId,
      azureUserId: application.azureUserId,
      application: Object.freeze({
        applicationId: application.applicationId,
        objectId: application.objectId,
        servicePrincipalId: application.servicePrincipalId,
        displayName: application.displayName,
      }),
      certificate,
    }),
    isApplicationCreated: application.isCreated,
    isCertificateAdded: application.isCertificateAdded,
  });
}
