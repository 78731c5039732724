import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  agentParamsFilePath,
  azureClouds,
  createCustomCloud,
  createSeedCertificate,
  formatOfflineApplicationParams,
  type OfflineApplicationParams,
  parseOfflineApplicationParams,
  readOfflineApplicationParams,
  type SeedCertificate,
  writeOfflineApplicationParams,
} from "../../src/certs/index.js";

let certificate: SeedCertificate;
let folder: string;
beforeAll(async () => {
  certificate = await createSeedCertificate({ resourceId: "42" });
  folder = await mkdtemp(join(tmpdir(), "offline-seed-params-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function params(change: Partial<OfflineApplicationParams["identity"]> = {}): OfflineApplicationParams {
  return {
    identity: {
      cloud: azureClouds.public,
      tenantId: "11111111-2222-4333-8444-555555555555",
      subscriptionId: "21111111-2222-4333-8444-555555555555",
      azureUserId: "31111111-2222-4333-8444-555555555555",
      application: {
        applicationId: "41111111-2222-4333-8444-555555555555",
        objectId: "51111111-2222-4333-8444-555555555555",
        servicePrincipalId: "61111111-2222-4333-8444-555555555555",
        displayName: 'AzureOfflineBackup_<&">',
      },
      certificate,
      ...change,
    },
    storageAccountName: "seedaccount1",
    createdAt: new Date("2026-02-03T04:05:06.789Z"),
  };
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
  return "accepted";
}

describe("OfflineApplicationParams.xml", () => {
  test.each([
    ["a cloud of the table", azureClouds.china],
    [
      "a cloud of one's own",
      createCustomCloud({
        name: "emulator",
        resourceManagerEndpoint: "https://localhost:8443",
        graphAudience: "x",
      }),
    ],
  ])("is read back with %s", (_, cloud) => {
    const written = params({ cloud });
    const read = parseOfflineApplicationParams(formatOfflineApplicationParams(written));
    expect(JSON.stringify(read)).toEqual(
      JSON.stringify({
        ...written,
        identity: { ...written.identity, certificate: read.identity.certificate },
      }),
    );
    expect([read.identity.certificate.thumbprint, read.identity.certificate.hasPrivateKey]).toEqual([
      certificate.thumbprint,
      false,
    ]);
  });

  test("holds the private key only when asked, encrypted, for its owner's eyes", async () => {
    const path = join(folder, "OfflineApplicationParams.xml");
    await writeOfflineApplicationParams(path, params(), { privateKeyPassword: "secret" });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const withKey = await readOfflineApplicationParams(path, { privateKeyPassword: "secret" });
    const withoutKey = await readOfflineApplicationParams(path);
    expect([withKey, withoutKey].map(({ identity }) => identity.certificate.hasPrivateKey)).toEqual([
      true,
      false,
    ]);
    await expect(readOfflineApplicationParams(path, { privateKeyPassword: "no" })).rejects.toMatchObject({
      code: "password-wrong",
    });
    const plain = certificate.privateKey!.export({ type: "pkcs8", format: "der" }).toString("base64");
    expect((await readFile(path, "utf8")).includes(plain.slice(40, 100))).toBe(false);
    expect(codeOf(() => formatOfflineApplicationParams(params(), { privateKeyPassword: "" }))).toBe(
      "password-missing",
    );
  });

  test("refuses what contradicts itself, is incomplete, foreign or of another version", () => {
    const good = formatOfflineApplicationParams(params());
    const changes: readonly (readonly [string | RegExp, string])[] = [
      [certificate.thumbprint, certificate.thumbprint.replace(/^./, (digit) => (digit === "0" ? "1" : "0"))],
      ["CB_AzureADCertforOfflineSeeding_42", "CB_AzureADCertforOfflineSeeding_43"],
      [/<ValidTo>[^<]+/, "<ValidTo>2030-01-01T00:00:00Z"],
      [/<Data>.{20}/, "<Data>AAAAAAAAAAAAAAAAAAAA"],
      [/<Data>[^<]+/, "<Data>not base64"],
      ['SchemaVersion="1"', 'SchemaVersion="2"'],
      [' SchemaVersion="1"', ""],
      [/<TenantId>[^<]+/, "<TenantId>contoso"],
      [/ *<TenantId>.+\n/, ""],
      ["<TenantId>", "<Extra/><TenantId>"],
      ['<Cloud Name="public"/>', '<Cloud Name="mars"/>'],
      ['<Cloud Name="public"/>', "<Cloud/>"],
      ["<StorageAccountName>seedaccount1", "<StorageAccountName>../../evil"],
      [/<Created>[^<]+/, "<Created>yesterday"],
      ["<OfflineApplicationParams ", "<!DOCTYPE x><OfflineApplicationParams "],
      [/OfflineApplicationParams/g, "Other"],
    ];
    const outcomes = changes.map(([from, to]) => {
      const changed = good.replace(from, to);
      return [
        String(from),
        changed === good ? "unchanged" : codeOf(() => parseOfflineApplicationParams(changed)),
      ];
    });
    expect(outcomes).toEqual(changes.map(([from]) => [String(from), "parameters-invalid"]));
    expect(codeOf(() => parseOfflineApplicationParams(good))).toBe("accepted");
  });

  test("knows where the agent expects it and keeps hostile account names out of paths", () => {
    expect(agentParamsFilePath("seedaccount1")).toBe(
      "C:\\Program Files\\Microsoft Azure Recovery Services Agent\\Scratch\\MicrosoftBackupProvider\\OfflineApplicationParams_seedaccount1.xml",
    );
    expect(agentParamsFilePath("seedaccount1", "D:\\Scratch\\")).toBe(
      "D:\\Scratch\\MicrosoftBackupProvider\\OfflineApplicationParams_seedaccount1.xml",
    );
    expect(codeOf(() => agentParamsFilePath("..\\evil"))).toBe("invalid-argument");
  });
});
