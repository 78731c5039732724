/**
 * Azure publish settings files: subscriptions, cloud and management certificate, in schema 1 (certificate and address
 * at the profile) and schema 2 (at each subscription).
 *
 * The management certificate is a PFX with an empty password: a secret. Nothing here authenticates with it; the file
 * serves to find subscription and cloud, as the original tools took them from it.
 */
import { childElements, isXmlError, readXml, requiredAttribute, type XmlElement } from "../shared/index.js";
import { type AzureCloud, findAzureCloudByServiceManagementUrl } from "./azure-clouds.js";
import { CertsError, isCertsError } from "./certs-error.js";
import { importPfx } from "./import-pfx.js";
import { isGuid } from "./names.js";
import type { SeedCertificate } from "./seed-certificate.js";

/** One subscription of the file. */
export interface PublishSettingsSubscription {
  readonly subscriptionId: string;
  readonly name: string;
  readonly serviceManagementUrl: string;
  /** Undefined when the address belongs to no cloud of the table. */
  readonly cloud: AzureCloud | undefined;
  /** Undefined when the file has none, as in the dummy files that some set-ups ask for. */
  readonly managementCertificate: SeedCertificate | undefined;
}

/** Content of the file. */
export interface PublishSettings {
  readonly schemaVersion: 1 | 2;
  readonly subscriptions: readonly PublishSettingsSubscription[];
}

/**
 * Reads a publish settings file. Touches no disk and no network.
 *
 * @throws CertsError `publish-settings-invalid`: no such file, another family of files (web deployment), a broken
 * certificate. The message never quotes the certificate.
 */
export function parsePublishSettings(source: string | Uint8Array): PublishSettings {
  try {
    return readPublishData(
      readXml(source, { rootName: "PublishData", maxSizeInBytes: 4 * 1024 * 1024, maxDepth: 4 }),
    );
  } catch (error) {
    if (!isXmlError(error)) throw error;
    // Files for web deployment have the same extension and the same words in lower camel case.
    throw error.code === "unexpected-root" && error.details["root"] === "publishData"
      ? invalid(
          "It is for deploying a web site (<publishData>). Download the one of your subscription from the portal (Publishing Profile); it begins with <PublishData>.",
        )
      : invalid(error.message, error);
  }
}

function readPublishData(root: XmlElement): PublishSettings {
  const profiles = childElements(root);
  const [profile] = profiles;
  if (profile?.name !== "PublishProfile" || profiles.length !== 1) {
    throw invalid("It does not hold exactly one <PublishProfile>.");
  }
  const method = profile.attributes["PublishMethod"];
  if (method !== "AzureServiceManagementAPI") {
    throw invalid(`Its PublishMethod is '${method ?? ""}', not 'AzureServiceManagementAPI'.`);
  }
  const version = profile.attributes["SchemaVersion"];
  if (version !== undefined && version !== "1.0" && version !== "2.0") {
    throw invalid(`Its SchemaVersion is '${version}'; versions 1.0 and 2.0 are known.`);
  }
  const schemaVersion = version === "2.0" ? 2 : 1;
  const subscriptions = childElements(profile).map((element) =>
    readSubscription(element, profile, schemaVersion),
  );
  if (subscriptions.length === 0) throw invalid("It names no subscription.");
  return Object.freeze({ schemaVersion, subscriptions: Object.freeze(subscriptions) });
}

function readSubscription(
  element: XmlElement,
  profile: XmlElement,
  schemaVersion: 1 | 2,
): PublishSettingsSubscription {
  if (element.name !== "Subscription")
    throw invalid(`It holds <${element.name}> where <Subscription> is expected.`);
  const subscriptionId = requiredAttribute(element, "Id");
  if (!isGuid(subscriptionId)) throw invalid(`'${subscriptionId}' is not the id of a subscription.`);
  const [holder, urlName] = schemaVersion === 2 ? [element, "ServiceManagementUrl"] : [profile, "Url"];
  const serviceManagementUrl = requiredAttribute(holder, urlName);
  const encoded = holder.attributes["ManagementCertificate"];
  return Object.freeze({
    subscriptionId: subscriptionId.toLowerCase(),
    name: requiredAttribute(element, "Name"),
    serviceManagementUrl,
    cloud: findAzureCloudByServiceManagementUrl(serviceManagementUrl),
    managementCertificate: encoded ? readCertificate(encoded, subscriptionId) : undefined,
  });
}

function readCertificate(encoded: string, subscriptionId: string): SeedCertificate {
  try {
    return importPfx(Buffer.from(encoded, "base64"), "");
  } catch (cause) {
    if (!isCertsError(cause)) throw cause;
    throw invalid(
      `The management certificate of subscription ${subscriptionId} cannot be used: ${cause.message}`,
      cause,
    );
  }
}

function invalid(reason: string, cause?: unknown): CertsError {
  return new CertsError(
    "publish-settings-invalid",
    `This is no usable publish settings file of an Azure subscription. ${reason}`,
    cause === undefined ? {} : { cause },
  );
}
