/** BitLocker's key stretching: 1,048,576 rounds of SHA-256, so that guessing passwords is slow. */
import { createHash } from "node:crypto";
import type { AbortOptions } from "../../shared/abort.js";
import { stretchKeyInSlices } from "../kernels/index.js";
import { BitLockerError } from "./bitlocker-error.js";

/** Options of what has a recovery password or password stretched. */
export interface StretchOptions extends AbortOptions {
  /** Stretches it, for callers that have threads for it. Default: {@link stretchKey}. */
  readonly stretch?: typeof stretchKey | undefined;
}

const hashLengthInBytes = 32;
const saltLengthInBytes = 16;

/**
 * Stretches the hash of a secret into the key that opens a protector. Takes about half a second of the calling thread,
 * in slices of a few milliseconds between which the event loop runs. Touches no disk; may be repeated.
 *
 * @param initialHash 32 bytes, see {@link initialHashOfRecoveryKey} and {@link initialHashOfPassword}.
 * @param salt 16 bytes, stored with the protector.
 * @returns 32 bytes. SECRET; the caller zeroes them after use.
 * @throws BitLockerError `invalid-argument`; AbortError.
 */
export async function stretchKey(
  initialHash: Uint8Array,
  salt: Uint8Array,
  options: AbortOptions = {},
): Promise<Uint8Array> {
  if (initialHash.length !== hashLengthInBytes || salt.length !== saltLengthInBytes) {
    throw new BitLockerError(
      "invalid-argument",
      `Key stretching needs a hash of 32 bytes and a salt of 16, not ${initialHash.length} and ${salt.length}.`,
    );
  }
  return stretchKeyInSlices(initialHash, salt, { abortSignal: options.abortSignal });
}

/** Start value of stretching for the 16 bytes of a recovery password: their SHA-256. */
export function initialHashOfRecoveryKey(passwordBytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(passwordBytes).digest();
}

/** Start value of stretching for a password a user chose: SHA-256 twice over its UTF-16LE text without a NUL. */
export function initialHashOfPassword(password: string): Uint8Array {
  const once = createHash("sha256").update(password, "utf16le").digest();
  return createHash("sha256").update(once).digest();
}
