/** Microsoft Graph of the emulator is as strict as the real one: raw requests, without the library's client. */
import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createSeedCertificate, type SeedCertificate } from "../../../src/certs/index.js";
import { signJsonWebToken } from "../../../src/shared/index.js";
import { createEmulatedTenant, type EmulatedTenant } from "./in-process-client.js";

let certificate: SeedCertificate;
let other: SeedCertificate;
let tenant: EmulatedTenant;
beforeAll(async () => {
  [certificate, other] = await Promise.all([
    createSeedCertificate({ resourceId: "1" }),
    createSeedCertificate({ resourceId: "2" }),
  ]);
});
beforeEach(() => {
  tenant = createEmulatedTenant();
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function graph(method: string, target: string, body?: unknown, token?: string): Promise<Answer> {
  const { identity } = tenant;
  const [path = "", query] = target.split("?");
  const accessToken =
    token ?? (await identity.adminCredential.getToken(`${identity.graphAudience}/.default`))!.token;
  const response = await identity.handle({
    method,
    path: `/v1.0${path}`,
    query: new URLSearchParams(query),
    headers: { authorization: `Bearer ${accessToken}` },
    text: async () => JSON.stringify(body),
    json: async () => body,
  });
  return { status: response!.status, body: (response!.body ?? {}) as Record<string, unknown> };
}

const errorOf = ({ status, body }: Answer): unknown => {
  const error = body["error"] as { code: string; message: string };
  return [status, error.code, error.message];
};

const keyOf = (of: SeedCertificate, change: Record<string, unknown> = {}): Record<string, unknown> => ({
  type: "AsymmetricX509Cert",
  usage: "Verify",
  key: Buffer.from(of.certificateDer).toString("base64"),
  ...change,
});

async function createApplication(): Promise<{ readonly id: string; readonly appId: string }> {
  const { body } = await graph("POST", "/applications", {
    displayName: "seed",
    keyCredentials: [keyOf(certificate)],
  });
  return { id: String(body["id"]), appId: String(body["appId"]) };
}

async function keysOf(id: string): Promise<Record<string, unknown>[]> {
  const { body } = await graph("GET", `/applications/${id}?$select=keyCredentials`);
  return body["keyCredentials"] as Record<string, unknown>[];
}

describe("keyCredentials", () => {
  test("the key is shown only when the collection of one application is selected", async () => {
    const { id } = await createApplication();
    const shown = async (target: string): Promise<unknown> => {
      const { body } = await graph("GET", target);
      const entity = (Array.isArray(body["value"]) ? body["value"][0] : body) as Record<string, unknown>;
      return (entity["keyCredentials"] as Record<string, unknown>[])[0]!["key"];
    };
    expect([
      await shown(`/applications/${id}`),
      await shown("/applications"),
      await shown("/applications?$select=keyCredentials"),
      await shown(`/applications/${id}?$select=keyCredentials`),
    ]).toEqual([null, null, null, Buffer.from(certificate.certificateDer).toString("base64")]);
  });

  test("defaults come from the certificate", async () => {
    const { id } = await createApplication();
    expect(await keysOf(id)).toEqual([
      {
        customKeyIdentifier: Buffer.from(certificate.thumbprint, "hex").toString("base64"),
        displayName: "CN=CB_AzureADCertforOfflineSeeding_1",
        startDateTime: `${certificate.validFrom.toISOString().slice(0, 19)}Z`,
        endDateTime: `${certificate.validTo.toISOString().slice(0, 19)}Z`,
        key: expect.any(String),
        keyId: expect.any(String),
        type: "AsymmetricX509Cert",
        usage: "Verify",
      },
    ]);
  });

  test("PATCH replaces the whole collection", async () => {
    const { id } = await createApplication();
    await graph("PATCH", `/applications/${id}`, { keyCredentials: [keyOf(other)] });
    expect((await keysOf(id)).map(({ displayName }) => displayName)).toEqual([
      "CN=CB_AzureADCertforOfflineSeeding_2",
    ]);
  });

  test("an entry that is known may not be changed, nor sent without its key: the vendor tool's failure", async () => {
    const { id } = await createApplication();
    const [known] = await keysOf(id);
    const refusal = [
      400,
      "Request_BadRequest",
      `Update to existing credential with KeyId '${String(known!["keyId"])}' is not allowed.`,
    ];
    for (const change of [
      { key: null },
      { key: Buffer.from(other.certificateDer).toString("base64") },
      { endDateTime: "2027-01-01T00:00:00Z" },
      { displayName: "renamed" },
    ]) {
      const answer = await graph("PATCH", `/applications/${id}`, {
        keyCredentials: [{ ...known, ...change }, keyOf(other)],
      });
      expect(errorOf(answer)).toEqual(refusal);
    }
    const { status } = await graph("PATCH", `/applications/${id}`, { keyCredentials: [known, keyOf(other)] });
    expect([status, await keysOf(id)]).toEqual([204, [known, expect.anything()]]);
  });

  test.each([
    [
      "a private key",
      () => ({ key: Buffer.from(certificate.exportPfx("x")).toString("base64") }),
      "Key value is invalid certificate.",
    ],
    ["no key", () => ({ key: undefined }), "Key value is invalid certificate."],
    [
      "another type",
      () => ({ type: "Symmetric" }),
      "Invalid combination of 'type' and 'usage' specified for property 'keyCredentials'.",
    ],
    [
      "an end after the certificate's",
      () => ({ endDateTime: "2050-01-01T00:00:00Z" }),
      "Key credential end date is invalid.",
    ],
    [
      "a start before the certificate's",
      () => ({ startDateTime: "2000-01-01T00:00:00Z" }),
      "Key credential start date is invalid.",
    ],
  ])("refuses %s", async (_, change, message) => {
    const answer = await graph("POST", "/applications", {
      displayName: "x",
      keyCredentials: [keyOf(certificate, change())],
    });
    expect(errorOf(answer)).toEqual([400, "Request_BadRequest", message]);
  });
});

describe("addKey and removeKey", () => {
  const proofFor = (
    id: string,
    change: Record<string, unknown> = {},
    key = certificate.privateKey!,
  ): string => {
    const now = Math.floor(tenant.clock.nowInMs() / 1000);
    return signJsonWebToken(
      "RS256",
      key,
      {},
      {
        aud: "00000002-0000-0000-c000-000000000000",
        iss: id,
        nbf: now,
        exp: now + 600,
        ...change,
      },
    );
  };
  const add = (id: string, proof: unknown, change: Record<string, unknown> = {}) =>
    graph("POST", `/applications/${id}/addKey`, {
      keyCredential: keyOf(other, change),
      passwordCredential: null,
      proof,
    });

  test("accept a proof of a registered key", async () => {
    const { id } = await createApplication();
    const answer = await add(id, proofFor(id));
    expect([answer.status, answer.body["key"], (await keysOf(id)).length]).toEqual([200, null, 2]);
    const removal = await graph("POST", `/applications/${id}/removeKey`, {
      keyId: answer.body["keyId"],
      proof: proofFor(id),
    });
    expect([removal.status, (await keysOf(id)).length]).toEqual([204, 1]);
  });

  test("refuse every other proof", async () => {
    const { id, appId } = await createApplication();
    const now = Math.floor(tenant.clock.nowInMs() / 1000);
    const proofs = [
      undefined,
      "text",
      proofFor(appId),
      proofFor(id, { aud: "https://graph.microsoft.com" }),
      proofFor(id, { exp: now + 601 }),
      proofFor(id, { nbf: now - 700, exp: now - 100 }),
      proofFor(id, { nbf: undefined }),
      proofFor(id, {}, other.privateKey),
      proofFor(id).replace(/\.([^.]+)$/, ".$1="),
    ];
    for (const proof of proofs) {
      expect(errorOf(await add(id, proof))).toEqual([
        401,
        "Authentication_MissingOrMalformed",
        "Access Token missing or malformed.",
      ]);
    }
    expect(errorOf(await add(id, proofFor(id), { keyId: id }))).toEqual([
      400,
      "Request_BadRequest",
      "The keyId of a new key credential must be null.",
    ]);
  });

  test("refuse a proof of an expired certificate", async () => {
    const { id } = await createApplication();
    tenant.clock.advance(366 * 86_400_000);
    expect(errorOf(await add(id, proofFor(id)))).toMatchObject({ 0: 401 });
  });
});

describe("applications and service principals", () => {
  test("unknown ones, repeated ones, missing ones", async () => {
    const { id, appId } = await createApplication();
    expect(errorOf(await graph("GET", `/applications/${appId}`))).toMatchObject([
      404,
      "Request_ResourceNotFound",
      expect.any(String),
    ]);
    expect((await graph("POST", "/servicePrincipals", { appId })).status).toBe(201);
    expect(errorOf(await graph("POST", "/servicePrincipals", { appId }))).toMatchObject([
      409,
      "Request_MultipleObjectsWithSameKeyValue",
      /./,
    ]);
    expect(errorOf(await graph("POST", "/servicePrincipals", { appId: id }))).toEqual([
      400,
      "Request_BadRequest",
      `The appId '${id}' of the service principal does not reference a valid application object.`,
    ]);
    expect(errorOf(await graph("POST", "/applications", {}))).toMatchObject([
      400,
      "Request_BadRequest",
      expect.stringContaining("displayName"),
    ]);
  });

  test("filters compare quoted values; others are refused instead of ignored", async () => {
    await graph("POST", "/applications", { displayName: "it's seed" });
    const found = await graph(
      "GET",
      `/applications?$filter=${encodeURIComponent("displayName eq 'IT''S SEED'")}`,
    );
    expect((found.body["value"] as unknown[]).length).toBe(1);
    const refused = await graph(
      "GET",
      `/applications?$filter=${encodeURIComponent("startswith(displayName,'it')")}`,
    );
    expect(errorOf(refused)).toMatchObject([400, "Request_UnsupportedQuery", expect.any(String)]);
  });

  test("a token for another resource, or none, is refused", async () => {
    const { identity } = tenant;
    const { token } = (await identity.adminCredential.getToken(
      `${identity.resourceManagerAudience}/.default`,
    ))!;
    for (const wrong of [token, "", "abc"]) {
      expect(errorOf(await graph("GET", "/me", undefined, wrong))).toMatchObject([
        401,
        "InvalidAuthenticationToken",
        expect.any(String),
      ]);
    }
  });
});
