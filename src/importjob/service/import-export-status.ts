/** Reading jobs of `Microsoft.ImportExport` (api-version 2021-01-01) out of the raw JSON. */

import type {
  ImportDriveState,
  ImportDriveStatus,
  ImportJobRef,
  ImportJobState,
  ImportJobStatus,
  PackageInformation,
} from "./import-job-status.js";
import {
  asBoolean,
  asDate,
  asNumber,
  asObject,
  asObjects,
  asText,
  type JsonObject,
  resourceGroupOf,
  tagsOf,
} from "./raw-json.js";

const jobStates: Readonly<Record<string, ImportJobState>> = {
  creating: "creating",
  shipping: "shipping",
  received: "received",
  transferring: "transferring",
  packaging: "packaging",
  completed: "completed",
  closed: "closed",
  canceled: "cancelled",
  cancelled: "cancelled",
  faulted: "faulted",
};

const driveStates: Readonly<Record<string, ImportDriveState>> = {
  specified: "specified",
  received: "received",
  neverreceived: "never-received",
  transferring: "transferring",
  completed: "completed",
  completedmoreinfo: "completed-more-info",
  shippedback: "shipped-back",
  faulted: "faulted",
};

/** Whether a resource is an import; the provider also keeps exports. */
export function isImport(body: JsonObject): boolean {
  return asText(asObject(body["properties"])?.["jobType"]) !== "Export";
}

/** A job as one answer described it. */
export function readImportExportJob(body: JsonObject, requested?: ImportJobRef): ImportJobStatus {
  const properties = asObject(body["properties"]) ?? {};
  const systemData = asObject(body["systemData"]) ?? {};
  const id = asText(body["id"]) ?? "";
  const serviceState = asText(properties["state"]);
  const drives = asObjects(properties["driveList"]);
  return Object.freeze({
    kind: "import-export",
    resourceGroupName: requested?.resourceGroupName ?? resourceGroupOf(id) ?? "",
    jobName: asText(body["name"]) ?? requested?.jobName ?? "",
    id,
    location: asText(body["location"]),
    storageAccountId: asText(properties["storageAccountId"]),
    state: jobStates[serviceState?.toLowerCase() ?? ""] ?? "unknown",
    serviceState,
    percentComplete: asNumber(properties["percentComplete"]),
    cancelRequested: asBoolean(properties["cancelRequested"]) ?? false,
    drives: drives && Object.freeze(drives.map(readDrive)),
    deliveryPackage: readPackage(properties["deliveryPackage"]),
    returnPackage: readPackage(properties["returnPackage"]),
    stages: Object.freeze([]),
    createdAt: asDate(systemData["createdAt"]),
    lastModifiedAt: asDate(systemData["lastModifiedAt"]),
    isCancellable: undefined,
    isDeletable: undefined,
    errorMessage: undefined,
    tags: tagsOf(body["tags"]),
  });
}

function readDrive(drive: JsonObject): ImportDriveStatus {
  const serviceState = asText(drive["state"]);
  return Object.freeze({
    driveId: asText(drive["driveId"]) ?? "",
    state: driveStates[serviceState?.toLowerCase() ?? ""] ?? "unknown",
    serviceState,
    copyStatus: asText(drive["copyStatus"]),
    percentComplete: asNumber(drive["percentComplete"]),
    bytesSucceeded: asNumber(drive["bytesSucceeded"]),
    manifestFile: asText(drive["manifestFile"]),
    manifestHash: asText(drive["manifestHash"]),
    errorLogUri: asText(drive["errorLogUri"]),
    verboseLogUri: asText(drive["verboseLogUri"]),
    manifestUri: asText(drive["manifestUri"]),
  });
}

function readPackage(value: unknown): PackageInformation | undefined {
  const information = asObject(value);
  const trackingNumber = asText(information?.["trackingNumber"]);
  if (!information || trackingNumber === undefined) return undefined;
  return Object.freeze({
    carrierName: asText(information["carrierName"]) ?? "",
    trackingNumber,
    driveCount: asNumber(information["driveCount"]),
    shipDate: asText(information["shipDate"]),
  });
}
