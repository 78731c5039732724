/** Reading PFX files (PKCS#12, RFC 7292), whoever wrote them. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import forge from "node-forge";
import { CertsError } from "./certs-error.js";
import { type SeedCertificate, seedCertificateFrom } from "./seed-certificate.js";

/**
 * Reads certificate and private key from a PFX: encrypted with AES, 3DES or RC2, integrity by SHA-1 or SHA-2.
 *
 * With several certificates in the file the one that belongs to the key is taken. A file without a key gives a
 * certificate without one.
 *
 * @throws CertsError `certificate-unreadable`, `password-wrong`, `key-unusable`.
 */
export function importPfx(content: Uint8Array, password: string): SeedCertificate {
  const bags = openPfx(content, password);
  const certificates = bags.flatMap((bag) =>
    bag.type === forge.pki.oids["certBag"] ? [certificateOfBag(bag)] : [],
  );
  const keys = bags.flatMap((bag) =>
    bag.type === forge.pki.oids["pkcs8ShroudedKeyBag"] || bag.type === forge.pki.oids["keyBag"]
      ? [keyOfBag(bag)]
      : [],
  );
  if (certificates.length === 0) {
    throw new CertsError("certificate-unreadable", "The PFX holds no certificate.");
  }
  for (const privateKey of keys) {
    const certificate = certificates.find((candidate) => candidate.checkPrivateKey(privateKey));
    if (certificate !== undefined) return seedCertificateFrom(certificate.raw, privateKey);
  }
  if (keys.length > 0) {
    throw new CertsError("key-unusable", "The private key in the PFX belongs to none of its certificates.");
  }
  return seedCertificateFrom(certificates[0]!.raw);
}

function openPfx(content: Uint8Array, password: string): readonly forge.pkcs12.Bag[] {
  let asn1: forge.asn1.Asn1;
  try {
    asn1 = forge.asn1.fromDer(Buffer.from(content).toString("binary"));
  } catch (cause) {
    throw new CertsError("certificate-unreadable", "The content is not a PFX (PKCS#12) file.", { cause });
  }
  try {
    return forge.pkcs12.pkcs12FromAsn1(asn1, true, password).safeContents.flatMap((part) => part.safeBags);
  } catch (cause) {
    // forge has no error codes; this sentence is its only sign of a failed integrity check.
    const isPasswordWrong = String(cause).includes("MAC could not be verified");
    throw isPasswordWrong
      ? new CertsError("password-wrong", "The password does not open the PFX.")
      : new CertsError("certificate-unreadable", "The PFX is damaged or uses a feature that cannot be read.");
  }
}

function certificateOfBag(bag: forge.pkcs12.Bag): X509Certificate {
  const asn1 = bag.cert === undefined || bag.cert === null ? bag.asn1 : forge.pki.certificateToAsn1(bag.cert);
  return new X509Certificate(Buffer.from(forge.asn1.toDer(asn1).getBytes(), "binary"));
}

function keyOfBag(bag: forge.pkcs12.Bag): KeyObject {
  if (bag.key === undefined || bag.key === null) {
    throw new CertsError("key-unusable", "The private key in the PFX is no RSA key.");
  }
  return createPrivateKey(forge.pki.privateKeyToPem(bag.key));
}
