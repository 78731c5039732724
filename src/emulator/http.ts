/**
 * What the services of the emulator see of HTTP: a request that was read, a response to be written. Services are
 * plain functions over these two, so they are tested without a socket.
 */

/** One request, already matched to this emulator. */
export interface EmulatorRequest {
  /** Upper case. */
  readonly method: string;
  /** Path without query, still percent-encoded, beginning with a slash. */
  readonly path: string;
  /** Decoded query parameters. Their names are matched as they were sent. */
  readonly query: URLSearchParams;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as text; empty when there is none. May be called again. @throws EmulatorError `request-body-too-large` */
  text(): Promise<string>;
  /** The body as JSON; undefined when there is none. May be called again. @throws EmulatorError `request-body-malformed` */
  json(): Promise<unknown>;
}

/** One answer. */
export interface EmulatorResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as it is; anything else as JSON. Absent means: no body. */
  readonly body?: unknown;
}

/** A service of the emulator. Undefined means: this path is not mine. */
export type RequestHandler = (request: EmulatorRequest) => Promise<EmulatorResponse | undefined>;

/** Asks several services in order; the first that knows the path answers. */
export function firstHandlerOf(...handlers: readonly RequestHandler[]): RequestHandler {
  return async (request) => {
    for (const handle of handlers) {
      const response = await handle(request);
      if (response !== undefined) return response;
    }
    return undefined;
  };
}
