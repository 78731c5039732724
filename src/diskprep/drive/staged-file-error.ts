/** Errors about staged files, with the same words wherever they are noticed. */
import { systemErrorCode } from "../../shared/room-error.js";
import { DriveError } from "./drive-error.js";

/** The staged bytes of a range have another MD5 than the catalog says. */
export function stagedFileChanged(
  blobName: string,
  offsetInBytes: number,
  lengthInBytes: number,
  cause?: unknown,
): DriveError {
  return new DriveError(
    "staged-file-changed",
    `The staged file of blob '${blobName}' has changed since it was staged (bytes ${offsetInBytes} to ${offsetInBytes + lengthInBytes}). Nothing was published on the drive. Stage the blob again, or restore the staging folder.`,
    { details: { blobName, offsetInBytes, lengthInBytes }, cause },
  );
}

/** A staged file has another length than the catalog says. */
export function stagedFileLengthChanged(
  blobName: string,
  expectedInBytes: number,
  actualInBytes: number,
): DriveError {
  const shorter = actualInBytes < expectedInBytes;
  return new DriveError(
    shorter ? "staged-file-shorter" : "staged-file-longer",
    `The staged file of blob '${blobName}' has ${actualInBytes} bytes instead of ${expectedInBytes}. Nothing was published on the drive. Stage the blob again, or restore the staging folder.`,
    { details: { blobName, expectedInBytes, actualInBytes } },
  );
}

/** The staged bytes of a blob cannot be had. */
export function stagedFileUnreadable(blobName: string, cause: unknown): DriveError {
  const systemCode = systemErrorCode(cause);
  return new DriveError(
    "staged-file-unreadable",
    `The staged file of blob '${blobName}' cannot be read${systemCode ? ` (${systemCode})` : ""}. Nothing was published on the drive. Check the staging folder and resume.`,
    { details: { blobName, systemCode }, cause },
  );
}
