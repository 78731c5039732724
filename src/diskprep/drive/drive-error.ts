/** The error class of the drive room. */
import { errorMessageOf } from "../../shared/error-message.js";
import { hasErrorName, RoomError, type RoomErrorOptions } from "../../shared/room-error.js";

/** What can go wrong while drives are planned, prepared and verified. */
export type DriveErrorCode =
  /** A blob does not fit on any of the drives. */
  | "blob-too-large"
  /** A drive cannot hold even an empty seed volume. */
  | "drive-too-small"
  /** More than ten drives, the same serial twice, no drive at all. */
  | "drive-set-invalid"
  /** `confirm` does not name the drive the plan was made for. */
  | "not-confirmed"
  /** The device is not the one the plan was made for (size, sector size, read-only). */
  | "drive-changed"
  /** A mounted drive holds a seed, or files where the seed is to go. */
  | "drive-not-empty"
  /** The plan does not belong to this catalog or was altered. */
  | "plan-mismatch"
  /** A blob name holds characters that the manifest cannot express. */
  | "blob-name-unrepresentable"
  /** A staged file has other content than its catalog entry says. */
  | "staged-file-changed"
  /** A staged file is shorter than its catalog entry says. */
  | "staged-file-shorter"
  /** A staged file is longer than its catalog entry says. */
  | "staged-file-longer"
  /** A staged file cannot be opened or read. */
  | "staged-file-unreadable"
  /** The journal belongs to another plan or drive. */
  | "journal-mismatch"
  /** The journal cannot be read, or its format is not known. */
  | "journal-invalid"
  /** There is already a journal, and resuming was not asked for. */
  | "journal-exists"
  /** Something other than the device failed while a drive was prepared, for example its journal; the cause tells. */
  | "preparation-failed"
  /** The device failed while the drive was written or read. */
  | "device-failed"
  /** A worker thread that hashes and encrypts has died. */
  | "worker-failed"
  /** The drive holds no volume this library can read. */
  | "drive-unreadable"
  /** The manifest is missing, malformed or not the one expected. */
  | "manifest-invalid"
  /** A stored drive report is no report, or not as it was when it was signed off. */
  | "report-invalid"
  /** An option has a value that makes no sense. */
  | "invalid-option";

/** Failure of a drive operation. */
export class DriveError extends RoomError<DriveErrorCode> {
  static {
    this.prototype.name = "DriveError";
  }

  constructor(code: DriveErrorCode, message: string, options?: RoomErrorOptions) {
    super(code, message, options);
  }
}

/** Whether a thrown value is a {@link DriveError}, also one of another copy of this library. */
export function isDriveError(value: unknown): value is DriveError {
  return hasErrorName(value, "DriveError");
}

/** A thread that works on the bytes of a drive has ended, for example for want of memory. */
export function workerFailed(cause: unknown): DriveError {
  return new DriveError(
    "worker-failed",
    `A worker thread failed: ${errorMessageOf(cause)} Try again, a preparation by resuming from its journal; with threadCount 0 the work is done without threads.`,
    { cause },
  );
}
