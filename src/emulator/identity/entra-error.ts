/**
 * Error answers of the Microsoft Entra token endpoint: numbers, texts and body as the service gives them
 * ("Microsoft Entra authentication and authorization error codes", OAuth 2.0 RFC 6749 §5.2).
 */
import { type Clock, createGuid, type RandomSource } from "../../shared/index.js";
import type { EmulatorResponse } from "../http.js";

/** One refusal of the token endpoint. */
export interface EntraRefusal {
  readonly status: 400 | 401;
  readonly error:
    | "invalid_client"
    | "invalid_request"
    | "invalid_resource"
    | "invalid_scope"
    | "invalid_tenant"
    | "unauthorized_client"
    | "unsupported_grant_type";
  /** The number after `AADSTS`. */
  readonly number: number;
  readonly text: string;
}

/** The answer that carries a refusal. */
export function entraErrorResponse(
  refusal: EntraRefusal,
  clock: Pick<Clock, "nowInMs">,
  random: RandomSource,
): EmulatorResponse {
  const timestamp = `${new Date(clock.nowInMs()).toISOString().slice(0, 19).replace("T", " ")}Z`;
  const traceId = createGuid(random);
  const correlationId = createGuid(random);
  return {
    status: refusal.status,
    headers: { "cache-control": "no-store, no-cache", pragma: "no-cache" },
    body: {
      error: refusal.error,
      error_description: `AADSTS${refusal.number}: ${refusal.text} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
      error_codes: [refusal.number],
      timestamp,
      trace_id: traceId,
      correlation_id: correlationId,
      error_uri: `https://login.microsoftonline.com/error?code=${refusal.number}`,
    },
  };
}

/** The refusals of the emulated endpoint, one function each. */
export const entraRefusals = Object.freeze({
  tenantNotFound: (tenant: string): EntraRefusal => ({
    status: 400,
    error: "invalid_tenant",
    number: 90002,
    text: `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
  }),
  parameterMissing: (name: string): EntraRefusal => ({
    status: 400,
    error: "invalid_request",
    number: 900144,
    text: `The request body must contain the following parameter: '${name}'.`,
  }),
  grantTypeUnsupported: (grantType: string): EntraRefusal => ({
    status: 400,
    error: "unsupported_grant_type",
    number: 70003,
    text: `The app requested an unsupported grant type '${grantType}'.`,
  }),
  applicationNotFound: (clientId: string, tenant: string): EntraRefusal => ({
    status: 400,
    error: "unauthorized_client",
    number: 700016,
    text: `Application with identifier '${clientId}' was not found in the directory '${tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
  }),
  servicePrincipalMissing: (clientId: string, tenant: string): EntraRefusal => ({
    status: 401,
    error: "invalid_client",
    number: 7000229,
    text: `The client application ${clientId} is missing service principal in the tenant ${tenant}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119`,
  }),
  credentialMissing: (): EntraRefusal => ({
    status: 401,
    error: "invalid_client",
    number: 7000216,
    text: "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
  }),
  secretWrong: (clientId: string): EntraRefusal => ({
    status: 401,
    error: "invalid_client",
    number: 7000215,
    text: `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
  }),
  assertionMalformed: (): EntraRefusal => ({
    status: 401,
    error: "invalid_client",
    number: 50027,
    text: "JWT token is invalid or malformed.",
  }),
  thumbprintHeaderMissing: (): EntraRefusal => ({
    status: 401,
    error: "invalid_client",
    number: 5002723,
    text: "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header.",
  }),
  assertionIdentifierMismatch: (): EntraRefusal => ({
    status: 401,
    error: "invalid_client",
    number: 700021,
    text: "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
  }),
  assertionAudienceMismatch: (): EntraRefusal => ({
    status: 401,
    error: "invalid_client",
    number: 700023,
    text: "Client assertion audience claim does not match Realm issuer. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
  }),
  assertionOutsideValidity: (now: Date, validFrom: Date, expires: Date): EntraRefusal => ({
    status: 401,
    error: "invalid_client",
    number: 700024,
    text: `Client assertion is not within its valid time range. Current time: ${ticks(now)}, assertion valid from ${ticks(validFrom)}, expiry time of assertion ${ticks(expires)}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .`,
  }),
  keyNotFound: (clientId: string, thumbprint: string): EntraRefusal => ({
    status: 401,
    error: "invalid_client",
    number: 700027,
    text: `The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: '${thumbprint}', ${whereToLook(clientId)}].`,
  }),
  keyExpired: (clientId: string, thumbprint: string, start: Date, end: Date): EntraRefusal => ({
    status: 401,
    error: "invalid_client",
    number: 700027,
    text: `The certificate with identifier used to sign the client assertion is expired on application. [Reason - The key used is expired., Thumbprint of key used by client: '${thumbprint}', Found key 'Start=${american(start)}, End=${american(end)}', ${whereToLook(clientId)}].`,
  }),
  signatureMismatch: (clientId: string, thumbprint: string, start: Date, end: Date): EntraRefusal => ({
    status: 401,
    error: "invalid_client",
    number: 700027,
    text: `Client assertion failed signature validation. [Reason - The provided signature value did not match the expected signature value., Thumbprint of key used by client: '${thumbprint}', Found key 'Start=${american(start)}, End=${american(end)}', ${whereToLook(clientId)}].`,
  }),
  scopeInvalid: (scope: string): EntraRefusal => ({
    status: 400,
    error: "invalid_scope",
    number: 1002012,
    text: `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
  }),
  resourceNotFound: (resource: string, tenant: string): EntraRefusal => ({
    status: 400,
    error: "invalid_resource",
    number: 500011,
    text: `The resource principal named ${resource} was not found in the tenant named ${tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
  }),
});

function whereToLook(clientId: string): string {
  return `Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '${clientId}'`;
}

function ticks(date: Date): string {
  return date.toISOString().replace("Z", "0000Z");
}

/** `MM/dd/yyyy HH:mm:ss`, as the service writes the dates of keys. */
function american(date: Date): string {
  const text = date.toISOString();
  return `${text.slice(5, 7)}/${text.slice(8, 10)}/${text.slice(0, 4)} ${text.slice(11, 19)}`;
}
