/**
 * The seed certificate: its public facts as plain data, its private key out of reach of loggers and serializers.
 *
 * Keys are made and used by `node:crypto`; `node-forge` only writes the X.509 structure and the PFX container.
 */
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { CertsError } from "./certs-error.js";
import { encodePfx, type PfxOptions } from "./encode-pfx.js";

/** Options of {@link SeedCertificate.exportPem}. */
export interface ExportPemOptions {
  /** Adds the private key (PKCS#8) below the certificate. Default: false. */
  readonly withPrivateKey?: boolean;
  /** Encrypts the private key (PBES2, AES-256-CBC). Default: not encrypted. */
  readonly password?: string;
}

/**
 * A certificate, with or without its private key.
 *
 * The private key is not an enumerable property: printing, cloning or serializing the object never shows it.
 */
export interface SeedCertificate {
  /** Common name of the subject, for example `CB_AzureADCertforOfflineSeeding_1234`. */
  readonly name: string;
  /** Upper-case hexadecimal. */
  readonly serialNumber: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly keySizeInBits: number;
  /** SHA-1 of the DER encoding, 40 upper-case hexadecimal digits: what Windows and the portal show. */
  readonly thumbprint: string;
  /** SHA-256 of the DER encoding, 64 upper-case hexadecimal digits. */
  readonly thumbprintSha256: string;
  readonly certificatePem: string;
  /** Not enumerable, as it says the same as `certificatePem`. */
  readonly certificateDer: Uint8Array;
  readonly hasPrivateKey: boolean;
  /** For signing; undefined when only the certificate is at hand. Not enumerable. */
  readonly privateKey: KeyObject | undefined;
  /**
   * The certificate as PEM, on request followed by its private key.
   *
   * With an unencrypted key this is what `ClientCertificateCredential` takes as `certificate`.
   *
   * @throws CertsError `private-key-missing`.
   */
  exportPem(options?: ExportPemOptions): string;
  /**
   * Certificate and private key as PKCS#12, readable by Windows Server 2016 and newer and by OpenSSL 3.
   *
   * @throws CertsError `private-key-missing`; `password-missing` unless `allowEmptyPassword` is set.
   */
  exportPfx(password: string, options?: PfxOptions): Uint8Array;
  /** The certificate alone as DER: the `.cer` file to be uploaded in the portal. Never holds the private key. */
  exportCer(): Uint8Array;
}

/**
 * Puts a seed certificate together from the DER encoding and, if at hand, the private key.
 *
 * @throws CertsError `certificate-unreadable`; `key-unusable` when the key is not RSA with at least 2048 bits or does
 * not belong to the certificate.
 */
export function seedCertificateFrom(certificateDer: Uint8Array, privateKey?: KeyObject): SeedCertificate {
  const x509 = readX509(certificateDer);
  const name = commonNameOf(x509);
  const keySizeInBits = x509.publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (x509.publicKey.asymmetricKeyType !== "rsa" || keySizeInBits < 2048) {
    throw new CertsError(
      "key-unusable",
      `The certificate '${name}' has no RSA key of at least 2048 bits, which the agent and Microsoft Entra need.`,
      { details: { name, keyType: x509.publicKey.asymmetricKeyType, keySizeInBits } },
    );
  }
  if (privateKey !== undefined && !x509.checkPrivateKey(privateKey)) {
    throw new CertsError("key-unusable", `The private key does not belong to the certificate '${name}'.`, {
      details: { name },
    });
  }
  const der = Uint8Array.from(certificateDer);
  const digest = (algorithm: string): string => createHash(algorithm).update(der).digest("hex").toUpperCase();
  const certificatePem = `${x509.toString().trim()}\n`;

  const requirePrivateKey = (purpose: string): KeyObject => {
    if (privateKey !== undefined) return privateKey;
    throw new CertsError(
      "private-key-missing",
      `The private key of '${name}' is needed to ${purpose}, but only the certificate is at hand.`,
      { details: { name } },
    );
  };
  const certificate = {
    name,
    serialNumber: x509.serialNumber,
    validFrom: new Date(x509.validFrom),
    validTo: new Date(x509.validTo),
    keySizeInBits,
    thumbprint: digest("sha1"),
    thumbprintSha256: digest("sha256"),
    certificatePem,
    hasPrivateKey: privateKey !== undefined,
  };
  return Object.freeze(
    Object.defineProperties(certificate, {
      privateKey: { value: privateKey },
      certificateDer: { value: der },
      exportPem: {
        value: ({ withPrivateKey = false, password }: ExportPemOptions = {}): string => {
          if (!withPrivateKey) return certificatePem;
          const key = requirePrivateKey("export it");
          const encryption =
            password === undefined ? {} : { cipher: "aes-256-cbc", passphrase: requirePassword(password) };
          return certificatePem + key.export({ type: "pkcs8", format: "pem", ...encryption }).toString();
        },
      },
      exportPfx: {
        value: (password: string, options: PfxOptions = {}): Uint8Array =>
          encodePfx(certificatePem, requirePrivateKey("export a PFX"), name, password, options),
      },
      exportCer: { value: (): Uint8Array => Uint8Array.from(der) },
    }),
  ) as SeedCertificate;
}

