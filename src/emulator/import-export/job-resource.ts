/**
 * The wire shape of a job, with the habits seen in recorded traffic: `PUT` echoes the location as it was sent while
 * reads give its display name, recovery keys never come back, lists leave out the drives.
 */
import type { ImportExportDrive, ImportExportJob } from "./import-export-job.js";
import { findImportExportLocation } from "./locations.js";

/** Which habits apply. */
export interface JobResourceOptions {
  /** The location exactly as a `PUT` sent it; undefined: the display name. */
  readonly sentLocation?: string;
  readonly omitsDrives?: boolean;
}

/** ARM id of a job. */
export function importExportJobId(subscriptionId: string, job: ImportExportJob): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${job.resourceGroup}/providers/Microsoft.ImportExport/jobs/${job.name}`;
}

/** JSON of a job. */
export function importExportJobResource(
  subscriptionId: string,
  job: ImportExportJob,
  options: JobResourceOptions = {},
): object {
  const { settings } = job;
  const location = findImportExportLocation(job.locationName);
  return withoutUndefined({
    properties: withoutUndefined({
      storageAccountId: job.storageAccountId,
      jobType: "Import",
      returnAddress: settings.returnAddress,
      returnShipping: settings.returnShipping,
      shippingInformation: location && shippingInformation(location.name),
      deliveryPackage: settings.deliveryPackage,
      returnPackage: job.returnPackage,
      diagnosticsPath: settings.diagnosticsPath,
      logLevel: settings.logLevel,
      backupDriveManifest: settings.backupDriveManifest,
      cancelRequested: job.isCancelled,
      state: job.state,
      percentComplete: job.state === "Creating" || job.state === "Shipping" ? undefined : job.percentComplete,
      driveList: options.omitsDrives ? undefined : settings.drives.map(driveResource),
      provisioningState: "Succeeded",
      encryptionKey: settings.encryptionKey,
    }),
    identity: { type: "None" },
    systemData: job.systemData,
    id: importExportJobId(subscriptionId, job),
    name: job.name,
    type: "Microsoft.ImportExport/jobs",
    location: options.sentLocation ?? location?.name ?? job.locationName,
    tags: settings.tags,
  });
}

/** The address of the site that serves a location, as the service enters it in a job. */
function shippingInformation(locationName: string): object | undefined {
  const location = findImportExportLocation(locationName);
  const isOpen = location?.alternates.includes(location.name) ?? false;
  const open = isOpen ? location : findImportExportLocation(location?.alternates[0] ?? "");
  if (open === undefined) return undefined;
  const { additionalShippingInformation, ...address } = open.address;
  return { ...address, additionalInformation: additionalShippingInformation };
}

function driveResource(drive: ImportExportDrive): object {
  return withoutUndefined({
    driveId: drive.driveId,
    manifestFile: drive.manifestFile,
    manifestHash: drive.manifestHash,
    driveHeaderHash: drive.driveHeaderHash,
    state: drive.state,
    copyStatus: drive.copyStatus,
    percentComplete: drive.copyStatus === undefined ? undefined : drive.percentComplete,
    bytesSucceeded: drive.copyStatus === undefined ? undefined : drive.bytesSucceeded,
    verboseLogUri: drive.outcome?.verboseLogUri,
    errorLogUri: drive.outcome?.errorLogUri,
    manifestUri: drive.outcome?.manifestUri,
  });
}

function withoutUndefined(value: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}
