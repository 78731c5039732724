/**
 * What a seed application needs inside a subscription, over Azure Resource Manager: role assignments
 * (`Microsoft.Authorization`, api-version 2022-04-01) and registered resource providers (2021-04-01).
 */
import type { TokenCredential } from "@azure/core-auth";
import {
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
} from "@azure/core-rest-pipeline";
import { type AbortOptions, type Clock, systemClock } from "../shared/index.js";
import type { AzureCloud } from "./azure-clouds.js";
import {
  type AzureClientOptions,
  type AzureJsonClient,
  createAzureJsonClient,
  serviceErrorOf,
} from "./azure-json-client.js";
import { importExportActions } from "./azure-roles.js";
import { CertsError } from "./certs-error.js";
import { deterministicGuid } from "./deterministic-guid.js";
import { isGuid, requireGuid } from "./names.js";
import { repeatUntilDefined } from "./patience.js";

/** A role on a scope. */
export interface RoleAssignmentRequest {
  /** Resource id: subscription, resource group or resource. */
  readonly scope: string;
  /** GUID of the role, for example from {@link azureRoleIds}. */
  readonly roleId: string;
  /** Object id of the service principal. */
  readonly servicePrincipalId: string;
}

/** Whether a resource provider can be used in a subscription. */
export type ProviderRegistrationState =
  | "NotRegistered"
  | "Registered"
  | "Registering"
  | "Unregistered"
  | "Unregistering";

const authorizationVersion = "2022-04-01";
const resourcesVersion = "2021-04-01";
const knownStates: readonly string[] = [
  "NotRegistered",
  "Registered",
  "Registering",
  "Unregistered",
  "Unregistering",
];

/** Gives a seed application its rights in a subscription. */
export class SubscriptionAccessClient {
  readonly #resourceManager: AzureJsonClient;
  readonly #clock: Clock;

  /** Needs a token of somebody who may assign roles: Owner or User Access Administrator. */
  constructor(cloud: AzureCloud, credential: TokenCredential, options: AzureClientOptions = {}) {
    this.#resourceManager = createAzureJsonClient(
      cloud.resourceManagerEndpoint,
      cloud.resourceManagerAudience,
      credential,
      options,
    );
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Assigns a role. The assignment's name is computed from scope, role and principal: a repeated call changes nothing,
   * and one that somebody else made is accepted. Waits when the directory does not know the principal yet.
   *
   * @returns whether the assignment is new.
   * @throws CertsError `permission-missing`, `invalid-argument`, `replication-timeout`; RestError.
   */
  async assignRole(request: RoleAssignmentRequest, options: AbortOptions = {}): Promise<boolean> {
    const { roleId, servicePrincipalId } = request;
    const scope = normalizeScope(request.scope);
    for (const id of [roleId, servicePrincipalId]) requireGuid(id);
    const name = deterministicGuid(`${scope}|${roleId}|${servicePrincipalId}`.toLowerCase());
    const subscription = /^\/subscriptions\/[^/]+/i.exec(scope)?.[0] ?? "";
    const path = `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
    const permission = `Microsoft.Authorization/roleAssignments/write on ${scope} (role Owner or User Access Administrator)`;
    const send = { ...options, query: { "api-version": authorizationVersion }, permission };

    const existing = await this.#resourceManager.send("GET", path, { ...send, alsoAccept: [404] });
    if (existing.status === 200) return false;
    return repeatUntilDefined(
      async () => {
        const answer = await this.#resourceManager.send("PUT", path, {
          ...send,
          body: {
            properties: {
              roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
              principalId: servicePrincipalId,
              principalType: "ServicePrincipal",
            },
          },
          alsoAccept: [400, 409],
        });
        const { code, message } = serviceErrorOf(answer.body);
        if (answer.status < 300) return true;
        if (code === "RoleAssignmentExists") return false;
        if (code === "PrincipalNotFound") return undefined;
        throw new CertsError(
          "unexpected-answer",
          `The role assignment on ${scope} was refused: ${code}: ${message}`,
          {
            details: { scope, roleId, serviceCode: code },
          },
        );
      },
      { clock: this.#clock, awaited: `The service principal ${servicePrincipalId}`, ...options },
    );
  }

  /**
   * Creates or updates the custom role with the actions of Azure Import/Export, assignable in one subscription.
   *
   * @returns the id of the role, the same for the same subscription.
   * @throws CertsError `permission-missing`; RestError.
   */
  async ensureImportExportRole(subscriptionId: string, options: AbortOptions = {}): Promise<string> {
    requireGuid(subscriptionId);
    const roleId = deterministicGuid(`import-export-role|${subscriptionId}`.toLowerCase());
    const scope = `/subscriptions/${subscriptionId}`;
    await this.#resourceManager.send(
      "PUT",
      `${scope}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
      {
        ...options,
        query: { "api-version": authorizationVersion },
        permission: `Microsoft.Authorization/roleDefinitions/write on ${scope} (role Owner or User Access Administrator)`,
        body: {
          properties: {
            roleName: `Azure Import/Export Job Operator (${subscriptionId})`,
            description: "Creates and follows import jobs of the Azure Import/Export service.",
            type: "CustomRole",
            permissions: [{ actions: importExportActions, notActions: [] }],
            assignableScopes: [scope],
          },
        },
      },
    );
    return roleId;
  }

  /** Whether a resource provider can be used in the subscription. */
  async getProviderState(
    subscriptionId: string,
    namespace: string,
    options: AbortOptions = {},
  ): Promise<ProviderRegistrationState> {
    const { body } = await this.#resourceManager.send("GET", providerPath(subscriptionId, namespace), {
      ...options,
      query: { "api-version": resourcesVersion },
      permission: `read access to subscription ${subscriptionId}`,
    });
    const state = body["registrationState"];
    if (typeof state === "string" && knownStates.includes(state)) return state as ProviderRegistrationState;
    throw new CertsError(
      "unexpected-answer",
      `The registration state of ${namespace} is unknown: '${String(state)}'.`,
      {
        details: { subscriptionId, namespace },
      },
    );
  }

  /**
   * Registers a resource provider if it is not, and waits until it can be used. May be repeated.
   *
   * @returns whether it had to be registered.
   * @throws CertsError `permission-missing`, `replication-timeout` after ten minutes; RestError.
   */
  async ensureProviderRegistered(
    subscriptionId: string,
    namespace: string,
    options: AbortOptions = {},
  ): Promise<boolean> {
    if ((await this.getProviderState(subscriptionId, namespace, options)) === "Registered") return false;
    await this.#resourceManager.send("POST", `${providerPath(subscriptionId, namespace)}/register`, {
      ...options,
      query: { "api-version": resourcesVersion },
      permission: `${namespace}/register/action on subscription ${subscriptionId} (role Contributor or Owner)`,
    });
    return repeatUntilDefined(
      async () =>
        (await this.getProviderState(subscriptionId, namespace, options)) === "Registered" ? true : undefined,
      {
        clock: this.#clock,
        awaited: `The registration of ${namespace} in subscription ${subscriptionId}`,
        limitInMs: 600_000,
        ...options,
      },
    );
  }
}

