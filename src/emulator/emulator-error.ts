/** The error class of the emulator room. */
import { hasErrorName, RoomError, type RoomErrorOptions } from "../shared/index.js";

/** What can go wrong while the local Azure starts or is driven. What its clients do wrong is answered over HTTP. */
export type EmulatorErrorCode =
  /** The npm package `azurite` is not installed. */
  | "azurite-missing"
  /** Azurite was started and ended, or said nothing, before it listened. */
  | "azurite-failed"
  /** The body of a request is larger than the emulator accepts. */
  | "request-body-too-large"
  /** The body of a request is not the JSON or form text it claims to be. */
  | "request-body-malformed"
  /** A package was handed to the datacentre that it cannot process: no drives, no tracking number, unknown job. */
  | "package-invalid"
  /** A drive manifest does not conform to its format. The datacentre turns it into a drive status. */
  | "manifest-invalid"
  /** The emulator was asked for something after it was closed. */
  | "closed"
  /** A file is not one that describes a running local Azure. */
  | "access-file-invalid"
  /** The local Azure that a file describes does not answer, or is another one by now. */
  | "not-reachable";

/** Failure of the local Azure itself. Holds no secret. */
export class EmulatorError extends RoomError<EmulatorErrorCode> {
  static {
    EmulatorError.prototype.name = "EmulatorError";
  }

  constructor(code: EmulatorErrorCode, message: string, options: RoomErrorOptions = {}) {
    super(code, message, options);
  }
}

/** Whether a thrown value is an {@link EmulatorError}; works across builds and realms. */
export function isEmulatorError(value: unknown): value is EmulatorError {
  return hasErrorName(value, "EmulatorError");
}
