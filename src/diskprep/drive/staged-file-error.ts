/** Errors about staged files, with the same words wherever they are noticed. */
import { systemErrorCode } from "../../shared/room-error.js";
import type { FilePieceFailure } from "../pipeline/index.js";
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

/**
 * A piece of a staged file could not be had.
 *
 * @param fileOffsetInBytes where the piece begins in its file
 * @param pathLengthInBytes length the file must have; -1 when it is a pack that many blobs share
 */
export function stagedPieceError(
  failure: FilePieceFailure,
  blob: { readonly name: string; readonly lengthInBytes: number },
  fileOffsetInBytes: number,
  pathLengthInBytes: number,
): DriveError {
  if (failure.kind === "unreadable") {
    const cause = Object.assign(new Error(failure.message), { code: failure.systemCode });
    return stagedFileUnreadable(blob.name, cause);
  }
  // In a pack, the blob is what is too short, wherever the pack ends.
  const length =
    pathLengthInBytes < 0
      ? Math.max(0, failure.actualLengthInBytes - fileOffsetInBytes)
      : failure.actualLengthInBytes;
  return stagedFileLengthChanged(blob.name, blob.lengthInBytes, length);
}
