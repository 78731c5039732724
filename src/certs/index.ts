export * from "./azure-clouds.js";
export type { AzureClientOptions } from "./azure-json-client.js";
export * from "./azure-roles.js";
export * from "./certs-error.js";
export * from "./create-seed-certificate.js";
export * from "./create-seed-identity.js";
export type { PfxOptions } from "./encode-pfx.js";
export * from "./entra-application.js";
export type { FoundApplication, RegisteredCertificate } from "./graph-applications.js";
export * from "./import-pfx.js";
export * from "./manual-steps.js";
export { isGuid, isSeedCertificateName, seedApplicationName, seedCertificateName } from "./names.js";
export * from "./offline-application-params.js";
export {
  type OfflineApplicationParams,
  offlineApplicationParamsFileName,
} from "./offline-application-params-format.js";
export * from "./parse-offline-application-params.js";
export * from "./publish-settings.js";
export * from "./seed-certificate.js";
export * from "./seed-identity.js";
export * from "./storage-account-name.js";
export * from "./subscription-access.js";
