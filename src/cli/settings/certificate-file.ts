/** Reading and writing the seed's certificate as a file, in whatever form it is in. */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { importCer, importCertificatePem, importPfx, type SeedCertificate } from "../../certs/index.js";
import { publishFile, secretFileMode, systemErrorCode } from "../../shared/index.js";
import { CliError } from "../cli-error.js";

/** Forms a certificate can be exported in. `cer` has no private key. */
export const certificateFormats = ["cer", "pem", "pfx"] as const;

/** One of {@link certificateFormats}. */
export type CertificateFormat = (typeof certificateFormats)[number];

/** Reads PEM, PFX (`.pfx`, `.p12`) or DER (`.cer`, `.der`). @throws CertsError; CliError `step-missing` without a file */
export async function readCertificateFile(path: string, password?: string): Promise<SeedCertificate> {
  let content: Uint8Array;
  try {
    content = await readFile(path);
  } catch (cause) {
    if (systemErrorCode(cause) !== "ENOENT") throw cause;
    throw new CliError(
      "step-missing",
      `There is no certificate ${path}. Make one with 'offline-seed cert create'.`,
      { details: { path }, cause },
    );
  }
  const extension = extname(path).toLowerCase();
  if (extension === ".pfx" || extension === ".p12") return importPfx(content, password ?? "");
  const text = Buffer.from(content).toString("latin1");
  if (!text.includes("-----BEGIN")) return importCer(content);
  return importCertificatePem(text, password === undefined ? {} : { password });
}

/** Writes the certificate; with a private key only its owner may read the file. @throws CertsError */
export async function writeCertificateFile(
  path: string,
  certificate: SeedCertificate,
  format: CertificateFormat,
  password?: string,
): Promise<void> {
  const isSecret = format !== "cer" && certificate.hasPrivateKey;
  await publishFile(path, encode(certificate, format, password), isSecret ? { mode: secretFileMode } : {});
}

function encode(
  certificate: SeedCertificate,
  format: CertificateFormat,
  password: string | undefined,
): string | Uint8Array {
  if (format === "cer") return certificate.exportCer();
  if (format === "pfx") return certificate.exportPfx(password ?? "");
  return certificate.exportPem({
    withPrivateKey: certificate.hasPrivateKey,
    ...(password === undefined ? {} : { password }),
  });
}
