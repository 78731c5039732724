/** The wire shape of a Data Box job. Details come only when `$expand=details` asks for them; secrets never. */
import { type DataBoxDrive, type DataBoxJob, dataBoxStages } from "./data-box-job.js";
import { customerDiskSku } from "./data-box-request.js";

const displayNames: Readonly<Record<string, string>> = {
  AwaitingShipmentDetails: "Awaiting shipment information",
  ShippedToAzureDC: "Shipped",
  AtAzureDC: "Received",
  DataCopy: "Data copy in progress",
  PreparingToShipFromAzureDC: "Preparing to ship",
  ShippedToCustomer: "Shipped to customer",
};

/** ARM id of a job. */
export function dataBoxJobId(subscriptionId: string, job: DataBoxJob): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${job.resourceGroup}/providers/Microsoft.DataBox/jobs/${job.name}`;
}

/** JSON of a job. */
export function dataBoxJobResource(subscriptionId: string, job: DataBoxJob, hasDetails: boolean): object {
  const createdAt = new Date(job.createdAtInMs).toISOString();
  return {
    properties: withoutUndefined({
      transferType: "ImportToAzure",
      isCancellable: job.isCancellable,
      isDeletable: job.isDeletable,
      isShippingAddressEditable: job.isShippingAddressEditable,
      isPrepareToShipEnabled: false,
      isCancellableWithoutFee: job.isCancellable,
      status: job.status,
      startTime: createdAt,
      cancellationReason: job.cancellationReason,
      error: job.error,
      deliveryType: "NonScheduled",
      details: hasDetails ? detailsOf(job) : undefined,
    }),
    location: job.location,
    tags: job.settings.tags ?? {},
    sku: { name: customerDiskSku },
    identity: { type: "None" },
    systemData: {
      createdBy: job.createdBy,
      createdByType: "Application",
      createdAt,
      lastModifiedBy: job.createdBy,
      lastModifiedByType: "Application",
      lastModifiedAt: new Date(job.modifiedAtInMs).toISOString(),
    },
    name: job.name,
    id: dataBoxJobId(subscriptionId, job),
    type: "Microsoft.DataBox/jobs",
  };
}

function detailsOf(job: DataBoxJob): object {
  const { settings, drives } = job;
  return withoutUndefined({
    jobDetailsType: customerDiskSku,
    jobStages: stagesOf(job),
    contactDetails: settings.contactDetails,
    shippingAddress: settings.shippingAddress,
    reverseShippingDetails: settings.reverseShippingDetails,
    preferences: settings.preferences,
    keyEncryptionKey: settings.keyEncryptionKey,
    dataImportDetails: [
      {
        accountDetails: { dataAccountType: "StorageAccount", storageAccountId: job.storageAccountId },
        logCollectionLevel: job.isVerbose ? "Verbose" : "Error",
      },
    ],
    importDiskDetailsCollection: Object.fromEntries(
      drives.map((drive) => [
        drive.driveId,
        withoutUndefined({
          manifestFile: drive.manifestFile,
          manifestHash: drive.manifestHash,
          backupManifestCloudPath: drive.outcome?.manifestUri,
        }),
      ]),
    ),
    enableManifestBackup: job.backsUpManifests,
    deliverToDcPackageDetails: job.deliverToDcPackage,
    returnToCustomerPackageDetails: withoutUndefined({
      ...settings.returnToCustomerPackageDetails,
      trackingId: job.returnTrackingId,
    }),
    copyProgress: job.stageTimes.has("AtAzureDC") ? drives.map((drive) => copyProgressOf(job, drive)) : [],
    copyLogDetails: drives.flatMap(({ driveId, outcome }) =>
      outcome === undefined
        ? []
        : [
            withoutUndefined({
              copyLogDetailsType: customerDiskSku,
              serialNumber: driveId,
              errorLogLink: outcome.errorLogUri,
              verboseLogLink: outcome.verboseLogUri,
            }),
          ],
    ),
  });
}

/** The stages of the plan and, once it is known, the one the job ended at. */
function stagesOf(job: DataBoxJob): readonly object[] {
  const finalStage = (dataBoxStages as readonly string[]).includes(job.status) ? "Completed" : job.status;
  return [...dataBoxStages, finalStage].map((stageName) => {
    const enteredAtInMs = job.stageTimes.get(stageName);
    return withoutUndefined({
      stageName,
      displayName: displayNames[stageName] ?? stageName.replace(/(?<=[a-z])(?=[A-Z])/g, " "),
      stageStatus: stageStatusOf(job, stageName, enteredAtInMs !== undefined),
      stageTime: enteredAtInMs === undefined ? undefined : new Date(enteredAtInMs).toISOString(),
    });
  });
}

function stageStatusOf(job: DataBoxJob, stageName: string, isEntered: boolean): string {
  if (!isEntered) return "None";
  if (stageName === "Cancelled") return "Cancelled";
  if (stageName === "Aborted") return "Failed";
  if (stageName === "CompletedWithErrors") return "SucceededWithErrors";
  if (stageName === "CompletedWithWarnings") return "SucceededWithWarnings";
  return stageName === job.status && stageName !== "Completed" ? "InProgress" : "Succeeded";
}

function copyProgressOf(job: DataBoxJob, { driveId, copyStatus, progress, outcome }: DataBoxDrive): object {
  return withoutUndefined({
    serialNumber: driveId,
    copyStatus,
    storageAccountName: job.storageAccount.name,
    transferType: "ImportToAzure",
    dataAccountType: "StorageAccount",
    accountId: job.storageAccountId,
    bytesProcessed: outcome?.bytesSucceeded ?? progress?.bytesDone ?? 0,
    totalBytesToProcess: outcome?.bytesTotal ?? progress?.bytesTotal ?? 0,
    filesProcessed: outcome?.blobCount ?? progress?.blobsDone ?? 0,
    totalFilesToProcess: outcome?.blobCount ?? progress?.blobsTotal ?? 0,
    invalidFilesProcessed: 0,
    invalidFileBytesUploaded: 0,
    renamedContainerCount: 0,
    filesErroredOut: outcome?.blobsWithErrors ?? progress?.blobsWithErrors ?? 0,
    directoriesErroredOut: 0,
    invalidDirectoriesProcessed: 0,
    isEnumerationInProgress: false,
    // The copy status is coarse; the drive status says what exactly went wrong.
    error:
      outcome === undefined || copyStatus === "Completed" || copyStatus === "CompletedWithErrors"
        ? undefined
        : {
            code: outcome.status,
            message: `The drive '${driveId}' could not be processed: ${outcome.status}.`,
          },
    actions: [],
  });
}

function withoutUndefined(value: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}
