/** Reading jobs of `Microsoft.DataBox` (api-version 2022-12-01, SKU DataBoxCustomerDisk) out of the raw JSON. */
import type { ShippingDestination } from "../shipping/shipping-destination.js";
import { driveStateOfCopyStatus } from "./data-box-copy-statuses.js";
import type {
  ImportDriveStatus,
  ImportJobRef,
  ImportJobStage,
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
  asTexts,
  type JsonObject,
  resourceGroupOf,
  tagsOf,
} from "./raw-json.js";

const stageStates: Readonly<Record<string, ImportJobState>> = {
  DeviceOrdered: "creating",
  DevicePrepared: "creating",
  Created: "creating",
  AwaitingShipmentDetails: "creating",
  Dispatched: "shipping",
  PickedUp: "shipping",
  ShippedToAzureDC: "shipping",
  Delivered: "received",
  ReadyToReceiveAtAzureDC: "received",
  AtAzureDC: "received",
  DataCopy: "transferring",
  ReadyToDispatchFromAzureDC: "packaging",
  PreparingToShipFromAzureDC: "packaging",
  ShippedToCustomer: "shipped-to-customer",
  Completed: "completed",
  CompletedWithErrors: "completed-with-errors",
  CompletedWithWarnings: "completed-with-warnings",
  Cancelled: "cancelled",
  Aborted: "aborted",
  Failed_IssueReportedAtCustomer: "faulted",
  Failed_IssueDetectedAtAzureDC: "faulted",
};
const beforeArrival: ReadonlySet<ImportJobState> = new Set(["creating", "shipping", "unknown"] as const);

/** Whether a resource is an import of the customer's own disks, and not an order of another Data Box kind. */
export function isCustomerDiskImport(body: JsonObject): boolean {
  const sku = asText(asObject(body["sku"])?.["name"]);
  const transferType = asText(asObject(body["properties"])?.["transferType"]);
  return sku === "DataBoxCustomerDisk" && transferType !== "ExportFromAzure";
}

/** A job as one answer described it. */
export function readDataBoxJob(body: JsonObject, requested?: ImportJobRef): ImportJobStatus {
  const properties = asObject(body["properties"]) ?? {};
  const details = asObject(properties["details"]);
  const systemData = asObject(body["systemData"]) ?? {};
  const id = asText(body["id"]) ?? "";
  const serviceState = asText(properties["status"]);
  const state = stateOfStage(serviceState);
  const drives = details && readDrives(details, !beforeArrival.has(state));
  const error = asObject(properties["error"]);
  const imports = asObjects(details?.["dataImportDetails"]);
  const isCancelling = asObjects(details?.["jobStages"])?.some(
    (stage) => stage["stageStatus"] === "Cancelling",
  );
  return Object.freeze({
    kind: "data-box",
    resourceGroupName: requested?.resourceGroupName ?? resourceGroupOf(id) ?? "",
    jobName: asText(body["name"]) ?? requested?.jobName ?? "",
    id,
    location: asText(body["location"]),
    storageAccountId: asText(asObject(imports?.[0]?.["accountDetails"])?.["storageAccountId"]),
    state,
    serviceState,
    percentComplete: percentOf(asObjects(details?.["copyProgress"]) ?? []),
    cancelRequested:
      state === "cancelled" ||
      isCancelling === true ||
      asText(properties["cancellationReason"]) !== undefined,
    drives,
    deliveryPackage:
      readPackage(details?.["deliverToDcPackageDetails"]) ?? readPackage(details?.["deliveryPackage"]),
    returnPackage: readReturnPackage(details),
    stages: readStages(details),
    createdAt: asDate(properties["startTime"]) ?? asDate(systemData["createdAt"]),
    lastModifiedAt: asDate(systemData["lastModifiedAt"]),
    isCancellable: asBoolean(properties["isCancellable"]),
    isDeletable: asBoolean(properties["isDeletable"]),
    errorMessage: error && [asText(error["code"]), asText(error["message"])].filter(Boolean).join(": "),
    tags: tagsOf(body["tags"]),
  });
}

