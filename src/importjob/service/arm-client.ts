/** The few ARM questions that neither generated client answers: storage accounts and resource providers. */
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
  RestError,
} from "@azure/core-rest-pipeline";
import type { AbortOptions } from "../../shared/index.js";
import { type ArmAccess, defaultArmEndpoint } from "./client-options.js";
import { asObject, asText, type JsonObject, parseJsonBody } from "./raw-json.js";

/** Reads one ARM resource. @throws RestError for any answer but 200 */
export function readArmResource(
  access: ArmAccess,
  path: string,
  apiVersion: string,
  options: AbortOptions = {},
): Promise<JsonObject> {
  return send("GET", access, path, apiVersion, options);
}

/** Posts an ARM action without a body. @throws RestError for any answer but 200 */
export function sendArmAction(
  access: ArmAccess,
  path: string,
  apiVersion: string,
  options: AbortOptions = {},
): Promise<JsonObject> {
  return send("POST", access, path, apiVersion, options);
}

async function send(
  method: "GET" | "POST",
  access: ArmAccess,
  path: string,
  apiVersion: string,
  options: AbortOptions,
): Promise<JsonObject> {
  const { credential, options: pipelineOptions } = access;
  const endpoint = pipelineOptions.endpoint ?? defaultArmEndpoint;
  const pipeline = createPipelineFromOptions(pipelineOptions);
  pipeline.addPolicy(
    bearerTokenAuthenticationPolicy({
      credential,
      scopes: pipelineOptions.credentialScopes ?? `${endpoint}/.default`,
    }),
  );
  for (const { policy, position } of pipelineOptions.additionalPolicies ?? []) {
    pipeline.addPolicy(policy, position === "perRetry" ? { afterPhase: "Retry" } : {});
  }
  const request = createPipelineRequest({
    url: `${endpoint}${path}?api-version=${apiVersion}`,
    method,
    ...(options.abortSignal && { abortSignal: options.abortSignal }),
  });
  request.headers.set("Accept", "application/json");
  const response = await pipeline.sendRequest(
    pipelineOptions.httpClient ?? createDefaultHttpClient(),
    request,
  );
  if (response.status === 200) return parseJsonBody(response.bodyAsText, path);
  const error = errorOf(response.bodyAsText);
  throw new RestError(error.message ?? `${path} answered ${response.status}`, {
    statusCode: response.status,
    ...(error.code !== undefined && { code: error.code }),
    request,
    response,
  });
}

function errorOf(bodyAsText: string | null | undefined): {
  readonly code: string | undefined;
  readonly message: string | undefined;
} {
  try {
    const error = asObject(parseJsonBody(bodyAsText, "a request")["error"]);
    return { code: asText(error?.["code"]), message: asText(error?.["message"]) };
  } catch {
    return { code: undefined, message: undefined };
  }
}
