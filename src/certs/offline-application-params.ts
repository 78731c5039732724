/**
 * `OfflineApplicationParams.xml`: the file that carries a seed identity from the machine where the application was
 * made to the server whose registry is to be filled.
 *
 * Microsoft's fields of this file are not public. This is a format of this library's own under the same name, in
 * version 1, described in `docs/formats/offline-application-params.md`; a file without `SchemaVersion` is refused.
 */
import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  elementText,
  isXmlError,
  publishFile,
  readXml,
  readXmlFields,
  requiredAttribute,
  secretFileMode,
  writeXml,
  type XmlElement,
  xmlElement,
} from "../shared/index.js";
import { type AzureCloud, createCustomCloud, findAzureCloud } from "./azure-clouds.js";
import { CertsError, isCertsError } from "./certs-error.js";
import { isGuid } from "./names.js";
import { type SeedCertificate, seedCertificateFrom } from "./seed-certificate.js";
import type { SeedIdentity, SeedIdentityApplication } from "./seed-identity.js";
import { isStorageAccountName } from "./storage-account-name.js";

/** Name of the file as the original tool writes it. */
export const offlineApplicationParamsFileName = "OfflineApplicationParams.xml";

/** Content of the file. */
export interface OfflineApplicationParams {
  readonly identity: SeedIdentity;
  /** Undefined when the account was not chosen yet. */
  readonly storageAccountName: string | undefined;
  readonly createdAt: Date;
}

/** Options for writing. */
export interface FormatOfflineApplicationParamsOptions {
  /**
   * Puts the private key into the file, encrypted with this password (PKCS#8, PBES2 with AES-256-CBC). Not empty.
   * Default: the private key stays out.
   */
  readonly privateKeyPassword?: string;
}

/** Options for reading. */
export interface ParseOfflineApplicationParamsOptions {
  /** Opens the private key in the file. Default: the key stays closed and the certificate comes without it. */
  readonly privateKeyPassword?: string;
}

const rootName = "OfflineApplicationParams";
const schemaVersion = "1";
const applicationFields = ["ApplicationId", "ObjectId", "ServicePrincipalId", "DisplayName"] as const;
const certificateFields = ["Name", "Thumbprint", "ThumbprintSha256", "ValidFrom", "ValidTo", "Data"] as const;
const endpointFields = {
  AuthorityHost: "authorityHost",
  GraphEndpoint: "graphEndpoint",
  GraphAudience: "graphAudience",
  ResourceManagerEndpoint: "resourceManagerEndpoint",
  ResourceManagerAudience: "resourceManagerAudience",
  ServiceManagementEndpoint: "serviceManagementEndpoint",
  BlobEndpointSuffix: "blobEndpointSuffix",
  PortalUrl: "portalUrl",
} as const satisfies Record<string, keyof AzureCloud>;
const endpointNames = Object.keys(endpointFields) as (keyof typeof endpointFields)[];

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
 * Reads the file's text and checks that its parts agree: thumbprints, name and validity with the certificate itself.
 *
 * @throws CertsError `parameters-invalid` (the cause is the XmlError, if it is one), `password-wrong`.
 */
