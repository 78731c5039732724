/** The error of the device room, and the one place where failed system calls become its codes. */
import { hasErrorName, RoomError, type RoomErrorOptions, systemErrorCode } from "../../shared/room-error.js";

/**
 * What went wrong with a device.
 *
 * - `out-of-range`: an access outside the device; nothing was touched.
 * - `invalid-argument`: a size, sector size or option that makes no sense.
 * - `read-only`: a write to something opened, mounted or switched to read-only.
 * - `closed`: the object was closed before the call.
 * - `short-transfer`: the system moved fewer bytes than asked and gave no reason.
 * - `io-failed`: the medium or its connection failed; details carry the system's own code.
 * - `no-space`: the file system that holds the image is full.
 * - `device-gone`: the drive was unplugged or switched off.
 * - `not-found`, `already-exists`, `access-denied`, `busy`: the path as the system sees it.
 * - `unsupported`: this system or this kind of device cannot do it.
 * - `command-failed`: a system program that was needed failed; details carry its name and exit code.
 * - `not-usable`: the disk must not be written (system disk, mounted, changed since it was listed).
 * - `bad-format`: a listing or a footer that does not follow its format.
 */
export type DeviceErrorCode =
  | "out-of-range"
  | "invalid-argument"
  | "read-only"
  | "closed"
  | "short-transfer"
  | "io-failed"
  | "no-space"
  | "device-gone"
  | "not-found"
  | "already-exists"
  | "access-denied"
  | "busy"
  | "unsupported"
  | "command-failed"
  | "not-usable"
  | "bad-format";

/** Error of every block device and of listing disks. `details` name the device, and offset and length of the access. */
export class DeviceError extends RoomError<DeviceErrorCode> {
  static {
    DeviceError.prototype.name = "DeviceError";
  }

  constructor(code: DeviceErrorCode, message: string, options?: RoomErrorOptions) {
    super(code, message, options);
  }
}

/** Whether a thrown value is a {@link DeviceError}, from whichever build of this library. */
export function isDeviceError(value: unknown): value is DeviceError {
  return hasErrorName(value, "DeviceError");
}

const codeBySystemCode: Readonly<Record<string, DeviceErrorCode>> = {
  ENOSPC: "no-space",
  EDQUOT: "no-space",
  EFBIG: "no-space",
  ENXIO: "device-gone",
  ENODEV: "device-gone",
  ENOMEDIUM: "device-gone",
  ESHUTDOWN: "device-gone",
  ENOENT: "not-found",
  ENOTDIR: "not-found",
  EEXIST: "already-exists",
  EACCES: "access-denied",
  EPERM: "access-denied",
  EROFS: "read-only",
  EBUSY: "busy",
  ETXTBSY: "busy",
};

const adviceByCode: Partial<Record<DeviceErrorCode, string>> = {
  "no-space": "Free some space or choose another place; what was written so far is intact.",
  "device-gone": "Check cable, power and enclosure, then resume.",
  "io-failed": "Check cable and drive health; do not ship this drive before it verifies.",
  "access-denied": "Run with the rights to open it.",
  busy: "Close the program or unmount the file system that is using it.",
};

/** What was being done when the system call failed. */
export interface FailedAccess {
  readonly deviceName: string;
  /** Verb for the message, for example `"read"`. */
  readonly operation: string;
  readonly offsetInBytes?: number;
  readonly lengthInBytes?: number;
}

/** Wraps a failed system call; passes errors of this room and aborts through unchanged. */
export function deviceErrorFrom(cause: unknown, access: FailedAccess): unknown {
  if (isDeviceError(cause) || hasErrorName(cause, "AbortError")) return cause;
  const systemCode = systemErrorCode(cause) ?? "unknown";
  const code = codeBySystemCode[systemCode] ?? "io-failed";
  const where =
    access.offsetInBytes === undefined
      ? ""
      : ` at offset ${access.offsetInBytes} (${access.lengthInBytes ?? 0} bytes)`;
  const advice = adviceByCode[code];
  return new DeviceError(
    code,
    `Could not ${access.operation} '${access.deviceName}'${where}: the system reported ${systemCode}.${advice ? ` ${advice}` : ""}`,
    { cause, details: { ...access, systemCode } },
  );
}
