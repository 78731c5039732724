/** The Azure clouds and their endpoints: one table, and a function for endpoints of one's own (the emulator's). */
import { CertsError } from "./certs-error.js";

/** Names of the clouds in the table. */
export type AzureCloudName = "public" | "us-government" | "us-government-dod" | "china";

/** Where the services of one cloud are. Endpoints have no slash at their end. */
export interface AzureCloud {
  /** Name in files and on command lines. */
  readonly name: AzureCloudName | (string & {});
  /** Microsoft Entra sign-in, the `authorityHost` of `@azure/identity`. */
  readonly authorityHost: string;
  readonly graphEndpoint: string;
  /** Resource that Graph tokens are issued for; the scope is this with `/.default`. */
  readonly graphAudience: string;
  readonly resourceManagerEndpoint: string;
  /** Resource that Resource Manager tokens are issued for; the scope is this with `/.default`. */
  readonly resourceManagerAudience: string;
  /** Classic service management, named by publish settings files. */
  readonly serviceManagementEndpoint: string;
  /** What follows the account name in the host name of its blob service. */
  readonly blobEndpointSuffix: string;
  readonly portalUrl: string;
}

function cloud(
  name: AzureCloudName,
  hosts: readonly [
    login: string,
    graph: string,
    management: string,
    classic: string,
    blob: string,
    portal: string,
  ],
): AzureCloud {
  const [login, graph, management, classic, blob, portal] = hosts;
  return Object.freeze({
    name,
    authorityHost: `https://${login}`,
    graphEndpoint: `https://${graph}`,
    graphAudience: `https://${graph}`,
    resourceManagerEndpoint: `https://${management}`,
    resourceManagerAudience: `https://${management}`,
    serviceManagementEndpoint: `https://${classic}`,
    blobEndpointSuffix: blob,
    portalUrl: `https://${portal}`,
  });
}

/**
 * The clouds of Azure.
 *
 * Sources: "Microsoft Graph national cloud deployments"; "Azure Government endpoint mapping"; "Developer differences
 * for Azure operated by 21Vianet".
 */
export const azureClouds: Readonly<Record<AzureCloudName, AzureCloud>> = Object.freeze({
  public: cloud("public", [
    "login.microsoftonline.com",
    "graph.microsoft.com",
    "management.azure.com",
    "management.core.windows.net",
    "blob.core.windows.net",
    "portal.azure.com",
  ]),
  "us-government": cloud("us-government", [
    "login.microsoftonline.us",
    "graph.microsoft.us",
    "management.usgovcloudapi.net",
    "management.core.usgovcloudapi.net",
    "blob.core.usgovcloudapi.net",
    "portal.azure.us",
  ]),
  "us-government-dod": cloud("us-government-dod", [
    "login.microsoftonline.us",
    "dod-graph.microsoft.us",
    "management.usgovcloudapi.net",
    "management.core.usgovcloudapi.net",
    "blob.core.usgovcloudapi.net",
    "portal.azure.us",
  ]),
  china: cloud("china", [
    "login.chinacloudapi.cn",
    "microsoftgraph.chinacloudapi.cn",
    "management.chinacloudapi.cn",
    "management.core.chinacloudapi.cn",
    "blob.core.chinacloudapi.cn",
    "portal.azure.cn",
  ]),
});

/** Endpoints of a cloud that is not in the table. Those left out are derived from `resourceManagerEndpoint`. */
export interface CustomCloudOptions extends Partial<Omit<AzureCloud, "name">> {
  readonly name: string;
  readonly resourceManagerEndpoint: string;
}

/**
 * Describes a cloud of one's own: an emulator, a proxy, Azure Stack.
 *
 * @throws CertsError `invalid-argument` when the name belongs to the table or an endpoint is not an `https` URL.
 */
export function createCustomCloud(options: CustomCloudOptions): AzureCloud {
  if (options.name in azureClouds) {
    throw new CertsError(
      "invalid-argument",
      `'${options.name}' is the name of a cloud of Azure; choose another.`,
      {
        details: { name: options.name },
      },
    );
  }
  const resourceManagerEndpoint = httpsEndpoint(options.resourceManagerEndpoint);
  const endpoint = (value: string | undefined, fallback: string): string =>
    value === undefined ? fallback : httpsEndpoint(value);
  const graphEndpoint = endpoint(options.graphEndpoint, resourceManagerEndpoint);
  return Object.freeze({
    name: options.name,
    authorityHost: endpoint(options.authorityHost, resourceManagerEndpoint),
    graphEndpoint,
    graphAudience: options.graphAudience ?? graphEndpoint,
    resourceManagerEndpoint,
    resourceManagerAudience: options.resourceManagerAudience ?? resourceManagerEndpoint,
    serviceManagementEndpoint: endpoint(options.serviceManagementEndpoint, resourceManagerEndpoint),
    blobEndpointSuffix: options.blobEndpointSuffix ?? new URL(resourceManagerEndpoint).host,
    portalUrl: endpoint(options.portalUrl, resourceManagerEndpoint),
  });
}

/** The cloud of a name in the table, or undefined. */
export function findAzureCloud(name: string): AzureCloud | undefined {
  return Object.hasOwn(azureClouds, name) ? azureClouds[name as AzureCloudName] : undefined;
}

/** The cloud of the table whose classic service management endpoint has the host of `url`, or undefined. */
export function findAzureCloudByServiceManagementUrl(url: string): AzureCloud | undefined {
  let host: string;
  try {
    host = new URL(url).hostname;
  } catch {
    return undefined;
  }
  return Object.values(azureClouds).find(
    (candidate) => new URL(candidate.serviceManagementEndpoint).hostname === host,
  );
}

function httpsEndpoint(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new CertsError("invalid-argument", `'${text}' is not a URL.`, {
      cause,
      details: { endpoint: text },
    });
  }
  if (url.protocol !== "https:") {
    throw new CertsError(
      "invalid-argument",
      `'${text}' is not an https endpoint; tokens are sent over https only.`,
      { details: { endpoint: text } },
    );
  }
  return text.replace(/\/+$/, "");
}