/** Options of {@link importCertificatePem}. */
export interface ImportPemOptions {
  /** Opens an encrypted private key. */
  readonly password?: string;
}

/**
 * Reads a certificate from PEM text, with its private key (PKCS#8, encrypted PKCS#8 or PKCS#1) when the text holds one.
 *
 * @throws CertsError `certificate-unreadable`, `password-missing`, `password-wrong`, `key-unusable`.
 */
export function importCertificatePem(pem: string, options: ImportPemOptions = {}): SeedCertificate {
  const certificateBlock = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(pem)?.[0];
  if (certificateBlock === undefined) {
    throw new CertsError(
      "certificate-unreadable",
      "The PEM text holds no certificate (no line BEGIN CERTIFICATE).",
    );
  }
  const keyBlock = /-----BEGIN ((?:ENCRYPTED |RSA )?PRIVATE KEY)-----[\s\S]+?-----END \1-----/.exec(pem)?.[0];
  const certificateDer = readX509(certificateBlock).raw;
  return seedCertificateFrom(
    certificateDer,
    keyBlock === undefined ? undefined : readPrivateKey(keyBlock, options.password),
  );
}

/**
 * Reads a `.cer` file: DER, or PEM text without a key.
 *
 * @throws CertsError `certificate-unreadable`, `key-unusable`.
 */
export function importCer(content: Uint8Array): SeedCertificate {
  return seedCertificateFrom(readX509(content).raw);
}

function requirePassword(password: string): string {
  if (password !== "") return password;
  throw new CertsError(
    "password-missing",
    "A password is needed to protect the private key; it must not be empty.",
  );
}

function readPrivateKey(pem: string, password: string | undefined): KeyObject {
  const isEncrypted = pem.includes("ENCRYPTED");
  if (isEncrypted && password === undefined) {
    throw new CertsError("password-missing", "The private key is encrypted; its password is needed.");
  }
  try {
    return createPrivateKey({ key: pem, format: "pem", ...(isEncrypted ? { passphrase: password } : {}) });
  } catch {
    // The cause is left out: OpenSSL's text says no more, and may quote the input.
    throw isEncrypted
      ? new CertsError("password-wrong", "The password does not open the private key.")
      : new CertsError("certificate-unreadable", "The private key in the PEM text cannot be read.");
  }
}

function readX509(source: Uint8Array | string): X509Certificate {
  try {
    return new X509Certificate(source);
  } catch (cause) {
    throw new CertsError("certificate-unreadable", "The content is not an X.509 certificate (PEM or DER).", {
      cause,
    });
  }
}

function commonNameOf(x509: X509Certificate): string {
  return /^CN=(.*)$/m.exec(x509.subject)?.[1] ?? x509.subject.replaceAll("\n", ", ");
}
