/** What can be wrong with an XML document that comes from outside, or with one about to be written. */
import { hasErrorName, RoomError, type RoomErrorOptions } from "./room-error.js";

/** Reasons for refusing a document. */
export type XmlErrorCode =
  | "too-large"
  | "too-deep"
  | "unsupported-encoding"
  | "forbidden-doctype"
  | "not-well-formed"
  | "unexpected-root"
  | "unexpected-content"
  | "missing-content"
  | "invalid-name"
  | "invalid-text";

/** A refused XML document. `details` may carry `line` and `column`, both counted from 1. */
export class XmlError extends RoomError<XmlErrorCode> {
  static {
    this.prototype.name = "XmlError";
  }

  constructor(code: XmlErrorCode, message: string, options?: RoomErrorOptions) {
    super(code, message, options);
  }
}

/** Whether a thrown value is an {@link XmlError}. */
export function isXmlError(value: unknown): value is XmlError {
  return hasErrorName(value, "XmlError");
}
