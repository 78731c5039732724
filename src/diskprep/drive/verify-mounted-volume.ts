/** Proves that a mounted volume holds what its manifest says, by reading its files through the file system. */
import type { DriveReport } from "./verification/drive-report.js";
import { mountedSourceOf } from "./verification/mounted-source.js";
import { type DriveIdentity, type VerificationOptions, verifySource } from "./verification/verify-source.js";

/** Options of {@link verifyMountedVolume}. */
export type VerifyMountedVolumeOptions = VerificationOptions;

/**
 * Verifies a mounted volume. Reads only; may be repeated. What is wrong with files is in the report and does not throw.
 *
 * The report's `source.bypassedCache` is false: the system may have answered from memory what it would have to read from
 * the medium. Unmount and mount the volume before verifying, so that what is read comes from the drive.
 *
 * @throws DriveError `manifest-invalid`, `device-failed`, `invalid-option`; AbortError
 */
export async function verifyMountedVolume(
  mountPath: string,
  drive: DriveIdentity,
  options: VerifyMountedVolumeOptions = {},
): Promise<DriveReport> {
  return await verifySource(mountedSourceOf(mountPath), drive, options);
}
