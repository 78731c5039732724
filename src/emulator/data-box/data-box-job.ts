/**
 * One `Microsoft.DataBox` job of SKU `DataBoxCustomerDisk`: its stages and the deadlines that end it. The deadlines are
 * those published for Import/Export jobs, which this SKU continues.
 */
import type { StorageAccountDefinition } from "../arm/subscription-inventory.js";
import { type DriveOutcome, isFailedDriveStatus } from "../datacentre/import-outcome.js";
import type { DriveProgress, ExpectedDrive, ShippedJob } from "../datacentre/shipped-job.js";
import {
  creatingPeriodInMs,
  finishedPeriodInMs,
  shippingPeriodInMs,
  unansweredPeriodInMs,
} from "../shipping-periods.js";

/** Stages that a customer disk job walks through, in order. */
export const dataBoxStages = [
  "AwaitingShipmentDetails",
  "ShippedToAzureDC",
  "AtAzureDC",
  "DataCopy",
  "PreparingToShipFromAzureDC",
  "ShippedToCustomer",
] as const;

/** A stage on the way. */
export type DataBoxStage = (typeof dataBoxStages)[number];

/** A stage at which a job ends. */
export type DataBoxFinalStage =
  | "Aborted"
  | "Cancelled"
  | "Completed"
  | "CompletedWithErrors"
  | "CompletedWithWarnings";

/** Copy status of a drive, from the service's `CopyStatus`. */
export type DataBoxCopyStatus =
  | "Completed"
  | "CompletedWithErrors"
  | "DriveCorrupted"
  | "DriveNotDetected"
  | "DriveNotReceived"
  | "HardwareError"
  | "InProgress"
  | "MetadataFilesModifiedOrRemoved"
  | "NotStarted"
  | "OtherServiceError"
  | "OtherUserError"
  | "StorageAccountNotAccessible"
  | "UnsupportedDrive";

/** A drive of the job. */
export interface DataBoxDrive extends ExpectedDrive {
  copyStatus: DataBoxCopyStatus;
  progress: DriveProgress | undefined;
  outcome: DriveOutcome | undefined;
}

/** What a client can set. Plain JSON as it was sent. */
export interface DataBoxJobSettings {
  tags: Readonly<Record<string, string>> | undefined;
  contactDetails: object;
  shippingAddress: object | undefined;
  reverseShippingDetails: object | undefined;
  preferences: object | undefined;
  keyEncryptionKey: object;
  returnToCustomerPackageDetails: object;
}

/** A job and what the datacentre may do to it. */
export interface DataBoxJob extends ShippedJob {
  readonly resourceGroup: string;
  readonly location: string;
  readonly storageAccountId: string;
  readonly createdAtInMs: number;
  readonly createdBy: string;
  /** When a client changed it last. */
  readonly modifiedAtInMs: number;
  readonly settings: DataBoxJobSettings;
  readonly drives: readonly DataBoxDrive[];
  readonly status: DataBoxFinalStage | DataBoxStage;
  /** When each stage was entered. */
  readonly stageTimes: ReadonlyMap<DataBoxFinalStage | DataBoxStage, number>;
  readonly deliverToDcPackage: { readonly carrierName: string; readonly trackingId: string } | undefined;
  readonly returnTrackingId: string | undefined;
  readonly cancellationReason: string | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly isCancellable: boolean;
  readonly isDeletable: boolean;
  readonly isShippingAddressEditable: boolean;
  /** Whether the job exists no longer. */
  readonly isExpired: boolean;
  /** Changes with every change of the settings. */
  readonly etag: string;
  update(changes: Partial<DataBoxJobSettings>, atInMs: number): void;
  markShipped(parcel: { readonly carrierName: string; readonly trackingId: string }, atInMs: number): void;
  cancel(reason: string, atInMs: number): void;
  applyDeadlines(nowInMs: number): void;
}

