import { ClientCertificateCredential } from "@azure/identity";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createSeedCertificate, EntraApplicationClient } from "../../../src/certs/index.js";
import { type HttpsServer, startHttpsServer } from "../../../src/emulator/https-server.js";
import { createIdentityService, type IdentityService } from "../../../src/emulator/identity/index.js";
import { createTlsCertificates } from "../../../src/emulator/tls-certificates.js";
import { systemRandomSource } from "../../../src/shared/index.js";

describe("from nothing to a token with the unmodified @azure/identity client", () => {
  let server: HttpsServer;
  let identity: IdentityService;
  let authorityCertificatePem: string;
  const paths: string[] = [];

  beforeAll(async () => {
    const certificates = await createTlsCertificates(systemRandomSource);
    authorityCertificatePem = certificates.authorityCertificatePem;
    identity = createIdentityService({ endpoint: () => `https://localhost:${server.port}` });
    server = await startHttpsServer(certificates, (request) => {
      paths.push(`${request.method} ${request.path}`);
      return identity.handle(request);
    });
  });
  afterAll(() => server.close());

  test("over TLS with the emulator's authority, twice on one application from two servers", async () => {
    const tlsOptions = { ca: authorityCertificatePem };
    const client = new EntraApplicationClient(identity.cloud, identity.adminCredential, {
      tlsOptions,
      settlingTimeInMs: 0,
    });
    const certificates = [
      await createSeedCertificate({ resourceId: "server-1" }),
      await createSeedCertificate({ resourceId: "server-2" }),
    ];
    for (const certificate of certificates) await client.ensureSeedApplication(certificate);
    const application = await client.ensureSeedApplication(certificates[1]!);
    for (const certificate of certificates) {
      const credential = new ClientCertificateCredential(
        identity.tenantId,
        application.applicationId,
        { certificate: certificate.exportPem({ withPrivateKey: true }) },
        { authorityHost: identity.cloud.authorityHost, disableInstanceDiscovery: true, tlsOptions },
      );
      const { token } = await credential.getToken(`${identity.cloud.resourceManagerAudience}/.default`);
      expect(identity.authenticate(`Bearer ${token}`, identity.resourceManagerAudience)).toMatchObject({
        kind: "application",
        applicationId: application.applicationId,
        objectId: application.servicePrincipalId,
      });
      expect(identity.authenticate(`Bearer ${token}`, identity.graphAudience)).toBeUndefined();
    }
    expect(paths).toContain(`POST /${identity.tenantId}/oauth2/v2.0/token`);
  });

  test("a client that does not know the authority does not connect", async () => {
    const certificate = await createSeedCertificate({ resourceId: "server-3" });
    const credential = new ClientCertificateCredential(
      identity.tenantId,
      "11111111-2222-4333-8444-555555555555",
      { certificate: certificate.exportPem({ withPrivateKey: true }) },
      {
        authorityHost: identity.cloud.authorityHost,
        disableInstanceDiscovery: true,
        retryOptions: { maxRetries: 0 },
      },
    );
    await expect(credential.getToken(`${identity.cloud.resourceManagerAudience}/.default`)).rejects.toThrow(
      /certificate|endpoints_resolution/i,
    );
  });
});
