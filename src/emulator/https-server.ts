/** The one HTTPS server of the emulator: reads requests, asks the services, writes their answers. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { EmulatorError, isEmulatorError } from "./emulator-error.js";
import type { EmulatorRequest, EmulatorResponse, RequestHandler } from "./http.js";
import type { TlsCertificates } from "./tls-certificates.js";

/** A listening server. */
export interface HttpsServer {
  readonly port: number;
  /** Ends all connections. May be repeated. */
  close(): Promise<void>;
}

const maximumBodySizeInBytes = 4 * 1024 * 1024;
const keepAliveTimeoutInMs = 120_000;

/** Listens on a free port of 127.0.0.1 only. */
export async function startHttpsServer(
  certificates: TlsCertificates,
  handle: RequestHandler,
): Promise<HttpsServer> {
  const server = createServer(
    { key: certificates.serverPrivateKeyPem, cert: certificates.serverCertificatePem },
    (incoming, outgoing) => {
      answer(handle, incoming, outgoing).catch(() => outgoing.destroy());
    },
  );
  // Longer than clients of one process pause: a connection closed just as it is used again looks like a failure.
  server.keepAliveTimeout = keepAliveTimeoutInMs;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  let closing: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      closing ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closing;
    },
  };
}

async function answer(
  handle: RequestHandler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  let response: EmulatorResponse;
  try {
    response = (await handle(requestOf(incoming))) ?? notFound(incoming);
  } catch (error) {
    response = failureResponse(error);
  }
  const body =
    response.body === undefined
      ? undefined
      : Buffer.from(typeof response.body === "string" ? response.body : JSON.stringify(response.body));
  outgoing.writeHead(response.status, {
    "Cache-Control": "no-cache",
    "Content-Length": body?.byteLength ?? 0,
    ...(body === undefined ? {} : { "Content-Type": "application/json; charset=utf-8" }),
    ...response.headers,
  });
  outgoing.end(body);
  // An unread upload would be taken for the next request of the connection.
  incoming.resume();
}

function requestOf(incoming: IncomingMessage): EmulatorRequest {
  const [path = "/", ...query] = (incoming.url ?? "/").split("?");
  let body: Promise<string> | undefined;
  const text = (): Promise<string> => (body ??= readBody(incoming));
  return {
    method: (incoming.method ?? "GET").toUpperCase(),
    path,
    query: new URLSearchParams(query.join("?")),
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(", ") : value,
      ]),
    ),
    text,
    async json() {
      const content = await text();
      if (content.trim() === "") return undefined;
      try {
        return JSON.parse(content) as unknown;
      } catch (error) {
        throw new EmulatorError("request-body-malformed", "The request content is not valid JSON.", {
          cause: error,
        });
      }
    },
  };
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeInBytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    sizeInBytes += chunk.byteLength;
    if (sizeInBytes > maximumBodySizeInBytes) {
      throw new EmulatorError(
        "request-body-too-large",
        `The request content exceeds ${maximumBodySizeInBytes} bytes.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function notFound(incoming: IncomingMessage): EmulatorResponse {
  return {
    status: 404,
    body: {
      error: {
        code: "NotFound",
        message: `No service answers ${incoming.method} ${incoming.url?.split("?")[0]}.`,
      },
    },
  };
}

function failureResponse(error: unknown): EmulatorResponse {
  if (isEmulatorError(error) && error.code === "request-body-malformed") {
    return { status: 400, body: { error: { code: "InvalidRequestContent", message: error.message } } };
  }
  if (isEmulatorError(error) && error.code === "request-body-too-large") {
    return {
      status: 413,
      headers: { Connection: "close" },
      body: { error: { code: "RequestEntityTooLarge", message: error.message } },
    };
  }
  return {
    status: 500,
    body: {
      error: {
        code: "InternalServerError",
        message: `The emulator failed: ${String(error)}`,
      },
    },
  };
}