/** Makes a job in stage `AwaitingShipmentDetails`. */
export function createDataBoxJob(initial: {
  readonly name: string;
  readonly jobId: string;
  readonly resourceGroup: string;
  readonly location: string;
  readonly storageAccountId: string;
  readonly storageAccount: StorageAccountDefinition;
  readonly settings: DataBoxJobSettings;
  readonly drives: readonly DataBoxDrive[];
  readonly isVerbose: boolean;
  readonly backsUpManifests: boolean;
  readonly createdAtInMs: number;
  readonly createdBy: string;
}): DataBoxJob {
  const { settings, drives } = initial;
  let status: DataBoxFinalStage | DataBoxStage = "AwaitingShipmentDetails";
  const stageTimes = new Map<DataBoxFinalStage | DataBoxStage, number>([
    ["AwaitingShipmentDetails", initial.createdAtInMs],
  ]);
  let modifiedAtInMs = initial.createdAtInMs;
  let version = 1;
  let deliverToDcPackage: DataBoxJob["deliverToDcPackage"];
  let returnTrackingId: string | undefined;
  let cancellationReason: string | undefined;
  let error: DataBoxJob["error"];
  let isExpired = false;
  const drive = (driveId: string): DataBoxDrive | undefined =>
    drives.find((candidate) => candidate.driveId === driveId);
  const enter = (next: DataBoxFinalStage | DataBoxStage, atInMs: number): void => {
    status = next;
    stageTimes.set(next, atInMs);
  };
  const isFinal = (): boolean => !(dataBoxStages as readonly string[]).includes(status);
  const sinceInMs = (): number => stageTimes.get(status) ?? initial.createdAtInMs;

  return {
    ...initial,
    logFormat: "copy-log",
    logContainer: "databoxcopylog",
    stageTimes,
    get status() {
      return status;
    },
    get modifiedAtInMs() {
      return modifiedAtInMs;
    },
    get trackingNumber() {
      return deliverToDcPackage?.trackingId;
    },
    get deliverToDcPackage() {
      return deliverToDcPackage;
    },
    get returnTrackingId() {
      return returnTrackingId;
    },
    get cancellationReason() {
      return cancellationReason;
    },
    get error() {
      return error;
    },
    get isAwaitingPackage() {
      return status === "ShippedToAzureDC";
    },
    get isCancelled() {
      return status === "Cancelled";
    },
    get isCancellable() {
      return status === "AwaitingShipmentDetails";
    },
    get isDeletable() {
      return isFinal();
    },
    get isShippingAddressEditable() {
      return !isFinal() && status !== "PreparingToShipFromAzureDC" && status !== "ShippedToCustomer";
    },
    get isExpired() {
      return isExpired;
    },
    get etag() {
      return `"${version}"`;
    },
    update(changes, atInMs) {
      Object.assign(
        settings,
        Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)),
      );
      modifiedAtInMs = atInMs;
      version += 1;
    },
    markShipped(parcel, atInMs) {
      deliverToDcPackage = parcel;
      modifiedAtInMs = atInMs;
      enter("ShippedToAzureDC", atInMs);
    },
    cancel(reason, atInMs) {
      cancellationReason = reason;
      modifiedAtInMs = atInMs;
      enter("Cancelled", atInMs);
    },
    applyDeadlines(nowInMs) {
      if (status === "AwaitingShipmentDetails" && nowInMs >= modifiedAtInMs + creatingPeriodInMs) {
        isExpired = true;
      }
      if (status === "ShippedToAzureDC" && nowInMs >= sinceInMs() + shippingPeriodInMs) {
        for (const item of drives) item.copyStatus = "DriveNotReceived";
        const closedAtInMs = sinceInMs() + shippingPeriodInMs + unansweredPeriodInMs;
        if (nowInMs >= closedAtInMs) {
          error = {
            code: "DrivesNotReceived",
            message: "The drives did not arrive, and nobody answered the operators.",
          };
          enter("Aborted", closedAtInMs);
        }
      }
      if (isFinal() && nowInMs >= sinceInMs() + finishedPeriodInMs) isExpired = true;
    },
    packageBooked(atInMs, receivedDriveIds) {
      enter("AtAzureDC", atInMs);
      for (const item of drives) {
        item.copyStatus = receivedDriveIds.has(item.driveId) ? "NotStarted" : "DriveNotReceived";
      }
    },
    transferStarted(atInMs) {
      enter("DataCopy", atInMs);
    },
    driveStarted(driveId) {
      const item = drive(driveId);
      if (item !== undefined) item.copyStatus = "InProgress";
    },
    driveProgressed(driveId, progress) {
      const item = drive(driveId);
      if (item !== undefined) item.progress = progress;
    },
    driveFinished(driveId, outcome) {
      const item = drive(driveId);
      if (item === undefined) return;
      item.outcome = outcome;
      item.copyStatus = copyStatusOf(outcome);
    },
    transferFinished(atInMs) {
      enter("PreparingToShipFromAzureDC", atInMs);
    },
    drivesReturned(atInMs) {
      enter("ShippedToCustomer", atInMs);
      returnTrackingId = `RETURN-${initial.name}`;
      enter(finalStageOf(drives), atInMs);
    },
  };
}

function finalStageOf(drives: readonly DataBoxDrive[]): DataBoxFinalStage {
  const hasFailures = drives.some(
    ({ copyStatus, outcome }) =>
      copyStatus === "DriveNotReceived" || (outcome !== undefined && isFailedDriveStatus(outcome.status)),
  );
  if (hasFailures) return "CompletedWithErrors";
  return drives.some(({ outcome }) => outcome?.status === "CompletedWithWarnings")
    ? "CompletedWithWarnings"
    : "Completed";
}

/** The published copy statuses are coarser than drive statuses; the log and the drive's error tell the rest. */
function copyStatusOf({ status }: DriveOutcome): DataBoxCopyStatus {
  switch (status) {
    case "Completed":
    case "CompletedWithWarnings":
      return "Completed";
    case "CompletedWithErrors":
      return "CompletedWithErrors";
    case "DiskNotFound":
      return "DriveNotDetected";
    case "DiskOperationFailed":
    case "ReadManifestFailed":
      return "HardwareError";
    case "VolumeNotNtfs":
    case "BitLockerVolumeNotFound":
    case "BitLockerNotActivated":
      return "UnsupportedDrive";
    case "BitLockerUnlockVolumeFailed":
    case "BitLockerFailed":
      return "DriveCorrupted";
    case "BitLockerProtectorNotFound":
    case "BitLockerKeyInvalid":
      return "OtherUserError";
    case "ManifestNameInvalid":
    case "ManifestNameTooLong":
    case "ManifestNotFound":
    case "ManifestAccessDenied":
    case "ManifestCorrupted":
    case "ManifestFormatInvalid":
    case "ManifestDriveIdMismatch":
      return "MetadataFilesModifiedOrRemoved";
    case "BlobRequestForbidden":
      return "StorageAccountNotAccessible";
    case "InternalError":
      return "OtherServiceError";
  }
}
