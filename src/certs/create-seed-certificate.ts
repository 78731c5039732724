/** Making the seed certificate: self-signed X.509 v3 (RFC 5280) with an RSA key. */
import { createPublicKey, generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import forge from "node-forge";
import {
  type Clock,
  type RandomSource,
  randomBytesFrom,
  systemClock,
  systemRandomSource,
} from "../shared/index.js";
import { CertsError } from "./certs-error.js";
import { seedCertificateName } from "./names.js";
import { type SeedCertificate, seedCertificateFrom } from "./seed-certificate.js";

/** What the certificate is for and how strong and long-lived it is. */
export interface CreateSeedCertificateOptions {
  /** The id at the end of the certificate's name: the agent's resource id, or a time stamp. See {@link seedCertificateName}. */
  readonly resourceId: string;
  /** Default: 2048. */
  readonly keySizeInBits?: 2048 | 3072 | 4096;
  /** 1 to 1095. Default: 365; Microsoft Entra shortens nothing but tenants may forbid more. */
  readonly validForDays?: number;
  /** Default: the system's clock. */
  readonly clock?: Pick<Clock, "nowInMs">;
  /** For the serial number; the key always comes from `node:crypto`. Default: the system's generator. */
  readonly random?: RandomSource;
}

const millisecondsPerDay = 86_400_000;
/** So that a computer whose clock is slow does not find the certificate "not yet valid". */
const backdatingInMs = 3_600_000;

/**
 * Makes a key pair off the event loop and a self-signed certificate for it. Touches no disk and no network.
 *
 * SHA-256 with RSA; end entity; key usage digital signature and key encipherment; extended key usage client
 * authentication. Valid from one hour before now.
 *
 * @throws CertsError `invalid-argument`.
 */
export async function createSeedCertificate(options: CreateSeedCertificateOptions): Promise<SeedCertificate> {
  const {
    keySizeInBits = 2048,
    validForDays = 365,
    clock = systemClock,
    random = systemRandomSource,
  } = options;
  const name = seedCertificateName(options.resourceId);
  if (![2048, 3072, 4096].includes(keySizeInBits)) {
    throw new CertsError(
      "invalid-argument",
      `A key of ${keySizeInBits} bits is not offered: 2048, 3072 or 4096.`,
    );
  }
  if (!Number.isInteger(validForDays) || validForDays < 1 || validForDays > 1095) {
    throw new CertsError("invalid-argument", `A validity of ${validForDays} days is not offered: 1 to 1095.`);
  }
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: keySizeInBits });
  const validFromInMs = Math.floor((clock.nowInMs() - backdatingInMs) / 1000) * 1000;
  const certificateDer = selfSign(privateKey, {
    name,
    serialNumber: createSerialNumber(random),
    validFrom: new Date(validFromInMs),
    validTo: new Date(validFromInMs + validForDays * millisecondsPerDay),
  });
  return seedCertificateFrom(certificateDer, privateKey);
}

interface CertificateContent {
  readonly name: string;
  readonly serialNumber: string;
  readonly validFrom: Date;
  readonly validTo: Date;
}

function selfSign(privateKey: KeyObject, subject: CertificateContent): Uint8Array {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(
    createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString(),
  );
  certificate.serialNumber = subject.serialNumber;
  certificate.validity.notBefore = subject.validFrom;
  certificate.validity.notAfter = subject.validTo;
  const names = [
    {
      name: "commonName",
      value: subject.name,
      valueTagClass: forge.asn1.Type.UTF8 as unknown as forge.asn1.Class,
    },
  ];
  certificate.setSubject(names);
  certificate.setIssuer(names);
  certificate.setExtensions([
    { name: "basicConstraints", cA: false, critical: true },
    { name: "keyUsage", digitalSignature: true, keyEncipherment: true, critical: true },
    { name: "extKeyUsage", clientAuth: true },
    { name: "subjectKeyIdentifier" },
    { name: "authorityKeyIdentifier", keyIdentifier: true },
  ]);
  // Signed by node:crypto instead of forge, so that the private key stays inside its KeyObject.
  const oid = forge.pki.oids["sha256WithRSAEncryption"]!;
  certificate.signatureOid = oid;
  certificate.siginfo.algorithmOid = oid;
  const content = certificateContentOf(certificate);
  certificate.tbsCertificate = content;
  const signedBytes = forge.asn1.toDer(content).getBytes();
  certificate.signature = sign("sha256", Buffer.from(signedBytes, "binary"), privateKey).toString("binary");
  return Buffer.from(forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes(), "binary");
}

/** The part of a certificate that is signed. The function is missing in the type declarations of `node-forge`. */
function certificateContentOf(certificate: forge.pki.Certificate): forge.asn1.Asn1 {
  const pki = forge.pki as unknown as {
    getTBSCertificate(certificate: forge.pki.Certificate): forge.asn1.Asn1;
  };
  return pki.getTBSCertificate(certificate);
}

/** 16 random bytes, positive and without a leading zero byte (RFC 5280 §4.1.2.2), as hexadecimal. */
function createSerialNumber(random: RandomSource): string {
  const bytes = randomBytesFrom(random, 16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}