/** A datacentre's address; undefined when the answer has none. */
export function readDataBoxDestination(
  body: JsonObject,
  requestedLocation: string,
): ShippingDestination | undefined {
  const address = asObject(body["datacenterAddressResponse"]);
  if (!address) return undefined;
  const streets = [asText(address["street1"]), asText(address["street2"]), asText(address["street3"])];
  const phone = [asText(address["phone"]), asText(address["phoneExtension"])].filter(Boolean).join(" ext. ");
  const additional = [
    asText(address["communicationInstruction"]),
    asText(address["additionalShippingInformation"]),
  ];
  return Object.freeze({
    requestedLocation,
    location: asText(address["dataCenterAzureLocation"]) ?? requestedLocation,
    recipientName:
      [asText(address["contactPersonName"]), asText(address["company"])].filter(Boolean).join(", ") ||
      undefined,
    streetAddress1: streets[0],
    streetAddress2: streets.slice(1).filter(Boolean).join(", ") || undefined,
    city: asText(address["city"]),
    stateOrProvince: asText(address["state"]),
    postalCode: asText(address["zip"]),
    countryOrRegion: asText(address["country"]),
    phone: phone || undefined,
    additionalInformation: additional.filter(Boolean).join("\n") || undefined,
    supportedCarriers: Object.freeze([...asTexts(address["supportedCarriersForReturnShipment"])]),
  });
}

function stateOfStage(stageName: string | undefined): ImportJobState {
  return (
    (stageName !== undefined && Object.hasOwn(stageStates, stageName) ? stageStates[stageName] : undefined) ??
    "unknown"
  );
}

/** The drives ordered, with what copying and logs say about each. */
function readDrives(details: JsonObject, hasArrived: boolean): readonly ImportDriveStatus[] | undefined {
  const disks = asObject(details["importDiskDetailsCollection"]);
  if (!disks) return undefined;
  const bySerial = (items: unknown): Map<string, JsonObject> =>
    new Map(
      (asObjects(items) ?? []).map((item) => [(asText(item["serialNumber"]) ?? "").toUpperCase(), item]),
    );
  const progress = bySerial(details["copyProgress"]);
  const logs = bySerial(details["copyLogDetails"]);
  return Object.freeze(
    Object.entries(disks).map(([driveId, value]) => {
      const disk = asObject(value) ?? {};
      const copy = progress.get(driveId.toUpperCase());
      const log = logs.get(driveId.toUpperCase());
      const copyStatus = asText(copy?.["copyStatus"]);
      return Object.freeze({
        driveId,
        state: driveStateOfCopyStatus(copyStatus, hasArrived),
        serviceState: copyStatus,
        copyStatus,
        percentComplete: copy && percentOf([copy]),
        bytesSucceeded: asNumber(copy?.["bytesProcessed"]),
        manifestFile: asText(disk["manifestFile"]),
        manifestHash: asText(disk["manifestHash"]),
        errorLogUri: asText(log?.["errorLogLink"]),
        verboseLogUri: asText(log?.["verboseLogLink"]),
        manifestUri: asText(disk["backupManifestCloudPath"]),
      });
    }),
  );
}

function percentOf(progress: readonly JsonObject[]): number | undefined {
  const sum = (field: string): number =>
    progress.reduce((total, item) => total + (asNumber(item[field]) ?? 0), 0);
  const total = sum("totalBytesToProcess");
  return total > 0 ? Math.floor((sum("bytesProcessed") / total) * 100) : undefined;
}

function readStages(details: JsonObject | undefined): readonly ImportJobStage[] {
  const begun = (asObjects(details?.["jobStages"]) ?? []).filter(
    (stage) => asText(stage["stageName"]) !== undefined && (stage["stageStatus"] ?? "None") !== "None",
  );
  return Object.freeze(
    begun.map((stage) => {
      const serviceState = asText(stage["stageName"])!;
      return Object.freeze({
        state: stateOfStage(serviceState),
        serviceState,
        at: asDate(stage["stageTime"]),
      });
    }),
  );
}

function readPackage(value: unknown): PackageInformation | undefined {
  const information = asObject(value);
  const trackingNumber = asText(information?.["trackingId"]);
  if (!information || trackingNumber === undefined) return undefined;
  const carrierName = asText(information["carrierName"]) ?? "";
  return Object.freeze({ carrierName, trackingNumber, driveCount: undefined, shipDate: undefined });
}

/** Before the drives are on their way back these fields only repeat the order's carrier, without a tracking id. */
function readReturnPackage(details: JsonObject | undefined): PackageInformation | undefined {
  return readPackage(details?.["returnToCustomerPackageDetails"]) ?? readPackage(details?.["returnPackage"]);
}
