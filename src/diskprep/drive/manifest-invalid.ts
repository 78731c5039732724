/** The one error for manifests that cannot be used. */
import { DriveError } from "./drive-error.js";

/** @param reason what is wrong, as the rest of a sentence that begins with "the manifest cannot be used:" */
export function invalidManifest(reason: string, cause?: unknown): DriveError {
  return new DriveError(
    "manifest-invalid",
    `The drive manifest cannot be used: ${reason}. Prepare the drive again, or restore the manifest from its backup.`,
    { details: { reason }, cause },
  );
}
