/** The error of the BitLocker room. */
import { hasErrorName, RoomError, type RoomErrorOptions } from "../../shared/room-error.js";

/**
 * What went wrong with a BitLocker volume.
 *
 * - `invalid-argument`: a size, key or option that makes no sense.
 * - `volume-too-small`: the volume has no room for BitLocker's areas.
 * - `invalid-recovery-password`: the text cannot be a recovery password; `details.group` (1 to 8) names the group.
 * - `not-bitlocker`: the volume does not begin with a BitLocker header.
 * - `metadata-damaged`: none of the three metadata copies is intact.
 * - `metadata-tampered`: intact by its checksum, but not what the volume's owner wrote.
 * - `wrong-key`: the recovery password, password or external key opens none of the protectors.
 * - `protector-not-found`: the volume has no protector of the kind asked for.
 * - `unsupported-version`: Windows Vista's format, or one newer than known.
 * - `unsupported-method`: a cipher this library does not do, as the Elephant diffuser of Windows 7.
 * - `conversion-running`: Windows has not finished encrypting or decrypting the volume.
 * - `not-encrypted`: Windows has decrypted the volume; its data is plain.
 * - `reserved-area`: a write of something other than zeros where BitLocker keeps its own data.
 */
export type BitLockerErrorCode =
  | "invalid-argument"
  | "volume-too-small"
  | "invalid-recovery-password"
  | "not-bitlocker"
  | "metadata-damaged"
  | "metadata-tampered"
  | "wrong-key"
  | "protector-not-found"
  | "unsupported-version"
  | "unsupported-method"
  | "conversion-running"
  | "not-encrypted"
  | "reserved-area";

/** Error of creating, unlocking, reading and writing BitLocker volumes. Never holds a key or password. */
export class BitLockerError extends RoomError<BitLockerErrorCode> {
  static {
    BitLockerError.prototype.name = "BitLockerError";
  }

  constructor(code: BitLockerErrorCode, message: string, options?: RoomErrorOptions) {
    super(code, message, options);
  }
}

/** Whether a thrown value is a {@link BitLockerError}, from whichever build of this library. */
export function isBitLockerError(value: unknown): value is BitLockerError {
  return hasErrorName(value, "BitLockerError");
}
