/**
 * The front door of the local Azure Resource Manager: what is checked before a provider sees a request. Token,
 * api-version, subscription, registration of the provider, rights of the caller, resource group.
 */
import { createGuid, type RandomSource } from "../../shared/index.js";
import type { FaultInjector } from "../fault-injector.js";
import type { EmulatorRequest, EmulatorResponse, RequestHandler } from "../http.js";
import { createRouter, type Route, type RoutedRequest } from "../router.js";
import { armError } from "./arm-error.js";
import type { SubscriptionInventory } from "./subscription-inventory.js";

/** Who sent a request, as far as this room must know. */
export interface ArmCaller {
  readonly objectId: string;
}

/** What the gateway needs of the identity service. */
export interface ArmIdentity<Caller extends ArmCaller = ArmCaller> {
  /** Undefined when the token is absent, malformed, expired, forged or meant for another audience. */
  authenticate(authorizationHeader: string | undefined, expectedAudience: string): Caller | undefined;
  /** Whether the caller's role assignments allow an action at a scope. */
  authorize(caller: Caller, action: string, scope: string): boolean;
}

/** A request that passed the front door. */
export interface ArmRequest extends RoutedRequest {
  readonly caller: ArmCaller;
}

/** One operation of a provider. */
export interface ArmOperation {
  readonly method: Route["method"];
  /** `{subscriptionId}` and `{resourceGroup}` are checked for existence. */
  readonly path: string;
  /**
   * RBAC action the caller needs, such as `Microsoft.ImportExport/jobs/read`, or how it follows from the path.
   * Undefined: any valid token will do.
   */
  readonly action: string | ((parameters: Readonly<Record<string, string>>) => string) | undefined;
  readonly apiVersions: readonly string[];
  readonly handle: (request: ArmRequest) => Promise<EmulatorResponse> | EmulatorResponse;
}

/** What {@link createArmGateway} is made of. */
export interface ArmGatewayOptions {
  readonly operations: readonly ArmOperation[];
  readonly identity: ArmIdentity;
  readonly inventory: SubscriptionInventory;
  readonly faults: FaultInjector;
  readonly random: RandomSource;
  /** Audience of the tokens that are accepted. */
  readonly audience: string;
  /** URL of the authority, for the challenge of a 401. */
  readonly authorizationUri: string;
  readonly nowInMs: () => number;
  /** Called before a request is answered, so that everything due by the clock has happened. */
  readonly catchUp: () => void;
}

/** Makes the handler of everything below `/subscriptions` and `/providers`. */
export function createArmGateway(options: ArmGatewayOptions): RequestHandler {
  const { identity, faults, random, audience } = options;
  const route = createRouter(options.operations.map((operation) => routeOf(operation, options)));
  return async (request) => {
    if (!/^\/(subscriptions|providers)(\/|$)/i.test(request.path)) return undefined;
    const requestId = createGuid(random);
    const answer = async (): Promise<EmulatorResponse> => {
      const injected = faults.takeArmFault(request);
      if (injected) return injected;
      const authorization = request.headers["authorization"];
      if (identity.authenticate(authorization, audience) === undefined) {
        return unauthorized(authorization, options);
      }
      options.catchUp();
      return (await route(request)) ?? unknownPath(request);
    };
    const response = await answer();
    return {
      ...response,
      headers: {
        "x-ms-request-id": requestId,
        "x-ms-correlation-request-id": request.headers["x-ms-correlation-request-id"] ?? requestId,
        [`x-ms-ratelimit-remaining-subscription-${rateLimitKind(request.method)}`]: "1199",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        ...response.headers,
      },
    };
  };
}

function routeOf(operation: ArmOperation, options: ArmGatewayOptions): Route {
  const { identity, inventory, audience } = options;
  return {
    method: operation.method,
    path: operation.path,
    async handle(request) {
      const caller = identity.authenticate(request.headers["authorization"], audience);
      if (caller === undefined) {
        return unauthorized(request.headers["authorization"], options);
      }
      const { subscriptionId, resourceGroup } = request.parameters;
      return (
        checkApiVersion(request, operation.apiVersions) ??
        (subscriptionId === undefined ? undefined : checkSubscription(inventory, subscriptionId)) ??
        checkRegistration(operation, request, inventory) ??
        checkRights(operation, request, caller, identity) ??
        (resourceGroup === undefined ? undefined : checkResourceGroup(inventory, resourceGroup, request)) ??
        operation.handle({ ...request, caller })
      );
    },
  };
}

