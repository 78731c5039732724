/**
 * Writing PFX files (PKCS#12, RFC 7292).
 *
 * Written with 3DES by default: it is the strongest encryption of a PFX that Windows Server 2016 opens, and OpenSSL 3
 * reads it without its legacy provider. The integrity check is HMAC-SHA-1 with 2048 rounds in either case, as
 * `node-forge` offers no other; a PFX is for carrying a key between two machines, not for keeping it.
 */
import type { KeyObject } from "node:crypto";
import forge from "node-forge";
import { CertsError } from "./certs-error.js";

/** Options of a PFX export. */
export interface PfxOptions {
  /** `aes-256` is stronger but opens only on Windows Server 2019 and newer. Default: `3des`. */
  readonly encryption?: "3des" | "aes-256";
  /** Permits an empty password, as publish settings files have it: the key is then not protected. Default: false. */
  readonly allowEmptyPassword?: boolean;
}

/** PFX of one certificate and its key. See `SeedCertificate.exportPfx`. */
export function encodePfx(
  certificatePem: string,
  privateKey: KeyObject,
  friendlyName: string,
  password: string,
  options: PfxOptions,
): Uint8Array {
  if (password === "" && options.allowEmptyPassword !== true) {
    throw new CertsError(
      "password-missing",
      "A PFX holds the private key: give a password that is not empty.",
    );
  }
  const keyPem = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
  const pfx = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(keyPem),
    [forge.pki.certificateFromPem(certificatePem)],
    password,
    {
      algorithm: options.encryption === "aes-256" ? "aes256" : "3des",
      friendlyName,
      generateLocalKeyId: true,
    },
  );
  return Buffer.from(forge.asn1.toDer(pfx).getBytes(), "binary");
}
