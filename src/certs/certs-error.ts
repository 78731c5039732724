/** The error class of the certs room. */
import { hasErrorName, RoomError, type RoomErrorOptions } from "../shared/index.js";

/** What can go wrong with certificates, applications, parameter files and publish settings. */
export type CertsErrorCode =
  /** An argument is outside what its documentation allows. */
  | "invalid-argument"
  /** The bytes or the text are no certificate, key or PFX that can be read. */
  | "certificate-unreadable"
  /** The password does not open the PFX or the encrypted key. */
  | "password-wrong"
  /** A password is needed for what was asked. */
  | "password-missing"
  /** The operation needs the private key, and only the certificate is at hand. */
  | "private-key-missing"
  /** Certificate and private key do not belong together, or the key is no RSA key of 2048 bits or more. */
  | "key-unusable"
  /** The signed-in identity lacks a right; `details.permission` names it. */
  | "permission-missing"
  /** The identity signed in is of the wrong kind: a user is needed, or an application. */
  | "caller-unsuitable"
  /** An application, service principal or credential that was just written has not become visible in time. */
  | "replication-timeout"
  /** Others kept changing the same application; nothing of theirs was overwritten. */
  | "concurrent-change"
  /** The file is no parameters file of a version this library knows, or its content contradicts itself. */
  | "parameters-invalid"
  /** The file is no Azure publish settings file. */
  | "publish-settings-invalid"
  /** An answer of Microsoft Graph or Azure Resource Manager lacks what its documentation promises. */
  | "unexpected-answer";

/** Failure in the certs room. Never holds a key, password or token. */
export class CertsError extends RoomError<CertsErrorCode> {
  static {
    this.prototype.name = "CertsError";
  }

  constructor(code: CertsErrorCode, message: string, options: RoomErrorOptions = {}) {
    super(code, message, options);
  }
}

/** Whether a thrown value is a {@link CertsError}; works across builds and realms. */
export function isCertsError(value: unknown): value is CertsError {
  return hasErrorName(value, "CertsError");
}
