/**
 * The emulator's own certificate authority and server certificate (X.509 v3, RFC 5280), made anew at every start, so
 * that clients speak real TLS with real verification and no key is ever stored.
 */
import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import forge from "node-forge";
import { type RandomSource, randomBytesFrom } from "../shared/index.js";

/** What an HTTPS server and its clients need. */
export interface TlsCertificates {
  /** Clients trust this one (`tlsOptions.ca`). */
  readonly authorityCertificatePem: string;
  readonly serverCertificatePem: string;
  /** SECRET, lives as long as the process. */
  readonly serverPrivateKeyPem: string;
}

const oneDayInMs = 24 * 60 * 60 * 1000;
const validityInDays = 30;
const rsaModulusLengthInBits = 2048;

/**
 * Makes a certificate authority and a certificate for `localhost` and `127.0.0.1`, valid for 30 days.
 *
 * The validity counts from the computer's own clock, because the clients' TLS stack does.
 */
export async function createTlsCertificates(random: RandomSource): Promise<TlsCertificates> {
  const [authority, server] = await Promise.all([createRsaKeyPair(), createRsaKeyPair()]);
  const authorityName = [{ name: "commonName", value: "offline-seed local Azure authority" }];
  const authorityCertificate = createCertificate(random, authority.publicKeyPem, authorityName, [
    { name: "basicConstraints", cA: true, pathLenConstraint: 0, critical: true },
    { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    { name: "subjectKeyIdentifier" },
  ]);
  const serverCertificate = createCertificate(
    random,
    server.publicKeyPem,
    [{ name: "commonName", value: "localhost" }],
    [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, keyEncipherment: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
      {
        name: "authorityKeyIdentifier",
        keyIdentifier: authorityCertificate.generateSubjectKeyIdentifier().getBytes(),
      },
    ],
  );
  const authorityKey = forge.pki.privateKeyFromPem(authority.privateKeyPem);
  for (const certificate of [authorityCertificate, serverCertificate]) {
    certificate.setIssuer(authorityName);
    certificate.sign(authorityKey, forge.md.sha256.create());
  }
  return Object.freeze({
    authorityCertificatePem: forge.pki.certificateToPem(authorityCertificate),
    serverCertificatePem: forge.pki.certificateToPem(serverCertificate),
    serverPrivateKeyPem: server.privateKeyPem,
  });
}

async function createRsaKeyPair(): Promise<{ publicKeyPem: string; privateKeyPem: string }> {
  const pair = await promisify(generateKeyPair)("rsa", {
    modulusLength: rsaModulusLengthInBits,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return { publicKeyPem: pair.publicKey, privateKeyPem: pair.privateKey };
}

function createCertificate(
  random: RandomSource,
  publicKeyPem: string,
  subject: forge.pki.CertificateField[],
  extensions: object[],
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKeyPem);
  certificate.serialNumber = createSerialNumber(random);
  certificate.validity.notBefore = new Date(Date.now() - oneDayInMs);
  certificate.validity.notAfter = new Date(Date.now() + validityInDays * oneDayInMs);
  certificate.setSubject(subject);
  certificate.setExtensions(extensions);
  return certificate;
}

/**
 * 16 random bytes of which the first is 0x40 to 0x7f: positive (RFC 5280 §4.1.2.2) and without a leading zero byte, which
 * DER forbids and OpenSSL answers by ignoring the whole certificate.
 */
function createSerialNumber(random: RandomSource): string {
  const bytes = randomBytesFrom(random, 16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}
