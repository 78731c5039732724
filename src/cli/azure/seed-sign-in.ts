/** The seed's own sign-in: its certificate file together with the application named in its parameters file. */
import { readFile } from "node:fs/promises";
import { importCertificatePem, readOfflineApplicationParams } from "../../certs/index.js";
import { systemErrorCode } from "../../shared/index.js";
import { CliError } from "../cli-error.js";
import type { CertificateSignIn } from "./azure-identity.js";

/** Files that `cert create` and `app create` leave. */
export interface SeedSignInFiles {
  readonly certificateFile: string | undefined;
  readonly parametersFile: string | undefined;
}

/**
 * The sign-in, or undefined when one of the files is not there yet. Reads both files.
 *
 * @throws CertsError when a file cannot be used; CliError `step-missing` when the two do not belong together
 */
export async function findSeedSignIn(
  files: SeedSignInFiles,
  password?: string,
): Promise<CertificateSignIn | undefined> {
  if (files.certificateFile === undefined || files.parametersFile === undefined) return undefined;
  const pem = await textOf(files.certificateFile);
  if (pem === undefined || (await textOf(files.parametersFile)) === undefined) return undefined;
  const certificate = importCertificatePem(pem, password === undefined ? {} : { password });
  const { identity } = await readOfflineApplicationParams(files.parametersFile);
  if (identity.certificate.thumbprintSha256 !== certificate.thumbprintSha256) {
    throw new CliError(
      "step-missing",
      `The certificate in ${files.certificateFile} is not the one that ${files.parametersFile} names. Run 'offline-seed app create' again to register it.`,
    );
  }
  return {
    tenantId: identity.tenantId,
    applicationId: identity.application.applicationId,
    pem: certificate.exportPem({ withPrivateKey: true }),
  };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
