import { sign, verify, X509Certificate } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "@jest/globals";
import {
  createSeedCertificate,
  importCer,
  importCertificatePem,
  importPfx,
  type SeedCertificate,
  seedCertificateFrom,
  seedCertificateName,
} from "../../src/certs/index.js";

const clock = { nowInMs: () => Date.UTC(2026, 1, 3, 4, 5, 6, 789) };

async function rejectionOf(action: () => unknown): Promise<unknown> {
  try {
    return await action();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

/** Whether what the private key signs, the public key in the certificate accepts. */
function canSign(certificate: SeedCertificate): boolean {
  const content = Buffer.from("content");
  const signature = sign("sha256", content, certificate.privateKey!);
  return verify("sha256", content, new X509Certificate(certificate.certificateDer).publicKey, signature);
}

describe("createSeedCertificate", () => {
  test("makes what was asked for, as Node's own X.509 reader sees it", async () => {
    const certificate = await createSeedCertificate({ resourceId: "42", validForDays: 90, clock });
    const x509 = new X509Certificate(certificate.certificatePem);
    expect({
      subject: x509.subject,
      issuer: x509.issuer,
      validFrom: new Date(x509.validFrom).toISOString(),
      validTo: new Date(x509.validTo).toISOString(),
      isAuthority: x509.ca,
      extendedKeyUsage: x509.keyUsage,
      isSelfSigned: x509.verify(x509.publicKey),
      matchesKey: x509.checkPrivateKey(certificate.privateKey!),
      sha1: x509.fingerprint.replaceAll(":", ""),
      sha256: x509.fingerprint256.replaceAll(":", ""),
      keySizeInBits: x509.publicKey.asymmetricKeyDetails?.modulusLength,
      serialNumber: x509.serialNumber,
    }).toEqual({
      subject: "CN=CB_AzureADCertforOfflineSeeding_42",
      issuer: "CN=CB_AzureADCertforOfflineSeeding_42",
      validFrom: "2026-02-03T03:05:06.000Z",
      validTo: "2026-05-04T03:05:06.000Z",
      isAuthority: false,
      extendedKeyUsage: ["1.3.6.1.5.5.7.3.2"],
      isSelfSigned: true,
      matchesKey: true,
      sha1: certificate.thumbprint,
      sha256: certificate.thumbprintSha256,
      keySizeInBits: 2048,
      serialNumber: certificate.serialNumber,
    });
    expect(certificate.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  test.each([3072, 4096] as const)("makes keys of %d bits", async (keySizeInBits) => {
    const certificate = await createSeedCertificate({ resourceId: "42", keySizeInBits });
    expect(certificate.keySizeInBits).toBe(keySizeInBits);
  });

  test("never shows the private key by accident", async () => {
    const certificate = await createSeedCertificate({ resourceId: "42" });
    const secret = certificate.privateKey!.export({ type: "pkcs8", format: "der" }).toString("base64");
    const shown = [
      JSON.stringify(certificate),
      inspect(certificate, { depth: 9, showHidden: true }),
      JSON.stringify(structuredClone({ ...certificate })),
      certificate.exportPem(),
      Buffer.from(certificate.exportCer()).toString("base64"),
    ].join();
    expect([shown.includes("PRIVATE KEY"), shown.replace(/\s/g, "").includes(secret.slice(40, 120))]).toEqual(
      [false, false],
    );
  });

  test("refuses sizes, validities and names outside the documentation", async () => {
    const attempts = [
      { resourceId: "42", keySizeInBits: 1024 as 2048 },
      { resourceId: "42", validForDays: 0 },
      { resourceId: "42", validForDays: 1.5 },
      { resourceId: "" },
      { resourceId: "a/b" },
      { resourceId: "x".repeat(33) },
    ];
    for (const attempt of attempts) {
      expect(await rejectionOf(() => createSeedCertificate(attempt))).toBe("invalid-argument");
    }
  });

  test("keeps the name of a GUID within the 64 characters of a common name", () => {
    const name = seedCertificateName("1b4e28ba-2fa1-11d2-883f-0016d3cca427");
    expect([name, name.length]).toEqual([
      "CB_AzureADCertforOfflineSeeding_1b4e28ba2fa111d2883f0016d3cca427",
      64,
    ]);
  });
});

describe("export and import", () => {
  test("PFX, PEM and CER bring back the same certificate", async () => {
    const certificate = await createSeedCertificate({ resourceId: "42" });
    const facts = JSON.stringify(certificate);
    const imported = [
      importPfx(certificate.exportPfx("pass wörd €"), "pass wörd €"),
      importPfx(certificate.exportPfx("secret", { encryption: "aes-256" }), "secret"),
      importPfx(certificate.exportPfx("", { allowEmptyPassword: true }), ""),
      importCertificatePem(certificate.exportPem({ withPrivateKey: true })),
      importCertificatePem(certificate.exportPem({ withPrivateKey: true }).replaceAll("\n", "\r\n")),
      importCertificatePem(certificate.exportPem({ withPrivateKey: true, password: "secret" }), {
        password: "secret",
      }),
    ];
    expect(imported.map((each) => [JSON.stringify(each), canSign(each)])).toEqual(
      imported.map(() => [facts, true]),
    );
    const withoutKey = importCer(certificate.exportCer());
    expect([withoutKey.thumbprint, withoutKey.hasPrivateKey]).toEqual([certificate.thumbprint, false]);
    expect(importCertificatePem(certificate.exportPem()).hasPrivateKey).toBe(false);
  });

  test("says what is wrong", async () => {
    const [certificate, other] = await Promise.all([
      createSeedCertificate({ resourceId: "42" }),
      createSeedCertificate({ resourceId: "43" }),
    ]);
    const encrypted = certificate.exportPem({ withPrivateKey: true, password: "secret" });
    const withoutKey = importCer(certificate.exportCer());
    const swapped =
      other.certificatePem +
      certificate.exportPem({ withPrivateKey: true }).replace(/^[\s\S]+?END CERTIFICATE-----\n/, "");
    const outcomes = [
      [() => certificate.exportPfx(""), "password-missing"],
      [() => certificate.exportPem({ withPrivateKey: true, password: "" }), "password-missing"],
      [() => withoutKey.exportPfx("secret"), "private-key-missing"],
      [() => withoutKey.exportPem({ withPrivateKey: true }), "private-key-missing"],
      [() => importPfx(certificate.exportPfx("secret"), "Secret"), "password-wrong"],
      [() => importPfx(Buffer.from("no pfx"), ""), "certificate-unreadable"],
      [() => importPfx(certificate.exportCer(), ""), "certificate-unreadable"],
      [() => importCertificatePem(encrypted), "password-missing"],
      [() => importCertificatePem(encrypted, { password: "Secret" }), "password-wrong"],
      [() => importCertificatePem("nothing"), "certificate-unreadable"],
      [() => importCertificatePem(swapped), "key-unusable"],
      [() => importCer(Buffer.from("nothing")), "certificate-unreadable"],
      [() => seedCertificateFrom(certificate.certificateDer, other.privateKey), "key-unusable"],
    ] as const;
    for (const [action, code] of outcomes) expect(await rejectionOf(action)).toBe(code);
  });
});
