/** The error class of the program. Failures of the rooms keep their own classes. */
import { hasErrorName, RoomError, type RoomErrorOptions } from "../shared/index.js";

/** What can be wrong with a call of the program itself. */
export type CliErrorCode =
  /** The command line, or a value on it, cannot be understood. */
  | "usage"
  /** A person would have to be asked, and there is no terminal. The message names the option to give instead. */
  | "input-needed"
  /** The person at the terminal said no. Nothing was changed. */
  | "declined"
  /** The settings file is missing or cannot be used. */
  | "settings-invalid"
  /** An earlier step has not been done yet; the message names it. */
  | "step-missing"
  /** An optional package is needed and not installed. */
  | "package-missing";

/** Thrown by the program; see {@link CliErrorCode}. */
export class CliError extends RoomError<CliErrorCode> {
  static {
    this.prototype.name = "CliError";
  }

  constructor(code: CliErrorCode, message: string, options?: RoomErrorOptions) {
    super(code, message, options);
  }
}

/** Whether a thrown value is a {@link CliError}. */
export function isCliError(value: unknown): value is CliError {
  return hasErrorName(value, "CliError");
}
