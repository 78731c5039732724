/** What Data Box says about the copying of one drive, and what it means (`CopyStatus` of api-version 2022-12-01). */
import type { ImportDriveState } from "./import-job-status.js";

/** Meaning of a copy status. */
export interface CopyStatusMeaning {
  readonly state: ImportDriveState;
  readonly explanation: string;
}

const meaning = (state: ImportDriveState, explanation: string): CopyStatusMeaning =>
  Object.freeze({ state, explanation });

/** Every documented copy status of a customer disk. */
export const dataBoxCopyStatuses = Object.freeze({
  NotStarted: meaning("specified", "Copying has not begun."),
  InProgress: meaning("transferring", "The drive is being copied."),
  Completed: meaning("completed", "The drive was copied."),
  CompletedWithErrors: meaning(
    "completed-more-info",
    "The drive was copied; the log lists items that failed.",
  ),
  Failed: meaning("faulted", "Copying failed; the log says why."),
  NotReturned: meaning("never-received", "The drive was not in the parcel."),
  HardwareError: meaning("faulted", "The drive has a hardware error."),
  DeviceFormatted: meaning("faulted", "The drive was formatted after it was prepared."),
  DeviceMetadataModified: meaning("faulted", "The drive's own records were changed after it was prepared."),
  StorageAccountNotAccessible: meaning(
    "faulted",
    "The storage account could not be reached: it was deleted, or its firewall or keys shut the service out.",
  ),
  UnsupportedData: meaning("faulted", "The drive holds data the service cannot import."),
  DriveNotReceived: meaning("never-received", "The drive was not in the parcel."),
  UnsupportedDrive: meaning("faulted", "The service cannot connect a drive of this kind."),
  OtherServiceError: meaning("faulted", "The service failed inside."),
  OtherUserError: meaning(
    "faulted",
    "The drive could not be read for a reason on the customer's side; the log says which.",
  ),
  DriveNotDetected: meaning("faulted", "The drive does not answer when connected."),
  DriveCorrupted: meaning("faulted", "The drive's file system or BitLocker volume is damaged."),
  MetadataFilesModifiedOrRemoved: meaning("faulted", "The manifest on the drive was changed or removed."),
} as const);

/** The documented copy statuses. */
export type DataBoxCopyStatus = keyof typeof dataBoxCopyStatuses;

/** State of a drive by its copy status and whether the parcel has arrived. */
export function driveStateOfCopyStatus(
  copyStatus: string | undefined,
  hasArrived: boolean,
): ImportDriveState {
  if (copyStatus === undefined || copyStatus === "NotStarted") return hasArrived ? "received" : "specified";
  return Object.hasOwn(dataBoxCopyStatuses, copyStatus)
    ? dataBoxCopyStatuses[copyStatus as DataBoxCopyStatus].state
    : "unknown";
}
