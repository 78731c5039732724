/** Making what is not there: the application registration of an Azure user, and its service principal. */
import type { AbortSignalLike, Clock } from "../shared/index.js";
import type { AzureJsonClient } from "./azure-json-client.js";
import {
  type FoundApplication,
  newKeyCredential,
  readApplication,
  requiredText,
} from "./graph-applications.js";
import { createPermission } from "./graph-permissions.js";
import { listAll } from "./list-all.js";
import { requireGuid, seedApplicationName } from "./names.js";
import { repeatUntilDefined } from "./patience.js";
import type { SeedCertificate } from "./seed-certificate.js";

/** What registration stands on. */
export interface RegistrationContext {
  readonly graph: AzureJsonClient;
  /** Sends a request once, for what must not happen twice. */
  readonly graphWithoutRetry: AzureJsonClient;
  readonly clock: Clock;
  /** The applications named after the Azure user. */
  readonly findApplications: (
    azureUserId: string,
    abortSignal: AbortSignalLike | undefined,
  ) => Promise<readonly FoundApplication[]>;
}

/**
 * Creates the application with its first certificate. A failed answer does not mean that nothing was created, so before
 * every further attempt it is looked whether the one before did succeed: names are not unique, and nobody would notice a
 * second one.
 *
 * @throws CertsError `permission-missing`, `replication-timeout`; RestError
 */
export async function registerApplication(
  { graphWithoutRetry, clock, findApplications }: RegistrationContext,
  azureUserId: string,
  certificate: SeedCertificate,
  abortSignal: AbortSignalLike | undefined,
): Promise<FoundApplication> {
  const displayName = seedApplicationName(azureUserId);
  let isFirstAttempt = true;
  const create = async (): Promise<FoundApplication | undefined> => {
    const [created] = isFirstAttempt ? [] : await findApplications(azureUserId, abortSignal);
    if (created !== undefined) return created;
    isFirstAttempt = false;
    const answer = await graphWithoutRetry.send("POST", "/v1.0/applications", {
      abortSignal,
      permission: createPermission,
      body: {
        displayName,
        signInAudience: "AzureADMyOrg",
        keyCredentials: [newKeyCredential(certificate)],
      },
      alsoAccept: [429, 500, 502, 503, 504],
    });
    return answer.status < 300
      ? readApplication(answer.body, new Set([requiredText(answer.body, "id")]))
      : undefined;
  };
  return repeatUntilDefined(create, { clock, awaited: `The application ${displayName}`, abortSignal });
}

/**
 * Finds or creates the service principal and gives its object id; waits while the directory does not know the
 * application yet.
 *
 * @throws CertsError `permission-missing`, `replication-timeout`; RestError
 */
export async function ensureServicePrincipal(
  { graph, clock }: RegistrationContext,
  applicationId: string,
  abortSignal: AbortSignalLike | undefined,
): Promise<string> {
  const find = async (): Promise<string | undefined> => {
    const [principal] = await listAll(graph, "/v1.0/servicePrincipals", {
      abortSignal,
      query: { $filter: `appId eq '${requireGuid(applicationId)}'`, $select: "id" },
    });
    return principal === undefined ? undefined : requiredText(principal, "id");
  };
  const create = async (): Promise<string | undefined> => {
    const answer = await graph.send("POST", "/v1.0/servicePrincipals", {
      abortSignal,
      permission: createPermission,
      body: { appId: applicationId },
      // 400: the application is not visible yet. 409: somebody created the principal just now.
      alsoAccept: [400, 404, 409],
    });
    if (answer.status === 201) return requiredText(answer.body, "id");
    return answer.status === 409 ? await find() : undefined;
  };
  return (
    (await find()) ??
    (await repeatUntilDefined(create, {
      clock,
      awaited: `The service principal of application ${applicationId}`,
      abortSignal,
    }))
  );
}
