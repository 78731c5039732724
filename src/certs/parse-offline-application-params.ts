/** Reading `OfflineApplicationParams.xml`, a file from outside: every part checked, and the parts against each other. */
import { createPrivateKey, type KeyObject } from "node:crypto";
import {
  elementText,
  isXmlError,
  readXml,
  readXmlFields,
  requiredAttribute,
  type XmlElement,
} from "../shared/index.js";
import { type AzureCloud, createCustomCloud, findAzureCloud } from "./azure-clouds.js";
import { CertsError, isCertsError } from "./certs-error.js";
import { isGuid } from "./names.js";
import {
  applicationFields,
  certificateFields,
  endpointFields,
  endpointNames,
  type OfflineApplicationParams,
  offlineApplicationParamsFileName,
  rootName,
  schemaVersion,
} from "./offline-application-params-format.js";
import { type SeedCertificate, seedCertificateFrom } from "./seed-certificate.js";
import type { SeedIdentityApplication } from "./seed-identity.js";
import { isStorageAccountName } from "./storage-account-name.js";

/** Options for reading. */
export interface ParseOfflineApplicationParamsOptions {
  /** Opens the private key in the file. Default: the key stays closed and the certificate comes without it. */
  readonly privateKeyPassword?: string;
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
