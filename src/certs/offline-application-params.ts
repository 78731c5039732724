/**
 * `OfflineApplicationParams.xml`: the file that carries a seed identity from the machine where the application was
 * made to the server whose registry is to be filled.
 *
 * Microsoft's fields of this file are not public. This is a format of this library's own under the same name, in
 * version 1, described in `docs/formats/offline-application-params.md`; a file without `SchemaVersion` is refused.
 */
import { readFile } from "node:fs/promises";
import { publishFile, secretFileMode, writeXml, type XmlElement, xmlElement } from "../shared/index.js";
import { findAzureCloud } from "./azure-clouds.js";
import { CertsError } from "./certs-error.js";
import {
  endpointFields,
  endpointNames,
  type OfflineApplicationParams,
  rootName,
  schemaVersion,
} from "./offline-application-params-format.js";
import {
  type ParseOfflineApplicationParamsOptions,
  parseOfflineApplicationParams,
} from "./parse-offline-application-params.js";
import type { SeedCertificate } from "./seed-certificate.js";
import { isStorageAccountName } from "./storage-account-name.js";

/** Options for writing. */
export interface FormatOfflineApplicationParamsOptions {
  /**
   * Puts the private key into the file, encrypted with this password (PKCS#8, PBES2 with AES-256-CBC). Not empty.
   * Default: the private key stays out.
   */
  readonly privateKeyPassword?: string;
}

/**
 * The file as text. Touches no disk.
 *
 * @throws CertsError `private-key-missing`, `password-missing`.
 */
export function formatOfflineApplicationParams(
  params: OfflineApplicationParams,
  options: FormatOfflineApplicationParamsOptions = {},
): string {
  const { cloud, tenantId, subscriptionId, azureUserId, application, certificate } = params.identity;
  const fields = (values: Readonly<Record<string, string>>): readonly XmlElement[] =>
    Object.entries(values).map(([name, value]) => xmlElement(name, {}, value));
  const privateKey =
    options.privateKeyPassword === undefined
      ? []
      : [xmlElement("PrivateKey", {}, encryptPrivateKey(certificate, options.privateKeyPassword))];
  const isCustomCloud = findAzureCloud(cloud.name) === undefined;
  return writeXml(
    xmlElement(rootName, { SchemaVersion: schemaVersion, Creator: "@offline-seed/core" }, [
      ...fields({ Created: params.createdAt.toISOString() }),
      xmlElement(
        "Cloud",
        { Name: cloud.name },
        isCustomCloud ? endpointNames.map((name) => xmlElement(name, {}, cloud[endpointFields[name]])) : [],
      ),
      ...fields({ TenantId: tenantId, SubscriptionId: subscriptionId, AzureUserId: azureUserId }),
      xmlElement(
        "Application",
        {},
        fields({
          ApplicationId: application.applicationId,
          ObjectId: application.objectId,
          ServicePrincipalId: application.servicePrincipalId,
          DisplayName: application.displayName,
        }),
      ),
      xmlElement("Certificate", {}, [
        ...fields({
          Name: certificate.name,
          Thumbprint: certificate.thumbprint,
          ThumbprintSha256: certificate.thumbprintSha256,
          ValidFrom: certificate.validFrom.toISOString(),
          ValidTo: certificate.validTo.toISOString(),
          Data: Buffer.from(certificate.certificateDer).toString("base64"),
        }),
        ...privateKey,
      ]),
      ...(params.storageAccountName === undefined
        ? []
        : fields({ StorageAccountName: params.storageAccountName })),
    ]),
  );
}

/**
 * Writes the file as a whole: a crash leaves the old one or the new one. With a private key in it only its owner may
 * read it (on Windows also SYSTEM and Administrators).
 *
 * @throws CertsError `private-key-missing`, `password-missing`; the system's error when the folder cannot be written.
 */
export async function writeOfflineApplicationParams(
  path: string,
  params: OfflineApplicationParams,
  options: FormatOfflineApplicationParamsOptions = {},
): Promise<void> {
  const text = formatOfflineApplicationParams(params, options);
  await publishFile(path, text, options.privateKeyPassword === undefined ? {} : { mode: secretFileMode });
}

/**
 * Reads the file.
 *
 * @throws CertsError as {@link parseOfflineApplicationParams}; the system's error when there is no file.
 */
export async function readOfflineApplicationParams(
  path: string,
  options: ParseOfflineApplicationParamsOptions = {},
): Promise<OfflineApplicationParams> {
  return parseOfflineApplicationParams(await readFile(path), options);
}

/**
 * Where the agent expects the file of a storage account, as a Windows path.
 *
 * @param scratchFolder - The agent's scratch folder. Default: that of a standard installation.
 * @throws CertsError `invalid-argument` when the name is no storage account name: it becomes part of a file name.
 */
export function agentParamsFilePath(
  storageAccountName: string,
  scratchFolder = "C:\\Program Files\\Microsoft Azure Recovery Services Agent\\Scratch",
): string {
  if (!isStorageAccountName(storageAccountName)) {
    throw new CertsError(
      "invalid-argument",
      `'${storageAccountName}' is not the name of a storage account: 3 to 24 lower-case letters and digits.`,
      { details: { storageAccountName } },
    );
  }
  return `${scratchFolder.replace(/[\\/]+$/, "")}\\MicrosoftBackupProvider\\OfflineApplicationParams_${storageAccountName}.xml`;
}

function encryptPrivateKey(certificate: SeedCertificate, password: string): string {
  const pem = certificate.exportPem({ withPrivateKey: true, password });
  return /-----BEGIN ENCRYPTED PRIVATE KEY-----([\s\S]+?)-----END/.exec(pem)![1]!.replace(/\s/g, "");
}
