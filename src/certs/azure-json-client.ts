/** JSON over the Azure pipeline: one authenticated request, one answer, errors with the service's own words. */
import type { TokenCredential } from "@azure/core-auth";
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpClient,
  type HttpMethods,
  type PipelineOptions,
  type PipelinePolicy,
  type PipelineResponse,
  RestError,
} from "@azure/core-rest-pipeline";
import { type AbortOptions, type Clock, createRoomLogger } from "../shared/index.js";
import { CertsError } from "./certs-error.js";

/** Options of the clients of this room: those of the Azure pipeline, and what tests exchange. */
export interface AzureClientOptions extends PipelineOptions {
  /** Sends the requests. Default: the HTTP client of the pipeline over `node:https`. */
  readonly httpClient?: HttpClient;
  /** Policies added once a call, for recording and fault injection. */
  readonly additionalPolicies?: readonly PipelinePolicy[];
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

/** A JSON object as a service sends it: nothing about it is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One answer of a service. */
export interface JsonAnswer {
  readonly status: number;
  /** Empty when the answer has no JSON object. */
  readonly body: JsonObject;
}

/** One request. */
export interface JsonRequestOptions extends AbortOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** What the signed-in identity lacks when the service answers 403, for the message. */
  readonly permission: string;
  /** Statuses outside 200–299 to be returned instead of thrown. */
  readonly alsoAccept?: readonly number[];
}

/** Sends requests to one service. */
export interface AzureJsonClient {
  /**
   * @throws CertsError `permission-missing` on 403; RestError (with `code` and `statusCode`) on other failures;
   * AbortError.
   */
  send(method: HttpMethods, pathOrUrl: string, options: JsonRequestOptions): Promise<JsonAnswer>;
}

const logger = createRoomLogger("certs");

/** A client of the service at `endpoint`, asking for tokens of `audience`. */
export function createAzureJsonClient(
  endpoint: string,
  audience: string,
  credential: TokenCredential,
  options: AzureClientOptions,
): AzureJsonClient {
  const pipeline = createPipelineFromOptions({
    loggingOptions: { logger: logger.info },
    ...options,
    userAgentOptions: { userAgentPrefix: "offline-seed", ...options.userAgentOptions },
  });
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: `${audience}/.default` }), {
    phase: "Sign",
  });
  for (const policy of options.additionalPolicies ?? []) pipeline.addPolicy(policy);
  const httpClient = options.httpClient ?? createDefaultHttpClient();

  return {
    async send(method, pathOrUrl, { query = {}, body, permission, alsoAccept = [], abortSignal }) {
      const url = new URL(pathOrUrl.startsWith("/") ? endpoint + pathOrUrl : pathOrUrl);
      if (url.origin !== new URL(endpoint).origin) {
        throw new CertsError(
          "unexpected-answer",
          `The service refers to another host (${url.host}); not followed.`,
          {
            details: { host: url.host },
          },
        );
      }
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const request = createPipelineRequest({
        url: url.href,
        method,
        headers: createHttpHeaders({
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        }),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(abortSignal === undefined ? {} : { abortSignal }),
      });
      const response = await pipeline.sendRequest(httpClient, request);
      const isAccepted =
        (response.status >= 200 && response.status < 300) || alsoAccept.includes(response.status);
      if (!isAccepted) throw failureOf(response, permission);
      return { status: response.status, body: parseJsonObject(response.bodyAsText) };
    },
  };
}

/** The service's own code and message from an error answer; empty text where it gives none. */
export function serviceErrorOf(body: JsonObject): { readonly code: string; readonly message: string } {
  const error = body["error"];
  const { code, message } = (typeof error === "object" && error !== null ? error : {}) as JsonObject;
  return { code: typeof code === "string" ? code : "", message: typeof message === "string" ? message : "" };
}

function failureOf(response: PipelineResponse, permission: string): Error {
  const { code, message } = serviceErrorOf(parseJsonObject(response.bodyAsText));
  const { method, url } = response.request;
  const what = `${method} ${new URL(url).pathname} was answered with ${response.status} ${code}: ${message}`;
  if (response.status === 403) {
    return new CertsError(
      "permission-missing",
      `${what} The signed-in identity lacks: ${permission}. Let an administrator grant it, sign in as somebody who has it, or follow the manual steps.`,
      { details: { permission, status: 403, serviceCode: code } },
    );
  }
  return new RestError(what, { statusCode: response.status, ...(code === "" ? {} : { code }) });
}

function parseJsonObject(text: string | null | undefined): JsonObject {
  if (!text) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
  } catch {
    return {};
  }
}