export function parseOfflineApplicationParams(
  source: string | Uint8Array,
  options: ParseOfflineApplicationParamsOptions = {},
): OfflineApplicationParams {
  try {
    return readParams(readXml(source, { rootName, maxSizeInBytes: 1024 * 1024, maxDepth: 4 }), options);
  } catch (error) {
    if (isXmlError(error)) {
      throw new CertsError(
        "parameters-invalid",
        `This is no ${offlineApplicationParamsFileName}: ${error.message}`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
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

function readParams(
  root: XmlElement,
  options: ParseOfflineApplicationParamsOptions,
): OfflineApplicationParams {
  const version = root.attributes["SchemaVersion"];
  if (version !== schemaVersion) {
    throw invalid(
      version === undefined
        ? `It has no SchemaVersion. Files of Microsoft's AzureOfflineBackupCertGen.exe use fields that are not public and cannot be read; make the file with this library.`
        : `It has the version '${version}'; this library reads version ${schemaVersion}.`,
    );
  }
  const fields = readXmlFields(root, {
    required: ["Created", "Cloud", "TenantId", "SubscriptionId", "AzureUserId", "Application", "Certificate"],
    optional: ["StorageAccountName"],
  });
  const storageAccountName = fields.StorageAccountName && elementText(fields.StorageAccountName);
  if (storageAccountName !== undefined && !isStorageAccountName(storageAccountName)) {
    throw invalid(`'${storageAccountName}' is not the name of a storage account.`);
  }
  return Object.freeze({
    identity: Object.freeze({
      cloud: readCloud(fields.Cloud),
      tenantId: readGuid(fields.TenantId),
      subscriptionId: readGuid(fields.SubscriptionId),
      azureUserId: readGuid(fields.AzureUserId),
      application: readApplicationElement(fields.Application),
      certificate: readCertificate(fields.Certificate, options),
    }),
    storageAccountName,
    createdAt: readDate(fields.Created),
  });
}

function readCloud(element: XmlElement): AzureCloud {
  const name = requiredAttribute(element, "Name");
  const known = findAzureCloud(name);
  const endpoints = readXmlFields(element, known ? { required: [] } : { required: endpointNames });
  if (known) return known;
  try {
    return createCustomCloud({
      name,
      ...(Object.fromEntries(
        endpointNames.map((endpoint) => [
          endpointFields[endpoint],
          elementText((endpoints as Record<string, XmlElement>)[endpoint]!),
        ]),
      ) as Omit<AzureCloud, "name">),
    });
  } catch (cause) {
    if (!isCertsError(cause)) throw cause;
    throw invalid(`The endpoints of cloud '${name}' cannot be used: ${cause.message}`, cause);
  }
}

function readApplicationElement(element: XmlElement): SeedIdentityApplication {
  const fields = readXmlFields(element, { required: applicationFields });
  return Object.freeze({
    applicationId: readGuid(fields.ApplicationId),
    objectId: readGuid(fields.ObjectId),
    servicePrincipalId: readGuid(fields.ServicePrincipalId),
    displayName: elementText(fields.DisplayName),
  });
}

function readCertificate(
  element: XmlElement,
  options: ParseOfflineApplicationParamsOptions,
): SeedCertificate {
  const fields = readXmlFields(element, { required: certificateFields, optional: ["PrivateKey"] });
  const privateKey =
    fields.PrivateKey === undefined || options.privateKeyPassword === undefined
      ? undefined
      : decryptPrivateKey(elementText(fields.PrivateKey), options.privateKeyPassword);
  let certificate: SeedCertificate;
  try {
    certificate = seedCertificateFrom(readBase64(fields.Data), privateKey);
  } catch (cause) {
    if (!isCertsError(cause)) throw cause;
    throw invalid(`Its certificate cannot be used: ${cause.message}`, cause);
  }
  const contradiction = (
    [
      ["Name", certificate.name],
      ["Thumbprint", certificate.thumbprint],
      ["ThumbprintSha256", certificate.thumbprintSha256],
    ] as const
  ).find(([name, value]) => elementText(fields[name]) !== value);
  const [validFrom, validTo] = [readDate(fields.ValidFrom), readDate(fields.ValidTo)];
  if (
    contradiction !== undefined ||
    validFrom.getTime() !== certificate.validFrom.getTime() ||
    validTo.getTime() !== certificate.validTo.getTime()
  ) {
    throw invalid(`<${contradiction?.[0] ?? "ValidFrom/ValidTo"}> contradicts the certificate in <Data>.`);
  }
  return certificate;
}

function encryptPrivateKey(certificate: SeedCertificate, password: string): string {
  const pem = certificate.exportPem({ withPrivateKey: true, password });
  return /-----BEGIN ENCRYPTED PRIVATE KEY-----([\s\S]+?)-----END/.exec(pem)![1]!.replace(/\s/g, "");
}

function decryptPrivateKey(base64: string, password: string): KeyObject {
  try {
    return createPrivateKey({
      key: Buffer.from(base64, "base64"),
      format: "der",
      type: "pkcs8",
      passphrase: password,
    });
  } catch {
    // Without cause: OpenSSL says no more than "bad decrypt", and secrets stay out of errors.
    throw new CertsError(
      "password-wrong",
      "The password does not open the private key in the parameters file.",
    );
  }
}

function readGuid(element: XmlElement): string {
  const text = elementText(element);
  if (!isGuid(text)) throw invalid(`<${element.name}> is '${text}', which is not a GUID.`);
  return text.toLowerCase();
}

function readDate(element: XmlElement): Date {
  const text = elementText(element);
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(text) || Number.isNaN(date.getTime())) {
    throw invalid(`<${element.name}> is '${text}', which is not a UTC date such as 2026-01-31T12:00:00Z.`);
  }
  return date;
}

function readBase64(element: XmlElement): Uint8Array {
  const text = elementText(element).replace(/\s/g, "");
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw invalid(`<${element.name}> is not Base64.`);
  }
  return Buffer.from(text, "base64");
}

function invalid(reason: string, cause?: unknown): CertsError {
  return new CertsError(
    "parameters-invalid",
    `This is no usable ${offlineApplicationParamsFileName}. ${reason}`,
    cause === undefined ? {} : { cause },
  );
}
