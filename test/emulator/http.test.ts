import { request as httpsRequest } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type HttpsServer, startHttpsServer } from "../../src/emulator/https-server.js";
import { createRouter } from "../../src/emulator/router.js";
import { createTlsCertificates } from "../../src/emulator/tls-certificates.js";
import { systemRandomSource } from "../../src/shared/index.js";

let server: HttpsServer;
let ca: string;

beforeAll(async () => {
  const certificates = await createTlsCertificates(systemRandomSource);
  ca = certificates.authorityCertificatePem;
  server = await startHttpsServer(
    certificates,
    createRouter([
      {
        method: "POST",
        path: "/Echo/{name}",
        handle: async ({ parameters, query, json }) => ({
          status: 200,
          body: { parameters, a: query.get("a"), body: await json() },
        }),
      },
      {
        method: "GET",
        path: "/fails",
        handle: () => {
          throw new Error("inside");
        },
      },
    ]),
  );
});
afterAll(() => server.close());

function send(method: string, path: string, body?: string): Promise<readonly [number | undefined, unknown]> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest({ host: "127.0.0.1", port: server.port, method, path, ca }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve([response.statusCode, text === "" ? undefined : JSON.parse(text)]));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

describe("the HTTPS server and its router", () => {
  test("fixed segments match in any case, values are decoded, bodies are parsed", async () => {
    expect(await send("POST", "/eCHO/a%2Fb%20c?a=1%262", '{"x":[1]}')).toEqual([
      200,
      { parameters: { name: "a/b c" }, a: "1&2", body: { x: [1] } },
    ]);
  });

  test.each([
    ["GET", "/echo/x", undefined, 405, "MethodNotAllowed"],
    ["GET", "/nowhere", undefined, 404, "NotFound"],
    ["POST", "/echo/%zz", "{}", 404, "NotFound"],
    ["POST", "/echo/", "{}", 404, "NotFound"],
    ["POST", "/echo/x", "{", 400, "InvalidRequestContent"],
    ["POST", "/echo/x", `"${"x".repeat(5 * 1024 * 1024)}"`, 413, "RequestEntityTooLarge"],
    ["GET", "/fails", undefined, 500, "InternalServerError"],
  ])("%s %s", async (method, path, body, status, code) => {
    const [actualStatus, answer] = await send(method, path, body);
    expect([actualStatus, (answer as { error: { code: string } }).error.code]).toEqual([status, code]);
  });

  test("closing twice is closing once", async () => {
    const certificates = await createTlsCertificates(systemRandomSource);
    const another = await startHttpsServer(certificates, async () => undefined);
    await Promise.all([another.close(), another.close()]);
    await another.close();
  });
});
