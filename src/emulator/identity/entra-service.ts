/** Microsoft Entra of the emulator: tenant discovery and the token endpoint for client credentials. */
import type { RandomSource } from "../../shared/index.js";
import type { EmulatorResponse, RequestHandler } from "../http.js";
import { createRouter, type RoutedRequest } from "../router.js";
import { checkClientAssertion } from "./client-assertion.js";
import type { Directory } from "./directory.js";
import { type EntraRefusal, entraErrorResponse, entraRefusals } from "./entra-error.js";
import type { TokenIssuer } from "./token-issuer.js";

/** What the service stands on. */
export interface EntraServiceOptions {
  readonly directory: Directory;
  readonly issuer: TokenIssuer;
  readonly random: RandomSource;
  readonly tenantId: string;
  /** Origin under which the clients reach the emulator, without slash at its end. */
  readonly endpoint: () => string;
  /** Resources that tokens may be asked for, without slash at their end. */
  readonly audiences: () => readonly string[];
  /** The resource whose application permissions go into tokens. */
  readonly graphAudience: () => string;
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Makes the handler. */
export function createEntraService(options: EntraServiceOptions): RequestHandler {
  const { directory, issuer, random, tenantId, endpoint } = options;
  const refuse = (refusal: EntraRefusal): EmulatorResponse => entraErrorResponse(refusal, directory, random);
  const isTenant = (tenant: string): boolean => tenant.toLowerCase() === tenantId.toLowerCase();

  const discover = ({ parameters }: RoutedRequest): EmulatorResponse => {
    const tenant = parameters["tenant"]!;
    if (!isTenant(tenant)) return refuse(entraRefusals.tenantNotFound(tenant));
    const authority = `${endpoint()}/${tenantId}`;
    return {
      status: 200,
      body: {
        token_endpoint: `${authority}/oauth2/v2.0/token`,
        token_endpoint_auth_methods_supported: [
          "client_secret_post",
          "private_key_jwt",
          "client_secret_basic",
        ],
        jwks_uri: `${authority}/discovery/v2.0/keys`,
        issuer: `${authority}/v2.0`,
        authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
        end_session_endpoint: `${authority}/oauth2/v2.0/logout`,
        response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
        subject_types_supported: ["pairwise"],
        id_token_signing_alg_values_supported: ["RS256"],
        scopes_supported: ["openid", "profile", "email", "offline_access"],
      },
    };
  };

  const discoverInstance = (): EmulatorResponse => {
    const host = new URL(endpoint()).host;
    return {
      status: 200,
      body: {
        tenant_discovery_endpoint: `${endpoint()}/${tenantId}/v2.0/.well-known/openid-configuration`,
        "api-version": "1.1",
        metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
      },
    };
  };

  const issueToken = async (request: RoutedRequest): Promise<EmulatorResponse> => {
    const tenant = request.parameters["tenant"]!;
    if (!isTenant(tenant)) return refuse(entraRefusals.tenantNotFound(tenant));
    const form = new URLSearchParams(await request.text());
    const missing = ["grant_type", "client_id", "scope"].find((name) => !form.get(name));
    if (missing !== undefined) return refuse(entraRefusals.parameterMissing(missing));
    if (form.get("grant_type") !== "client_credentials") {
      return refuse(entraRefusals.grantTypeUnsupported(form.get("grant_type")!));
    }
    const clientId = form.get("client_id")!;
    const application = directory.applications().find(({ appId }) => appId === clientId);
    if (application === undefined) return refuse(entraRefusals.applicationNotFound(clientId, tenantId));
    if (form.has("client_secret")) return refuse(entraRefusals.secretWrong(clientId));
    const assertion = form.get("client_assertion");
    if (!assertion || form.get("client_assertion_type") !== assertionType) {
      return refuse(entraRefusals.credentialMissing());
    }
    const authority = `${endpoint()}/${tenantId}`;
    const refusal = checkClientAssertion(assertion, application, {
      clientId,
      audiences: [`${authority}/oauth2/v2.0/token`, `${authority}/oauth2/token`, `${authority}/v2.0`],
      nowInMs: directory.nowInMs(),
    });
    if (refusal !== undefined) return refuse(refusal);
    const principal = directory.servicePrincipals().find(({ appId }) => appId === clientId);
    if (principal === undefined) return refuse(entraRefusals.servicePrincipalMissing(clientId, tenantId));

    const scopes = form
      .get("scope")!
      .split(" ")
      .filter((scope) => !["openid", "profile", "offline_access"].includes(scope));
    const resource = /^(.+)\/\.default$/.exec(scopes[0] ?? "")?.[1];
    if (scopes.length !== 1 || resource === undefined)
      return refuse(entraRefusals.scopeInvalid(form.get("scope")!));
    const audience = options.audiences().find((candidate) => candidate === resource.replace(/\/$/, ""));
    if (audience === undefined) return refuse(entraRefusals.resourceNotFound(resource, tenantId));

    const { token, expiresOnInMs } = await issuer.issue({
      kind: "application",
      tenantId,
      objectId: principal.id,
      applicationId: clientId,
      permissions: audience === options.graphAudience() ? principal.graphRoles : [],
      audience,
    });
    const expiresInSeconds = Math.floor((expiresOnInMs - directory.nowInMs()) / 1000);
    return {
      status: 200,
      headers: { "cache-control": "no-store, no-cache", pragma: "no-cache" },
      body: {
        token_type: "Bearer",
        expires_in: expiresInSeconds,
        ext_expires_in: expiresInSeconds,
        access_token: token,
      },
    };
  };

  return createRouter([
    { method: "GET", path: "/common/discovery/instance", handle: discoverInstance },
    { method: "GET", path: "/{tenant}/v2.0/.well-known/openid-configuration", handle: discover },
    { method: "POST", path: "/{tenant}/oauth2/v2.0/token", handle: issueToken },
  ]);
}
