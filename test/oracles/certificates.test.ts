/** Certificates, keys and PFX files between this library and OpenSSL, in both directions. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  azureClouds,
  createSeedCertificate,
  formatOfflineApplicationParams,
  importCer,
  importCertificatePem,
  importPfx,
  type SeedCertificate,
} from "../../src/certs/index.js";
import { systemCommandRunner } from "../../src/shared/index.js";
import { isOracleMissing } from "../support/required-programs.js";

const lacksOpenssl = isOracleMissing("openssl");

(lacksOpenssl ? describe.skip : describe)("OpenSSL", () => {
  let folder: string;
  let certificate: SeedCertificate;
  const file = (name: string): string => join(folder, name);

  async function openssl(...programArguments: readonly string[]): Promise<string> {
    const result = await systemCommandRunner("openssl", programArguments);
    expect([programArguments[0], result.exitCode, result.exitCode === 0 ? "" : result.stderr]).toEqual([
      programArguments[0],
      0,
      "",
    ]);
    return result.stdout;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "offline-seed-certificates-"));
    certificate = await createSeedCertificate({ resourceId: "42", validForDays: 90 });
    await writeFile(file("ours.pem"), certificate.exportPem());
    await writeFile(file("ours.cer"), certificate.exportCer());
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("x509 shows the same facts", async () => {
    const shown = await openssl(
      ...["x509", "-inform", "DER", "-in", file("ours.cer"), "-noout", "-subject", "-issuer", "-serial"],
      ...["-startdate", "-enddate", "-dateopt", "iso_8601", "-fingerprint", "-sha1", "-nameopt", "RFC2253"],
    );
    const sha256 = await openssl("x509", "-in", file("ours.pem"), "-noout", "-fingerprint", "-sha256");
    const seconds = (date: Date): string => date.toISOString().replace(".000Z", "Z").replace("T", " ");
    const colons = (hex: string): string => hex.replace(/(..)(?!$)/g, "$1:");
    expect([...shown.trim().split("\n"), sha256.trim()]).toEqual([
      `subject=CN=${certificate.name}`,
      `issuer=CN=${certificate.name}`,
      `serial=${certificate.serialNumber}`,
      `notBefore=${seconds(certificate.validFrom)}`,
      `notAfter=${seconds(certificate.validTo)}`,
      `sha1 Fingerprint=${colons(certificate.thumbprint)}`,
      `sha256 Fingerprint=${colons(certificate.thumbprintSha256)}`,
    ]);
  });

  test("x509 shows version 3, SHA-256 and the usages", async () => {
    const text = await openssl("x509", "-in", file("ours.pem"), "-noout", "-text");
    const expected = [
      "Version: 3 (0x2)",
      "Signature Algorithm: sha256WithRSAEncryption",
      "Public-Key: (2048 bit)",
      "X509v3 Basic Constraints: critical\n                CA:FALSE",
      "X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment",
      "TLS Web Client Authentication",
      "X509v3 Subject Key Identifier",
    ];
    expect(expected.filter((part) => !text.includes(part))).toEqual([]);
  });

  test("verify accepts it, strictly, for client authentication", async () => {
    const verdict = await openssl(
      ...["verify", "-x509_strict", "-check_ss_sig", "-purpose", "sslclient", "-CAfile", file("ours.pem")],
      file("ours.pem"),
    );
    expect(verdict).toBe(`${file("ours.pem")}: OK\n`);
  });

  test.each([
    ["3des", "pass word", undefined, "pbeWithSHA1And3-KeyTripleDES-CBC"],
    ["3des", "päss€", undefined, "pbeWithSHA1And3-KeyTripleDES-CBC"],
    ["aes-256", "secret", undefined, "AES-256-CBC"],
    ["3des", "", true, "pbeWithSHA1And3-KeyTripleDES-CBC"],
  ] as const)(
    "pkcs12 opens our PFX: %s, password '%s'",
    async (encryption, password, allowEmpty, algorithm) => {
      await writeFile(
        file("ours.pfx"),
        certificate.exportPfx(password, { encryption, allowEmptyPassword: allowEmpty ?? false }),
      );
      const source = ["pkcs12", "-in", file("ours.pfx"), "-passin", `pass:${password}`];
      const { stderr } = await systemCommandRunner("openssl", [...source, "-info", "-noout"]);
      expect(stderr).toContain(algorithm);
      const content = await openssl(...source, "-noenc");
      expect(content).toContain(`friendlyName: ${certificate.name}`);
      const read = importCertificatePem(content);
      expect([read.thumbprint, read.hasPrivateKey]).toEqual([certificate.thumbprint, true]);
      await writeFile(file("key.pem"), content);
      expect(await openssl("rsa", "-in", file("key.pem"), "-check", "-noout")).toContain("RSA key ok");
    },
  );

  test("pkey opens the key of our PEM, in the clear and encrypted, and of the parameters file", async () => {
    await writeFile(file("clear.pem"), certificate.exportPem({ withPrivateKey: true }));
    await writeFile(file("locked.pem"), certificate.exportPem({ withPrivateKey: true, password: "secret" }));
    const guid = "11111111-2222-4333-8444-555555555555";
    const params = formatOfflineApplicationParams(
      {
        identity: {
          cloud: azureClouds.public,
          tenantId: guid,
          subscriptionId: guid,
          azureUserId: guid,
          application: { applicationId: guid, objectId: guid, servicePrincipalId: guid, displayName: "x" },
          certificate,
        },
        storageAccountName: undefined,
        createdAt: new Date(),
      },
      { privateKeyPassword: "secret" },
    );
    await writeFile(file("key.der"), Buffer.from(/<PrivateKey>([^<]+)/.exec(params)![1]!, "base64"));
    const certificateKey = await openssl("x509", "-in", file("ours.pem"), "-noout", "-pubkey");
    expect([
      await openssl("pkey", "-in", file("clear.pem"), "-pubout"),
      await openssl("pkey", "-in", file("locked.pem"), "-passin", "pass:secret", "-pubout"),
      await openssl("pkey", "-inform", "DER", "-in", file("key.der"), "-passin", "pass:secret", "-pubout"),
    ]).toEqual([certificateKey, certificateKey, certificateKey]);
    const wrong = await systemCommandRunner("openssl", [
      ...["pkey", "-in", file("locked.pem"), "-passin", "pass:Secret", "-noout"],
    ]);
    expect(wrong.exitCode).not.toBe(0);
  });

  describe("certificates made by OpenSSL", () => {
    beforeAll(async () => {
      await openssl(
        ...[
          "req",
          "-x509",
          "-newkey",
          "rsa:3072",
          "-noenc",
          "-days",
          "30",
          "-subj",
          "/O=Ünïted/CN=made elsewhere",
        ],
        ...["-utf8", "-keyout", file("their.key"), "-out", file("their.pem")],
      );
      await openssl("x509", "-in", file("their.pem"), "-outform", "DER", "-out", file("their.cer"));
    });

    test("read back from PEM and CER", async () => {
      const [key, pem] = [
        await readFile(file("their.key"), "utf8"),
        await readFile(file("their.pem"), "utf8"),
      ];
      await openssl("rsa", "-in", file("their.key"), "-traditional", "-out", file("their.pkcs1"));
      await openssl(
        ...["rsa", "-in", file("their.key"), "-traditional", "-aes256", "-passout", "pass:secret"],
        ...["-out", file("their.locked")],
      );
      const read = [
        importCertificatePem(key + pem),
        importCertificatePem(pem + (await readFile(file("their.pkcs1"), "utf8"))),
        importCertificatePem(pem + (await readFile(file("their.locked"), "utf8")), { password: "secret" }),
        importCer(await readFile(file("their.cer"))),
        importCer(Buffer.from(pem)),
      ];
      expect(
        read.map(({ name, keySizeInBits, hasPrivateKey }) => [name, keySizeInBits, hasPrivateKey]),
      ).toEqual([
        ["made elsewhere", 3072, true],
        ["made elsewhere", 3072, true],
        ["made elsewhere", 3072, true],
        ["made elsewhere", 3072, false],
        ["made elsewhere", 3072, false],
      ]);
    });

    test.each([
      ["as OpenSSL 3 makes it (AES-256, SHA-256)", [], "secret"],
      [
        "with AES-128 and SHA-512",
        ["-certpbe", "AES-128-CBC", "-keypbe", "AES-128-CBC", "-macalg", "sha512"],
        "secret",
      ],
      [
        "with 3DES and SHA-1",
        ["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"],
        "pässwörd",
      ],
      ["as old Windows made it (RC2-40)", ["-legacy"], "secret"],
      ["with the key in the clear", ["-keypbe", "NONE", "-certpbe", "NONE"], "secret"],
      ["with an empty password", [], ""],
      ["with a certificate more", ["-certfile", "ours.pem"], "secret"],
    ] as const)("read back from a PFX %s", async (_, options, password) => {
      await openssl(
        ...[
          "pkcs12",
          "-export",
          "-inkey",
          file("their.key"),
          "-in",
          file("their.pem"),
          "-out",
          file("their.pfx"),
        ],
        ...options.map((option) => (option === "ours.pem" ? file(option) : option)),
        ...["-passout", `pass:${password}`],
      );
      const read = importPfx(await readFile(file("their.pfx")), password);
      expect([read.name, read.hasPrivateKey]).toEqual(["made elsewhere", true]);
    });

    test("with keys that are too short or of another kind are refused", async () => {
      for (const [kind, options] of [
        ["short", ["-newkey", "rsa:1024"]],
        ["curve", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]],
      ] as const) {
        await openssl(
          ...["req", "-x509", ...options, "-noenc", "-subj", "/CN=x"],
          ...["-keyout", file(`${kind}.key`), "-out", file(`${kind}.pem`)],
        );
        await openssl(
          ...["pkcs12", "-export", "-inkey", file(`${kind}.key`), "-in", file(`${kind}.pem`)],
          ...["-out", file(`${kind}.pfx`), "-passout", "pass:x"],
        );
        const pfx = await readFile(file(`${kind}.pfx`));
        expect(() => importPfx(pfx, "x")).toThrow(
          expect.objectContaining({ code: "key-unusable" }) as unknown as Error,
        );
      }
    });
  });
});
