/** What writer and reader of `OfflineApplicationParams.xml` share: its content and the names of its elements. */
import type { AzureCloud } from "./azure-clouds.js";
import type { SeedIdentity } from "./seed-identity.js";

/** Name of the file as the original tool writes it. */
export const offlineApplicationParamsFileName = "OfflineApplicationParams.xml";

/** Content of the file. */
export interface OfflineApplicationParams {
  readonly identity: SeedIdentity;
  /** Undefined when the account was not chosen yet. */
  readonly storageAccountName: string | undefined;
  readonly createdAt: Date;
}

/** The root element. */
export const rootName = "OfflineApplicationParams";
/** The version of the format that is written, and the only one that is read. */
export const schemaVersion = "1";
export const applicationFields = ["ApplicationId", "ObjectId", "ServicePrincipalId", "DisplayName"] as const;
export const certificateFields = [
  "Name",
  "Thumbprint",
  "ThumbprintSha256",
  "ValidFrom",
  "ValidTo",
  "Data",
] as const;
/** Endpoints of a cloud that is not in the table. */
export const endpointFields = {
  AuthorityHost: "authorityHost",
  GraphEndpoint: "graphEndpoint",
  GraphAudience: "graphAudience",
  ResourceManagerEndpoint: "resourceManagerEndpoint",
  ResourceManagerAudience: "resourceManagerAudience",
  ServiceManagementEndpoint: "serviceManagementEndpoint",
  BlobEndpointSuffix: "blobEndpointSuffix",
  PortalUrl: "portalUrl",
} as const satisfies Record<string, keyof AzureCloud>;
/** Their element names. */
export const endpointNames: readonly (keyof typeof endpointFields)[] = Object.keys(
  endpointFields,
) as (keyof typeof endpointFields)[];
