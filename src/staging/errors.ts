/** The one error class of the staging room. */
import { hasErrorName, RoomError, type RoomErrorOptions, systemErrorCode } from "../shared/index.js";

/** What can go wrong in this room. */
export type StagingErrorCode =
  | "staging-folder-missing"
  | "staging-not-writable"
  | "staging-full"
  | "staging-io-failed"
  | "option-invalid"
  | "seed-exists"
  | "seed-missing"
  | "seed-locked"
  | "seed-lock-lost"
  | "seed-sealed"
  | "seed-not-sealed"
  | "seed-state-invalid"
  | "writer-closed"
  | "blob-name-invalid"
  | "blob-exists"
  | "blob-too-large"
  | "blob-not-aligned"
  | "blob-properties-invalid"
  | "source-invalid"
  | "source-unreadable"
  | "source-changed"
  | "staged-file-missing"
  | "staged-file-changed"
  | "catalog-damaged"
  | "catalog-unsupported"
  | "path-outside-staging"
  | "compression-unavailable"
  | "content-damaged"
  | "dataset-invalid"
  | "extract-failed";

/** Thrown by every function of this room. The code tells a program what happened, the message tells a person. */
export class StagingError extends RoomError<StagingErrorCode> {
  static {
    this.prototype.name = "StagingError";
  }

  constructor(code: StagingErrorCode, message: string, options?: RoomErrorOptions) {
    super(code, message, options);
  }
}

/** Whether a thrown value is a {@link StagingError}, also one of the other build (ES module, CommonJS). */
export function isStagingError(value: unknown): value is StagingError {
  return hasErrorName(value, "StagingError");
}

/** Turns the failure of a system call on the staging folder into the room's error; other room errors pass through. */
export function stagingErrorFrom(error: unknown, action: string, path: string): unknown {
  const code = systemErrorCode(error);
  if (isStagingError(error) || hasErrorName(error, "AbortError") || code === undefined) return error;
  const options = { cause: error, details: { path, systemCode: code } };
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new StagingError(
        "staging-full",
        `${action} '${path}' failed: the staging folder is full (${code}). Free space or use a larger folder; what was recorded so far is safe and the seed can be continued.`,
        options,
      );
    case "EROFS":
    case "EACCES":
    case "EPERM":
      return new StagingError(
        "staging-not-writable",
        `${action} '${path}' failed: the system refuses it (${code}). Give this account write access to the staging folder.`,
        options,
      );
    default:
      return new StagingError(
        "staging-io-failed",
        `${action} '${path}' failed (${code}). Check the disk or the network share; what was recorded so far is safe.`,
        options,
      );
  }
}

/** Whether continuing after this error makes no sense for any other blob. */
export function concernsWholeSeed(error: unknown): boolean {
  return (
    isStagingError(error) &&
    ["staging-full", "staging-not-writable", "staging-io-failed", "seed-lock-lost", "writer-closed"].includes(
      error.code,
    )
  );
}

/** The error for using a writer that was sealed or closed. */
export function writerClosed(jobName: string): StagingError {
  return new StagingError(
    "writer-closed",
    `The writer of seed '${jobName}' is closed. Call resumeSeed('${jobName}') to go on, unless it was sealed.`,
    { details: { jobName } },
  );
}
