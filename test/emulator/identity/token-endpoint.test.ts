/** The token endpoint refuses exactly what Microsoft Entra refuses, with its numbers. Assertions are made by hand here. */
import { type KeyObject, sign } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createSeedCertificate, type SeedCertificate } from "../../../src/certs/index.js";
import type { EmulatorResponse } from "../../../src/emulator/http.js";
import { createIdentityService, type IdentityService } from "../../../src/emulator/identity/index.js";
import { signJsonWebToken } from "../../../src/shared/index.js";
import { createTestClock, emulatedEndpoint, type TestClock } from "./in-process-client.js";

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const jti = "99999999-2222-4333-8444-555555555555";

let certificate: SeedCertificate;
let stranger: SeedCertificate;
let identity: IdentityService;
let clock: TestClock;
let clientId: string;
beforeAll(async () => {
  [certificate, stranger] = await Promise.all([
    createSeedCertificate({ resourceId: "1", validForDays: 30 }),
    createSeedCertificate({ resourceId: "2" }),
  ]);
});
beforeEach(() => {
  clock = createTestClock();
  identity = createIdentityService({ endpoint: emulatedEndpoint, clock });
  const application = identity.directory.addApplication({
    displayName: "seed",
    signInAudience: "AzureADMyOrg",
    ownerIds: [],
    keyCredentials: [
      {
        keyId: jti,
        type: "AsymmetricX509Cert",
        usage: "Verify",
        displayName: null,
        customKeyIdentifier: "",
        startInMs: certificate.validFrom.getTime(),
        endInMs: certificate.validTo.getTime(),
        certificateDer: certificate.certificateDer,
      },
    ],
  });
  clientId = application.appId;
  identity.directory.addServicePrincipal(clientId, "seed");
});

interface AssertionParts {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly algorithm?: "PS256" | "RS256";
  readonly key?: KeyObject | undefined;
}

const sha256Header = (of: SeedCertificate) => ({
  "x5t#S256": Buffer.from(of.thumbprintSha256, "hex").toString("base64url"),
});
const sha1Header = (of: SeedCertificate) => ({
  x5t: Buffer.from(of.thumbprint, "hex").toString("base64url"),
});

function assertion({ header, claims, algorithm = "PS256", key }: AssertionParts = {}): string {
  const now = Math.floor(clock.nowInMs() / 1000);
  return signJsonWebToken(algorithm, key ?? certificate.privateKey!, header ?? sha256Header(certificate), {
    aud: `${emulatedEndpoint}/${identity.tenantId}/oauth2/v2.0/token`,
    iss: clientId,
    sub: clientId,
    jti,
    nbf: now,
    exp: now + 600,
    ...claims,
  });
}

async function askForToken(
  change: Readonly<Record<string, string | undefined>> = {},
  tenant = identity.tenantId,
): Promise<EmulatorResponse> {
  const form = new URLSearchParams();
  const fields = {
    grant_type: "client_credentials",
    client_id: clientId,
    scope: `${emulatedEndpoint}/.default`,
    client_assertion_type: assertionType,
    client_assertion: change["client_assertion"] ?? assertion(),
    ...change,
  };
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.set(name, value);
  const response = await identity.handle({
    method: "POST",
    path: `/${tenant}/oauth2/v2.0/token`,
    query: new URLSearchParams(),
    headers: {},
    text: async () => form.toString(),
    json: async () => undefined,
  });
  return response!;
}

/** Status, OAuth error and AADSTS number of an answer; the access token when there is one. */
function summaryOf({ status, body }: EmulatorResponse): unknown {
  const { error, error_codes, error_description, access_token } = body as Record<string, unknown>;
  if (access_token !== undefined) return [status, "token"];
  const number = (error_codes as readonly number[])[0]!;
  expect(String(error_description)).toMatch(new RegExp(`^AADSTS${number}: .+ Trace ID: .+ Timestamp: .+Z$`));
  return [status, error, number];
}

