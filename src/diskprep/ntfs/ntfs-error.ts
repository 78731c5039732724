/** The one error class of the NTFS room. */
import { hasErrorName, RoomError, type RoomErrorOptions } from "../../shared/room-error.js";

/**
 * What went wrong.
 *
 * Building a tree: `invalid-name` (details: `problem`), `duplicate-name`, `reserved-name`, `invalid-parent`,
 * `invalid-length`, `too-many-nodes`. Planning: `invalid-option`, `volume-too-small` (details: `neededInBytes`,
 * `availableInBytes`), `no-contiguous-room`. Rendering and writing: `content-missing`, `content-mismatch`,
 * `device-too-small`. Reading: `not-ntfs`, `corrupt`, `limit-exceeded`, `not-found`, `not-a-file`, `not-a-directory`,
 * `out-of-range`, `unsupported-compressed`, `unsupported-encrypted`, `unsupported-version`.
 */
export type NtfsErrorCode =
  | "invalid-name"
  | "duplicate-name"
  | "reserved-name"
  | "invalid-parent"
  | "invalid-length"
  | "too-many-nodes"
  | "invalid-option"
  | "volume-too-small"
  | "no-contiguous-room"
  | "content-missing"
  | "content-mismatch"
  | "device-too-small"
  | "not-ntfs"
  | "corrupt"
  | "limit-exceeded"
  | "not-found"
  | "not-a-file"
  | "not-a-directory"
  | "out-of-range"
  | "unsupported-compressed"
  | "unsupported-encrypted"
  | "unsupported-version";

/** Failure of the NTFS writer, reader or checker. Branch on `code`; `details` holds numbers and names. */
export class NtfsError extends RoomError<NtfsErrorCode> {
  static {
    this.prototype.name = "NtfsError";
  }

  constructor(code: NtfsErrorCode, message: string, options?: RoomErrorOptions) {
    super(code, message, options);
  }
}

/** Whether a thrown value is an {@link NtfsError}, also one of another copy of this package. */
export function isNtfsError(value: unknown): value is NtfsError {
  return hasErrorName(value, "NtfsError");
}
