import { connect } from "node:tls";
import { describe, expect, test } from "@jest/globals";
import { startHttpsServer } from "../../src/emulator/https-server.js";
import { createTlsCertificates } from "../../src/emulator/tls-certificates.js";

/** Whether a client that trusts only the authority accepts the server. */
async function handshake(fillByte: number): Promise<string> {
  const certificates = await createTlsCertificates((target) => target.fill(fillByte));
  const server = await startHttpsServer(certificates, async () => ({ status: 200 }));
  try {
    return await new Promise((resolve) => {
      const socket = connect(
        { host: "localhost", port: server.port, ca: certificates.authorityCertificatePem },
        () => {
          socket.end();
          resolve("trusted");
        },
      );
      socket.on("error", (error) => resolve(error.message));
    });
  } finally {
    await server.close();
  }
}

describe("createTlsCertificates", () => {
  // Serial numbers with leading zero or one bits are where a DER writer goes wrong.
  test.each([0x00, 0x01, 0x7f, 0x80, 0xff])("is trusted whatever the random bytes: %d", async (fillByte) => {
    expect(await handshake(fillByte)).toBe("trusted");
  });
});