describe("the token endpoint", () => {
  test.each([
    ["PS256 with x5t#S256", () => assertion()],
    ["RS256 with x5t", () => assertion({ algorithm: "RS256", header: sha1Header(certificate) })],
    [
      "the issuer as audience",
      () => assertion({ claims: { aud: `${emulatedEndpoint}/${identity.tenantId}/v2.0` } }),
    ],
  ])("accepts %s", async (_, make) => {
    const response = await askForToken({ client_assertion: make() });
    expect(summaryOf(response)).toEqual([200, "token"]);
    const { access_token, expires_in } = response.body as Record<string, unknown>;
    expect([3599, 3600]).toContain(expires_in);
    expect(identity.authenticate(`Bearer ${String(access_token)}`, emulatedEndpoint)?.applicationId).toBe(
      clientId,
    );
  });

  const past = (seconds: number) => Math.floor(clock.nowInMs() / 1000) - seconds;
  const cases: readonly (readonly [string, () => Readonly<Record<string, string | undefined>>, unknown])[] = [
    ["an unknown application", () => ({ client_id: jti }), [400, "unauthorized_client", 700016]],
    ["another grant", () => ({ grant_type: "password" }), [400, "unsupported_grant_type", 70003]],
    ["no scope", () => ({ scope: undefined }), [400, "invalid_request", 900144]],
    [
      "a scope that is not .default",
      () => ({ scope: `${emulatedEndpoint}/user_impersonation` }),
      [400, "invalid_scope", 1002012],
    ],
    [
      "an unknown resource",
      () => ({ scope: "https://elsewhere.example/.default" }),
      [400, "invalid_resource", 500011],
    ],
    ["no credential", () => ({ client_assertion_type: undefined }), [401, "invalid_client", 7000216]],
    ["a secret", () => ({ client_secret: "guess" }), [401, "invalid_client", 7000215]],
    ["no JWT", () => ({ client_assertion: "abc" }), [401, "invalid_client", 50027]],
    [
      "padding in the JWT",
      () => ({ client_assertion: assertion().replace(".", "==.") }),
      [401, "invalid_client", 50027],
    ],
    [
      "no thumbprint header",
      () => ({ client_assertion: assertion({ header: {} }) }),
      [401, "invalid_client", 5002723],
    ],
    [
      "another issuer",
      () => ({ client_assertion: assertion({ claims: { iss: jti } }) }),
      [401, "invalid_client", 700021],
    ],
    [
      "another subject",
      () => ({ client_assertion: assertion({ claims: { sub: jti } }) }),
      [401, "invalid_client", 700021],
    ],
    [
      "another audience",
      () => ({
        client_assertion: assertion({ claims: { aud: "https://login.microsoftonline.com/common" } }),
      }),
      [401, "invalid_client", 700023],
    ],
    [
      "an expired assertion",
      () => ({ client_assertion: assertion({ claims: { nbf: past(1200), exp: past(600) } }) }),
      [401, "invalid_client", 700024],
    ],
    [
      "an assertion of tomorrow",
      () => ({ client_assertion: assertion({ claims: { nbf: past(-86_400), exp: past(-90_000) } }) }),
      [401, "invalid_client", 700024],
    ],
    [
      "an assertion without end",
      () => ({ client_assertion: assertion({ claims: { exp: undefined } }) }),
      [401, "invalid_client", 700024],
    ],
    [
      "an unregistered key",
      () => ({ client_assertion: assertion({ header: sha256Header(stranger), key: stranger.privateKey }) }),
      [401, "invalid_client", 700027],
    ],
    [
      "a registered thumbprint with another key",
      () => ({ client_assertion: assertion({ key: stranger.privateKey }) }),
      [401, "invalid_client", 700027],
    ],
    [
      "the wrong padding for its algorithm",
      () => ({ client_assertion: withAlgorithm("RS256") }),
      [401, "invalid_client", 700027],
    ],
    [
      "no signature algorithm",
      () => ({ client_assertion: withAlgorithm("none") }),
      [401, "invalid_client", 700027],
    ],
    [
      "a symmetric signature",
      () => ({ client_assertion: withAlgorithm("HS256") }),
      [401, "invalid_client", 700027],
    ],
  ];

  /** A PS256 signature under a header that names another algorithm. */
  function withAlgorithm(alg: string): string {
    const [, claims] = assertion().split(".");
    const header = Buffer.from(JSON.stringify({ alg, typ: "JWT", ...sha256Header(certificate) })).toString(
      "base64url",
    );
    const signature = sign("sha256", Buffer.from(`${header}.${claims}`), {
      key: certificate.privateKey!,
      padding: 6,
      saltLength: 32,
    });
    return `${header}.${claims}.${signature.toString("base64url")}`;
  }

  test.each(cases)("refuses %s", async (_, change, expected) => {
    expect(summaryOf(await askForToken(change()))).toEqual(expected);
  });

  test("refuses another tenant, in discovery as well", async () => {
    expect(summaryOf(await askForToken({}, jti))).toEqual([400, "invalid_tenant", 90002]);
    const discovery = await identity.handle({
      method: "GET",
      path: `/${jti}/v2.0/.well-known/openid-configuration`,
      query: new URLSearchParams(),
      headers: {},
      text: async () => "",
      json: async () => undefined,
    });
    expect(summaryOf(discovery!)).toEqual([400, "invalid_tenant", 90002]);
  });

  test("refuses an expired certificate and says which", async () => {
    clock.advance(31 * 86_400_000);
    const response = await askForToken();
    expect(summaryOf(response)).toEqual([401, "invalid_client", 700027]);
    expect((response.body as Record<string, unknown>)["error_description"]).toContain(
      `The key used is expired., Thumbprint of key used by client: '${certificate.thumbprintSha256}'`,
    );
  });

  test("refuses an application without service principal", async () => {
    const lonely = identity.directory.addApplication({
      displayName: "lonely",
      signInAudience: "AzureADMyOrg",
      ownerIds: [],
      keyCredentials: identity.directory.applications()[0]!.keyCredentials,
    });
    const claims = { iss: lonely.appId, sub: lonely.appId };
    expect(
      summaryOf(await askForToken({ client_id: lonely.appId, client_assertion: assertion({ claims }) })),
    ).toEqual([401, "invalid_client", 7000229]);
  });
});

describe("access tokens", () => {
  test("are bound to resource, time and the emulator's key", async () => {
    const { access_token } = (await askForToken()).body as Record<string, string>;
    const header = `Bearer ${access_token}`;
    expect(identity.authenticate(header, emulatedEndpoint)).toBeDefined();
    const [head, claims] = access_token!.split(".");
    const forged = signJsonWebToken(
      "RS256",
      certificate.privateKey!,
      {},
      JSON.parse(Buffer.from(claims!, "base64url").toString()) as Record<string, unknown>,
    );
    const other = createIdentityService({ endpoint: emulatedEndpoint, clock, tenantId: identity.tenantId });
    expect([
      identity.authenticate(header, identity.graphAudience),
      identity.authenticate(undefined, emulatedEndpoint),
      identity.authenticate(access_token, emulatedEndpoint),
      identity.authenticate(`Bearer ${forged}`, emulatedEndpoint),
      identity.authenticate(`Bearer ${head}.${claims}.`, emulatedEndpoint),
      other.authenticate(header, emulatedEndpoint),
    ]).toEqual(Array.from({ length: 6 }));
    clock.advance(3_600_000);
    expect(identity.authenticate(header, emulatedEndpoint)).toBeUndefined();
  });
});
