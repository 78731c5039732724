/** The one error class of this room. Failures of the service itself stay the pipeline's `RestError`. */
import { hasErrorName, RoomError, type RoomErrorOptions } from "../shared/index.js";

/** What can go wrong here that a caller can act on. */
export type ImportJobErrorCode =
  /** The order has problems; every one is in the message and in `details`. Nothing was sent. */
  | "invalid-order"
  /** A job of this name exists and is for other drives, another account or another kind of transfer. */
  | "different-order-exists"
  /** The service knows no job of this name: never made, deleted, or expired. */
  | "job-not-found"
  /** The job's present state does not allow the request. */
  | "wrong-state"
  /** Another job already names this tracking number; one package carries the drives of one job. */
  | "tracking-number-in-use"
  /** Address, carrier or package data is incomplete. */
  | "invalid-shipping-details"
  /** No datacentre takes drives for this region, or the region is unknown to the service. */
  | "no-shipping-destination"
  /** The subscription can use neither of the two import services. */
  | "no-import-service"
  /** The service accepted a request and then failed to carry it out. */
  | "operation-failed"
  /** The service answered with something that is not what its documentation promises. */
  | "unexpected-response"
  /** An import log is not well formed, of an unknown generation, or beyond the limits. */
  | "invalid-log"
  /** A saved monitor state is damaged or belongs to another job. */
  | "invalid-monitor-state"
  /** A saved shipping file is damaged or belongs to another job. */
  | "invalid-shipping-file"
  /** Staged bytes are no longer those of the catalog; they are not uploaded in place of the seed. */
  | "staged-content-changed"
  /** The destination does not hold what was sent, or the seed is not proven equal. */
  | "not-verified"
  /** A destructive step was asked for without the exact confirmation. */
  | "confirmation-required"
  /** The source tree cannot be read, or is not the one the plan was made from. */
  | "invalid-source";

/** Thrown by this room; see {@link ImportJobErrorCode}. */
export class ImportJobError extends RoomError<ImportJobErrorCode> {
  static {
    this.prototype.name = "ImportJobError";
  }

  constructor(code: ImportJobErrorCode, message: string, options?: RoomErrorOptions) {
    super(code, message, options);
  }
}

/** Whether a thrown value is an {@link ImportJobError} of any copy of this library. */
export function isImportJobError(value: unknown): value is ImportJobError {
  return hasErrorName(value, "ImportJobError");
}
