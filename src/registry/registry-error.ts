/** The error class of the registry room. */
import { hasErrorName, RoomError, type RoomErrorOptions } from "../shared/index.js";

/** What can go wrong with registry stores and the agent's entries. */
export type RegistryErrorCode =
  /** The path does not begin with a hive, or holds an empty part or a character that registry keys cannot have. */
  | "invalid-path"
  /** The value's name or data cannot be stored. */
  | "invalid-value"
  /** The text is no `.reg` file of version 5.00 or 4, or a line of it cannot be understood. */
  | "reg-file-invalid"
  /** `reg.exe` cannot be started, or answers with something that cannot be understood. */
  | "reg-tool-failed"
  /** Writing needs an elevated prompt. */
  | "access-denied"
  /** The agent's folder is not on this machine, and no other folder for the parameters file was named. */
  | "destination-missing"
  /** An entry is there for another user, or the parameters file is for another subscription; nothing was changed. */
  | "entry-conflict"
  /** Entries were written and read back, and are not what was written. */
  | "not-written";

/** Failure in the registry room. */
export class RegistryError extends RoomError<RegistryErrorCode> {
  static {
    this.prototype.name = "RegistryError";
  }

  constructor(code: RegistryErrorCode, message: string, options: RoomErrorOptions = {}) {
    super(code, message, options);
  }
}

/** Whether a thrown value is a {@link RegistryError}; works across builds and realms. */
export function isRegistryError(value: unknown): value is RegistryError {
  return hasErrorName(value, "RegistryError");
}