/**
 * The tenant of a subscription, learned from the challenge that Resource Manager sends to a caller without a token.
 *
 * @throws CertsError `invalid-argument`; `unexpected-answer` when there is no such subscription.
 */
export async function findTenantId(
  cloud: AzureCloud,
  subscriptionId: string,
  options: AzureClientOptions & AbortOptions = {},
): Promise<string> {
  requireGuid(subscriptionId);
  const { abortSignal, httpClient, ...pipelineOptions } = options;
  const request = createPipelineRequest({
    url: `${cloud.resourceManagerEndpoint}/subscriptions/${subscriptionId}?api-version=${resourcesVersion}`,
    ...(abortSignal === undefined ? {} : { abortSignal }),
  });
  const response = await createPipelineFromOptions(pipelineOptions).sendRequest(
    httpClient ?? createDefaultHttpClient(),
    request,
  );
  const authority = /authorization_uri="([^"]+)"/i.exec(response.headers.get("www-authenticate") ?? "")?.[1];
  const tenantId = authority?.split("/").find(isGuid);
  if (tenantId !== undefined) return tenantId.toLowerCase();
  throw new CertsError(
    "unexpected-answer",
    `The tenant of subscription ${subscriptionId} could not be found in cloud '${cloud.name}'. Check the id and the cloud.`,
    { details: { subscriptionId, cloud: cloud.name, status: response.status } },
  );
}

function providerPath(subscriptionId: string, namespace: string): string {
  requireGuid(subscriptionId);
  if (!/^[A-Za-z0-9]+(\.[A-Za-z0-9]+)+$/.test(namespace)) {
    throw new CertsError("invalid-argument", `'${namespace}' is not the namespace of a resource provider.`);
  }
  return `/subscriptions/${subscriptionId}/providers/${namespace}`;
}

function normalizeScope(scope: string): string {
  const normalized = scope.replace(/\/+$/, "");
  if (/^(\/[A-Za-z0-9._()-]+)+$/.test(normalized)) return normalized;
  throw new CertsError("invalid-argument", `'${scope}' is not a resource id to assign a role on.`, {
    details: { scope },
  });
}
