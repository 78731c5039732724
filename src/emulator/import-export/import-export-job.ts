/**
 * One `Microsoft.ImportExport` job: its data, its states and the deadlines that end it (public articles "View status of
 * Azure Import/Export jobs" and "Retrieving state information for an Import/Export job").
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

/** States of a classic job. */
export type ImportExportJobState =
  | "Creating"
  | "Shipping"
  | "Received"
  | "Transferring"
  | "Packaging"
  | "Completed"
  | "Closed";

/** States of one of its drives. */
export type ImportExportDriveState =
  | "Specified"
  | "Received"
  | "NeverReceived"
  | "Transferring"
  | "Completed"
  | "CompletedMoreInfo"
  | "ShippedBack";

/** A drive of the job. */
export interface ImportExportDrive extends ExpectedDrive {
  readonly driveHeaderHash: string;
  state: ImportExportDriveState;
  copyStatus: string | undefined;
  percentComplete: number;
  bytesSucceeded: number;
  outcome: DriveOutcome | undefined;
}

/** What a client can set. Plain JSON as it was sent. */
export interface ImportExportJobSettings {
  tags: Readonly<Record<string, string>> | undefined;
  returnAddress: object | undefined;
  returnShipping: object | undefined;
  deliveryPackage: { readonly carrierName: string; readonly trackingNumber: string } | undefined;
  diagnosticsPath: string;
  logLevel: string;
  backupDriveManifest: boolean;
  encryptionKey: object;
  drives: readonly ImportExportDrive[];
}

/** A job and what the datacentre may do to it. */
export interface ImportExportJob extends ShippedJob {
  readonly resourceGroup: string;
  readonly locationName: string;
  readonly storageAccountId: string;
  readonly settings: ImportExportJobSettings;
  readonly state: ImportExportJobState;
  readonly percentComplete: number;
  readonly returnPackage: object | undefined;
  /** Whether the job exists no longer. */
  readonly isExpired: boolean;
  readonly systemData: object;
  /** Restarts the two-week clock of a job that is still being created. */
  touch(atInMs: number, caller: string): void;
  requestCancel(): void;
  ship(atInMs: number): void;
  applyDeadlines(nowInMs: number): void;
}

/** Makes a job in state `Creating`. */
export function createImportExportJob(initial: {
  readonly name: string;
  readonly jobId: string;
  readonly resourceGroup: string;
  readonly locationName: string;
  readonly storageAccountId: string;
  readonly storageAccount: StorageAccountDefinition;
  readonly settings: ImportExportJobSettings;
  readonly createdAtInMs: number;
  readonly createdBy: string;
}): ImportExportJob {
  const { settings } = initial;
  let state: ImportExportJobState = "Creating";
  let cancelRequested = false;
  let returnPackage: object | undefined;
  let isExpired = false;
  /** When the present state was entered, or the creating job was last updated. */
  let sinceInMs = initial.createdAtInMs;
  let modified = { atInMs: initial.createdAtInMs, by: initial.createdBy };
  const drive = (driveId: string): ImportExportDrive | undefined =>
    settings.drives.find((candidate) => candidate.driveId === driveId);
  const enter = (next: ImportExportJobState, atInMs: number): void => {
    state = next;
    sinceInMs = atInMs;
  };

  return {
    ...initial,
    logFormat: "drive-log",
    get logContainer() {
      return settings.diagnosticsPath;
    },
    get isVerbose() {
      return settings.logLevel === "Verbose";
    },
    get backsUpManifests() {
      return settings.backupDriveManifest;
    },
    get drives() {
      return settings.drives;
    },
    get trackingNumber() {
      return settings.deliveryPackage?.trackingNumber;
    },
    get isAwaitingPackage() {
      return state === "Shipping";
    },
    get isCancelled() {
      return cancelRequested;
    },
    get state() {
      return state;
    },
    get percentComplete() {
      const sum = settings.drives.reduce((total, { percentComplete }) => total + percentComplete, 0);
      return settings.drives.length === 0 ? 0 : Math.floor(sum / settings.drives.length);
    },
    get returnPackage() {
      return returnPackage;
    },
    get isExpired() {
      return isExpired;
    },
    get systemData() {
      return {
        createdBy: initial.createdBy,
        createdByType: "Application",
        createdAt: new Date(initial.createdAtInMs).toISOString(),
        lastModifiedBy: modified.by,
        lastModifiedByType: "Application",
        lastModifiedAt: new Date(modified.atInMs).toISOString(),
      };
    },
    touch(atInMs, caller) {
      modified = { atInMs, by: caller };
      if (state === "Creating") sinceInMs = atInMs;
    },
    requestCancel() {
      cancelRequested = true;
    },
    ship(atInMs) {
      enter("Shipping", atInMs);
    },
    applyDeadlines(nowInMs) {
      if (state === "Creating" && nowInMs >= sinceInMs + creatingPeriodInMs) isExpired = true;
      const closedAtInMs = sinceInMs + shippingPeriodInMs + unansweredPeriodInMs;
      if (state === "Shipping" && nowInMs >= sinceInMs + shippingPeriodInMs) {
        for (const { driveId } of settings.drives) drive(driveId)!.state = "NeverReceived";
        if (nowInMs >= closedAtInMs) enter("Closed", closedAtInMs);
      }
      if ((state === "Completed" || state === "Closed") && nowInMs >= sinceInMs + finishedPeriodInMs) {
        isExpired = true;
      }
    },
    packageBooked(atInMs, receivedDriveIds) {
      enter("Received", atInMs);
      for (const item of settings.drives) {
        item.state = receivedDriveIds.has(item.driveId) ? "Received" : "NeverReceived";
      }
    },
    transferStarted(atInMs) {
      enter("Transferring", atInMs);
    },
    driveStarted(driveId) {
      const item = drive(driveId);
      if (item === undefined) return;
      item.state = "Transferring";
      item.copyStatus = "InProgress";
    },
    driveProgressed(driveId, progress: DriveProgress) {
      const item = drive(driveId);
      if (item === undefined) return;
      item.bytesSucceeded = progress.bytesDone;
      // The last percent is the log's.
      item.percentComplete = Math.min(
        99,
        Math.floor((100 * progress.bytesDone) / Math.max(1, progress.bytesTotal)),
      );
    },
    driveFinished(driveId, outcome) {
      const item = drive(driveId);
      if (item === undefined) return;
      item.outcome = outcome;
      item.copyStatus = outcome.status;
      item.bytesSucceeded = outcome.bytesSucceeded;
      item.percentComplete = 100;
      item.state = outcome.status === "Completed" ? "Completed" : "CompletedMoreInfo";
    },
    transferFinished(atInMs) {
      enter("Packaging", atInMs);
    },
    drivesReturned(atInMs) {
      const hasFailures = settings.drives.some(
        ({ state: driveState, outcome }) =>
          driveState === "NeverReceived" || (outcome !== undefined && isFailedDriveStatus(outcome.status)),
      );
      const returned = settings.drives.filter(({ state: driveState }) => driveState !== "NeverReceived");
      for (const item of returned) item.state = "ShippedBack";
      returnPackage = {
        carrierName: (settings.returnShipping as { carrierName?: string } | undefined)?.carrierName ?? "",
        trackingNumber: `RETURN-${initial.name}`,
        driveCount: returned.length,
        shipDate: new Date(atInMs).toISOString(),
      };
      enter(hasFailures ? "Closed" : "Completed", atInMs);
    },
  };
}
