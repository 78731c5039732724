/** Lets the clients of the library talk to a service of the emulator without a socket. */
import { createHttpHeaders, type HttpClient, type PipelineRequest } from "@azure/core-rest-pipeline";
import type { EmulatorRequest, RequestHandler } from "../../../src/emulator/http.js";
import {
  createIdentityService,
  type IdentityService,
  type IdentityServiceOptions,
} from "../../../src/emulator/identity/index.js";
import type { Clock } from "../../../src/shared/index.js";

/** A clock that stands still until it is told to sleep: weeks pass in no time. */
export interface TestClock extends Clock {
  advance(durationInMs: number): void;
}

export function createTestClock(startsAt: Date = new Date()): TestClock {
  let nowInMs = startsAt.getTime();
  return {
    nowInMs: () => nowInMs,
    sleep: async (durationInMs) => {
      nowInMs += durationInMs;
    },
    advance: (durationInMs) => {
      nowInMs += durationInMs;
    },
  };
}

export function createInProcessClient(handle: RequestHandler): HttpClient {
  return {
    sendRequest: async (request) => {
      const response = (await handle(emulatorRequestOf(request))) ?? { status: 404 };
      const { body } = response;
      return {
        request,
        status: response.status,
        headers: createHttpHeaders({ ...response.headers }),
        bodyAsText: body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body),
      };
    },
  };
}

function emulatorRequestOf(request: PipelineRequest): EmulatorRequest {
  const url = new URL(request.url);
  const text = async (): Promise<string> => (typeof request.body === "string" ? request.body : "");
  return {
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers.toJSON(),
    text,
    json: async () => JSON.parse(await text()) as unknown,
  };
}

export const emulatedEndpoint = "https://emulated.example";

export interface EmulatedTenant {
  readonly identity: IdentityService;
  readonly clock: TestClock;
  /** Requests so far, as `METHOD path`. */
  readonly requests: string[];
  /** Answers the next requests that `matches` instead of the service. */
  intercept(handle: RequestHandler): void;
  readonly clientOptions: { readonly httpClient: HttpClient; readonly clock: Clock };
}

/** A tenant with recording and interception, on a clock of its own. */
export function createEmulatedTenant(options: Partial<IdentityServiceOptions> = {}): EmulatedTenant {
  const clock = createTestClock();
  const identity = createIdentityService({ endpoint: emulatedEndpoint, clock, ...options });
  const interceptors: RequestHandler[] = [];
  const requests: string[] = [];
  const handle: RequestHandler = async (request) => {
    requests.push(`${request.method} ${request.path}`);
    for (const interceptor of interceptors) {
      const response = await interceptor(request);
      if (response !== undefined) return response;
    }
    return identity.handle(request);
  };
  return {
    identity,
    clock,
    requests,
    intercept: (interceptor) => void interceptors.push(interceptor),
    clientOptions: { httpClient: createInProcessClient(handle), clock },
  };
}
