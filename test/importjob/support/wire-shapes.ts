/**
 * Bodies of both providers as published: `Microsoft.ImportExport` 2021-01-01 (azure-rest-api-specs, storageimportexport.json)
 * and `Microsoft.DataBox` 2022-12-01 (databox.json, SKU DataBoxCustomerDisk). Closed: a field that is not published is wrong.
 */
import type { JsonSchema } from "../../support/json-schema.js";

const text: JsonSchema = { type: "string" };
const flag: JsonSchema = { type: "boolean" };
const count: JsonSchema = { type: "integer", minimum: 0 };
const time: JsonSchema = { type: "string", pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d" };
const oneOf = (...words: readonly string[]): JsonSchema => ({ enum: words });
const list = (items: JsonSchema, minItems = 0, maxItems = 1000): JsonSchema => ({
  type: "array",
  items,
  minItems,
  maxItems,
});
const mapOf = (additionalProperties: JsonSchema): JsonSchema => ({ type: "object", additionalProperties });
const object = (
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema => ({
  type: "object",
  required: Object.keys(required),
  properties: { ...required, ...optional },
  additionalProperties: false,
});
const page = (item: JsonSchema): JsonSchema => object({ value: list(item) }, { nextLink: text });

const systemData = object({
  createdBy: text,
  createdByType: oneOf("User", "Application", "ManagedIdentity", "Key"),
  createdAt: time,
  lastModifiedBy: text,
  lastModifiedByType: oneOf("User", "Application", "ManagedIdentity", "Key"),
  lastModifiedAt: time,
});
const errorItem = object({ code: text, message: text }, { target: text });
/** Refusals of Azure Resource Manager. */
export const errorBody = object({
  error: object(
    { code: text, message: text },
    { target: text, details: list(errorItem), innererror: mapOf(text) },
  ),
});
/** `POST …/register` and `GET` of a resource provider are not the services' own and are left out. */

// --- Microsoft.ImportExport ---
const returnAddress = object(
  {
    recipientName: text,
    streetAddress1: text,
    city: text,
    postalCode: text,
    countryOrRegion: text,
    phone: text,
    email: text,
  },
  { streetAddress2: text, stateOrProvince: text },
);
const returnShipping = object({ carrierName: text, carrierAccountNumber: text });
const shippingInformation = object(
  {
    recipientName: text,
    streetAddress1: text,
    city: text,
    stateOrProvince: text,
    postalCode: text,
    countryOrRegion: text,
  },
  { streetAddress2: text, phone: text, additionalInformation: text },
);
const deliveryPackage = object(
  { carrierName: text, trackingNumber: text },
  { driveCount: count, shipDate: text },
);
const hash: JsonSchema = { type: "string", pattern: "^[0-9A-Fa-f]{32}$" };
const sentDrive = object(
  { driveId: text, bitLockerKey: text, manifestFile: text, manifestHash: hash },
  { driveHeaderHash: text },
);
const seenDrive = object(
  {
    driveId: text,
    manifestFile: text,
    manifestHash: hash,
    state: oneOf(
      "Specified",
      "Received",
      "NeverReceived",
      "Transferring",
      "Completed",
      "CompletedMoreInfo",
      "ShippedBack",
    ),
  },
  {
    driveHeaderHash: text,
    copyStatus: text,
    percentComplete: { type: "integer", minimum: 0, maximum: 100 },
    verboseLogUri: text,
    errorLogUri: text,
    manifestUri: text,
    bytesSucceeded: count,
  },
);
const sentJob = {
  returnAddress,
  returnShipping,
  shippingInformation,
  deliveryPackage,
  diagnosticsPath: text,
  logLevel: oneOf("Error", "Verbose"),
  backupDriveManifest: flag,
};
const seenJob = object(
  {
    storageAccountId: text,
    jobType: oneOf("Import"),
    state: oneOf(
      ...[
        "Creating",
        "Shipping",
        "Received",
        "Transferring",
        "Packaging",
        "Completed",
        "Closed",
        "Canceled",
        "Faulted",
      ],
    ),
    cancelRequested: flag,
    provisioningState: oneOf("Succeeded"),
    encryptionKey: object(
      { kekType: oneOf("MicrosoftManaged", "CustomerManaged") },
      { kekUrl: text, kekVaultResourceID: text },
    ),
  },
  {
    ...sentJob,
    returnPackage: object({ carrierName: text, trackingNumber: text, driveCount: count, shipDate: text }),
    incompleteBlobListUri: text,
    percentComplete: { type: "integer", minimum: 0, maximum: 100 },
    driveList: list(seenDrive, 1, 10),
  },
);
const importExportJob = object(
  { id: text, name: text, type: oneOf("Microsoft.ImportExport/jobs"), location: text, properties: seenJob },
  {
    tags: mapOf(text),
    identity: object(
      { type: oneOf("None", "SystemAssigned", "UserAssigned") },
      { principalId: text, tenantId: text },
    ),
    systemData,
  },
);
const location = object({
  id: text,
  name: text,
  type: oneOf("Microsoft.ImportExport/locations"),
  properties: object(
    {
      recipientName: text,
      streetAddress1: text,
      city: text,
      postalCode: text,
      countryOrRegion: text,
      phone: text,
      supportedCarriers: list(text, 1),
      alternateLocations: list(text),
    },
    { streetAddress2: text, stateOrProvince: text, additionalShippingInformation: text },
  ),
});

// --- Microsoft.DataBox ---
const contactDetails = object(
  { contactName: text, phone: text, emailList: list(text, 1) },
  { phoneExtension: text, mobile: text },
);
const shippingAddress = object(
  { streetAddress1: text, country: text },
  {
    streetAddress2: text,
    streetAddress3: text,
    city: text,
    stateOrProvince: text,
    postalCode: text,
    zipExtendedCode: text,
    companyName: text,
    addressType: oneOf("None", "Residential", "Commercial"),
  },
);
const returnParcel = object({}, { carrierAccountNumber: text, carrierName: text, trackingId: text });
const dataImportDetails = list(
  object(
    { accountDetails: object({ dataAccountType: oneOf("StorageAccount"), storageAccountId: text }) },
    { logCollectionLevel: oneOf("Error", "Verbose") },
  ),
  1,
  1,
);
const sku = object({ name: oneOf("DataBoxCustomerDisk") }, { displayName: text, family: text, model: text });
const stageNames = [
  ...[
    "Created",
    "AwaitingShipmentDetails",
    "ShippedToAzureDC",
    "AtAzureDC",
    "DataCopy",
    "PreparingToShipFromAzureDC",
  ],
  ...[
    "ShippedToCustomer",
    "Completed",
    "CompletedWithErrors",
    "CompletedWithWarnings",
    "Cancelled",
    "Aborted",
  ],
];
const seenDisk = object(
  { manifestFile: text, manifestHash: hash },
  { bitLockerKey: text, backupManifestCloudPath: text },
);
const dataBoxDetails = object(
  {
    jobDetailsType: oneOf("DataBoxCustomerDisk"),
    contactDetails,
    dataImportDetails,
    importDiskDetailsCollection: mapOf(seenDisk),
    returnToCustomerPackageDetails: returnParcel,
    jobStages: list(
      object(
        {
          stageName: oneOf(...stageNames),
          displayName: text,
          stageStatus: oneOf(
            "None",
            "InProgress",
            "Succeeded",
            "Failed",
            "Cancelled",
            "Cancelling",
            "SucceededWithErrors",
            "SucceededWithWarnings",
          ),
        },
        { stageTime: time, jobStageDetails: mapOf(text) },
      ),
    ),
  },
  {
    shippingAddress,
    deliverToDcPackageDetails: object({ carrierName: text, trackingId: text }),
    enableManifestBackup: flag,
    keyEncryptionKey: object({ kekType: oneOf("MicrosoftManaged", "CustomerManaged") }),
    preferences: mapOf(text),
    reverseShippingDetails: mapOf(text),
    chainOfCustodySasKey: text,
    copyProgress: list(mapOf({ oneOf: [text, { type: "number" }, flag, mapOf(text), list(mapOf(text))] })),
    copyLogDetails: list(
      object(
        { copyLogDetailsType: oneOf("DataBoxCustomerDisk"), serialNumber: text },
        { errorLogLink: text, verboseLogLink: text },
      ),
    ),
    datacenterAddress: mapOf({ oneOf: [text, list(text)] }),
    dataCenterCode: text,
    actions: list(text),
    expectedDataSizeInTeraBytes: count,
  },
);
const dataBoxJob = object(
  {
    id: text,
    name: text,
    type: oneOf("Microsoft.DataBox/jobs"),
    location: text,
    sku,
    properties: object(
      {
        transferType: oneOf("ImportToAzure"),
        status: oneOf(...stageNames),
        isCancellable: flag,
        isDeletable: flag,
        isShippingAddressEditable: flag,
        startTime: time,
      },
      {
        isCancellableWithoutFee: flag,
        isPrepareToShipEnabled: flag,
        allDevicesLost: flag,
        reverseShippingDetailsUpdate: text,
        reverseTransportPreferenceUpdate: text,
        cancellationReason: text,
        delayedStage: text,
        deliveryType: text,
        error: errorItem,
        details: dataBoxDetails,
      },
    ),
  },
  { tags: mapOf(text), identity: object({ type: text }), systemData },
);

/** What a request of one kind sends, and what an answer of success brings. */
export interface WireShape {
  readonly method: string;
  readonly path: RegExp;
  readonly sends?: JsonSchema;
  readonly brings?: JsonSchema;
}

const classic = "/providers/Microsoft\\.ImportExport";
const box = "/providers/Microsoft\\.DataBox";

/** Every operation the adapters use, by method and path. */
export const wireShapes: readonly WireShape[] = [
  {
    method: "PUT",
    path: new RegExp(`${classic}/jobs/[^/]+$`),
    sends: object(
      {
        location: text,
        properties: object({
          ...{ storageAccountId: text, jobType: oneOf("Import"), driveList: list(sentDrive, 1, 10) },
          ...{ returnAddress, returnShipping, shippingInformation },
          ...{ diagnosticsPath: text, logLevel: oneOf("Error", "Verbose"), backupDriveManifest: flag },
        }),
      },
      { tags: mapOf(text) },
    ),
    brings: importExportJob,
  },
  {
    method: "PATCH",
    path: new RegExp(`${classic}/jobs/[^/]+$`),
    sends: object(
      {
        properties: object(
          {},
          {
            cancelRequested: { const: true },
            state: oneOf("Shipping"),
            returnAddress,
            returnShipping,
            deliveryPackage,
          },
        ),
      },
      { tags: mapOf(text) },
    ),
    brings: importExportJob,
  },
  { method: "GET", path: new RegExp(`${classic}/jobs/[^/]+$`), brings: importExportJob },
  { method: "GET", path: new RegExp(`${classic}/jobs$`), brings: page(importExportJob) },
  { method: "DELETE", path: new RegExp(`${classic}/jobs/[^/]+$`) },
  {
    method: "POST",
    path: new RegExp(`${classic}/jobs/[^/]+/listBitLockerKeys$`),
    brings: object({ value: list(object({ driveId: text, bitLockerKey: text })) }),
  },
  { method: "GET", path: new RegExp(`${classic}/locations/[^/]+$`), brings: location },
  {
    method: "PUT",
    path: new RegExp(`${box}/jobs/[^/]+$`),
    sends: object(
      {
        location: text,
        sku,
        properties: object({
          transferType: oneOf("ImportToAzure"),
          details: object(
            {
              jobDetailsType: oneOf("DataBoxCustomerDisk"),
              contactDetails,
              dataImportDetails,
              importDiskDetailsCollection: mapOf(
                object({ manifestFile: text, manifestHash: hash, bitLockerKey: text }),
              ),
              returnToCustomerPackageDetails: returnParcel,
            },
            { shippingAddress, enableManifestBackup: flag },
          ),
        }),
      },
      { tags: mapOf(text) },
    ),
  },
  {
    method: "PATCH",
    path: new RegExp(`${box}/jobs/[^/]+$`),
    sends: object(
      {
        properties: object({
          details: object(
            {},
            { contactDetails, shippingAddress, returnToCustomerPackageDetails: returnParcel },
          ),
        }),
      },
      { tags: mapOf(text) },
    ),
  },
  { method: "GET", path: new RegExp(`${box}/jobs/[^/]+$`), brings: dataBoxJob },
  { method: "GET", path: new RegExp(`${box}/jobs$`), brings: page(dataBoxJob) },
  { method: "DELETE", path: new RegExp(`${box}/jobs/[^/]+$`) },
  { method: "POST", path: new RegExp(`${box}/jobs/[^/]+/cancel$`), sends: object({ reason: text }) },
  {
    method: "POST",
    path: new RegExp(`${box}/jobs/[^/]+/markDevicesShipped$`),
    sends: object({ deliverToDcPackageDetails: object({ carrierName: text, trackingId: text }) }),
  },
  {
    method: "POST",
    path: new RegExp(`${box}/jobs/[^/]+/listCredentials$`),
    brings: object({
      value: list(
        object({
          jobName: text,
          jobSecrets: object(
            {
              jobSecretsType: oneOf("DataBoxCustomerDisk"),
              diskSecrets: list(object({ diskSerialNumber: text, bitLockerKey: text })),
            },
            { carrierAccountNumber: text, dcAccessSecurityCode: mapOf(text), error: errorItem },
          ),
        }),
      ),
    }),
  },
  {
    method: "POST",
    path: new RegExp(`${box}/locations/[^/]+/regionConfiguration$`),
    sends: object({
      datacenterAddressRequest: object({ storageLocation: text, skuName: oneOf("DataBoxCustomerDisk") }),
    }),
    brings: object({
      datacenterAddressResponse: {
        type: "object",
        required: ["datacenterAddressType", "supportedCarriersForReturnShipment", "dataCenterAzureLocation"],
        properties: { supportedCarriersForReturnShipment: list(text) },
        additionalProperties: text,
      },
    }),
  },
  // A running operation brings nothing, a finished one the job as a read does, or nothing when it was removed.
  { method: "GET", path: new RegExp(`${box}/locations/[^/]+/operationResults/[^/]+$`), brings: dataBoxJob },
  // Storage accounts are another provider's.
  { method: "GET", path: /\/providers\/Microsoft\.Storage\// },
];