function rateLimitKind(method: string): string {
  if (method === "GET" || method === "HEAD") return "reads";
  return method === "DELETE" ? "deletes" : "writes";
}

/**
 * A token that is not accepted is answered with a claims challenge, as continuous access evaluation does: clients then
 * drop the token they keep and ask for a new one. That is how they survive a clock that leaps over weeks.
 */
function unauthorized(authorization: string | undefined, options: ArmGatewayOptions): EmulatorResponse {
  if (authorization === undefined) {
    return armError(
      401,
      "AuthenticationFailed",
      "Authentication failed. The 'Authorization' header is missing.",
      {
        headers: { "WWW-Authenticate": `Bearer authorization_uri="${options.authorizationUri}"` },
      },
    );
  }
  const notBefore = String(Math.floor(options.nowInMs() / 1000));
  const claims = Buffer.from(
    JSON.stringify({ access_token: { nbf: { essential: true, value: notBefore } } }),
  ).toString("base64");
  const message = "The access token is invalid, expired or issued for another resource.";
  return armError(401, "InvalidAuthenticationToken", message, {
    headers: {
      "WWW-Authenticate":
        `Bearer authorization_uri="${options.authorizationUri}", error="insufficient_claims", ` +
        `error_description="${message}", claims="${claims}"`,
    },
  });
}

function checkApiVersion(
  request: EmulatorRequest,
  apiVersions: readonly string[],
): EmulatorResponse | undefined {
  const apiVersion = request.query.get("api-version");
  if (apiVersion === null || apiVersion === "") {
    return armError(
      400,
      "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required for all requests.",
    );
  }
  if (apiVersions.includes(apiVersion)) return undefined;
  return armError(
    400,
    "InvalidApiVersionParameter",
    `The api-version '${apiVersion}' is invalid. The supported versions are '${apiVersions.join(",")}'.`,
  );
}

function checkSubscription(
  inventory: SubscriptionInventory,
  subscriptionId: string,
): EmulatorResponse | undefined {
  if (subscriptionId.toLowerCase() === inventory.subscriptionId.toLowerCase()) return undefined;
  return armError(404, "SubscriptionNotFound", `The subscription '${subscriptionId}' could not be found.`);
}

function checkRegistration(
  operation: ArmOperation,
  request: RoutedRequest,
  inventory: SubscriptionInventory,
): EmulatorResponse | undefined {
  const namespace = /\/resourceGroups\/\{resourceGroup\}\/providers\/([\w.]+)\//i.exec(operation.path)?.[1];
  if (operation.method !== "PUT" || namespace === undefined || inventory.isRegistered(namespace)) {
    return undefined;
  }
  return armError(
    409,
    "MissingSubscriptionRegistration",
    `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.`,
    {
      details: [
        {
          code: "MissingSubscriptionRegistration",
          target: namespace,
          message: `The subscription '${request.parameters["subscriptionId"]}' is not registered to use namespace '${namespace}'.`,
        },
      ],
    },
  );
}

function checkRights(
  operation: ArmOperation,
  request: RoutedRequest,
  caller: ArmCaller,
  identity: ArmIdentity,
): EmulatorResponse | undefined {
  if (operation.action === undefined) return undefined;
  const action =
    typeof operation.action === "string" ? operation.action : operation.action(request.parameters);
  // Actions on a resource (`…/listBitLockerKeys`) are granted at the resource, not at the action's own path.
  const scope = operation.method === "POST" ? request.path.replace(/\/[^/]+$/, "") : request.path;
  if (identity.authorize(caller, action, decodeURIComponent(scope))) return undefined;
  return armError(
    403,
    "AuthorizationFailed",
    `The client with object id '${caller.objectId}' does not have authorization to perform action ` +
      `'${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}

function checkResourceGroup(
  inventory: SubscriptionInventory,
  resourceGroup: string,
  request: EmulatorRequest,
): EmulatorResponse | undefined {
  if (inventory.hasResourceGroup(resourceGroup)) return undefined;
  // Creating the group itself is the one request that may name a group that is not there.
  if (request.method === "PUT" && /\/resourceGroups\/[^/]+$/i.test(request.path)) return undefined;
  return armError(404, "ResourceGroupNotFound", `Resource group '${resourceGroup}' could not be found.`);
}

function unknownPath(request: EmulatorRequest): EmulatorResponse {
  return armError(
    404,
    "InvalidResourceType",
    `The resource type could not be found for the request ${request.method} ${request.path}.`,
  );
}
