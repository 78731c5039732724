/** Failures of a file system that a drive is filled through, as errors of this room. */
import { type DeviceError, deviceErrorFrom } from "../device/index.js";
import { DriveError, isDriveError } from "./drive-error.js";

/** The error for a failed call; errors of this room and aborts pass unchanged. */
export function mountedVolumeFailure(
  mountPath: string,
  driveId: string,
  operation: string,
  cause: unknown,
): unknown {
  const error = deviceErrorFrom(cause, { deviceName: mountPath, operation }) as DeviceError;
  if (isDriveError(cause) || error.code === undefined) return cause;
  return new DriveError(
    "device-failed",
    `Drive ${driveId} failed while files were copied to it: ${error.message} It has no manifest yet; resume from its journal.`,
    { details: { driveId, deviceCode: error.code, ...error.details }, cause: error },
  );
}
