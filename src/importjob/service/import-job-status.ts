/**
 * What a job and its drives are doing, in one vocabulary for both services. The service's own word is kept beside ours;
 * a field the service did not send is undefined, never a default.
 */

/** The two services an order can be placed with. */
export type ImportServiceKind = "import-export" | "data-box";

/** Names one job. */
export interface ImportJobRef {
  readonly resourceGroupName: string;
  readonly jobName: string;
}

/**
 * Where a job stands.
 *
 * `creating` waits for the parcel's tracking number; `shipping` is on the way to the datacentre; `received` all drives
 * are booked in; `transferring` data is being copied; `packaging` copying is finished; `shipped-to-customer` the drives
 * are on their way back. The rest are ends, except `faulted` (people at the datacentre are looking at it) and `unknown`
 * (a word this library does not know, or none at all). `deleted` is only reported by a monitor.
 */
export type ImportJobState =
  | "creating"
  | "shipping"
  | "received"
  | "transferring"
  | "packaging"
  | "shipped-to-customer"
  | "completed"
  | "completed-with-warnings"
  | "completed-with-errors"
  | "closed"
  | "cancelled"
  | "aborted"
  | "faulted"
  | "deleted"
  | "unknown";

/** Where a drive stands. `completed-more-info`: copied, but something is in the log. */
export type ImportDriveState =
  | "specified"
  | "received"
  | "never-received"
  | "transferring"
  | "completed"
  | "completed-more-info"
  | "shipped-back"
  | "faulted"
  | "unknown";

/** One drive of a job. */
export interface ImportDriveStatus {
  readonly driveId: string;
  readonly state: ImportDriveState;
  /** The service's own word for the state. */
  readonly serviceState: string | undefined;
  /** The service's details on the copying; absent until the drive is transferring. */
  readonly copyStatus: string | undefined;
  readonly percentComplete: number | undefined;
  readonly bytesSucceeded: number | undefined;
  readonly manifestFile: string | undefined;
  readonly manifestHash: string | undefined;
  readonly errorLogUri: string | undefined;
  readonly verboseLogUri: string | undefined;
  /** Copy of the manifest in the account, when that was ordered. */
  readonly manifestUri: string | undefined;
}

/** A parcel on its way in either direction. */
export interface PackageInformation {
  readonly carrierName: string;
  readonly trackingNumber: string;
  readonly driveCount: number | undefined;
  /** As the service gave it; its format is not fixed. */
  readonly shipDate: string | undefined;
}

/** When a job entered a stage, where the service keeps such times. */
export interface ImportJobStage {
  readonly state: ImportJobState;
  /** The service's own name of the stage. */
  readonly serviceState: string;
  readonly at: Date | undefined;
}

/** One job as the service described it in one answer. Plain frozen data. */
export interface ImportJobStatus {
  readonly kind: ImportServiceKind;
  readonly resourceGroupName: string;
  readonly jobName: string;
  /** ARM id of the job. */
  readonly id: string;
  readonly location: string | undefined;
  readonly storageAccountId: string | undefined;
  readonly state: ImportJobState;
  /** The service's own word for the state; undefined when the answer had none. */
  readonly serviceState: string | undefined;
  readonly percentComplete: number | undefined;
  readonly cancelRequested: boolean;
  /** Undefined when the answer left the drives out, as lists do. Never "no drives". */
  readonly drives: readonly ImportDriveStatus[] | undefined;
  readonly deliveryPackage: PackageInformation | undefined;
  readonly returnPackage: PackageInformation | undefined;
  readonly stages: readonly ImportJobStage[];
  readonly createdAt: Date | undefined;
  readonly lastModifiedAt: Date | undefined;
  /** The service's word on whether cancelling or deleting is possible now; undefined when it gives none. */
  readonly isCancellable: boolean | undefined;
  readonly isDeletable: boolean | undefined;
  /** The service's complaint about the job as a whole. */
  readonly errorMessage: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** A recovery key as the service holds it. SECRET. */
export interface DriveRecoveryKey {
  readonly driveId: string;
  readonly bitLockerKey: string;
}

const endStates: ReadonlySet<ImportJobState> = new Set([
  "completed",
  "completed-with-warnings",
  "completed-with-errors",
  "closed",
  "cancelled",
  "aborted",
  "deleted",
]);
const afterCopying: ReadonlySet<ImportJobState> = new Set([
  ...endStates,
  "packaging",
  "shipped-to-customer",
] as const);

/** Whether a job in this state will not change any more (apart from being deleted). */
export function isEndState(state: ImportJobState): boolean {
  return endStates.has(state);
}

/** Whether the datacentre has nothing more to copy, so that the container can be compared with the catalog. */
export function isCopyingOver(state: ImportJobState): boolean {
  return afterCopying.has(state);
}
