/**
 * The common shape of the error class that each room has exactly one of.
 *
 * An error carries a `code` from a closed union (what a program branches on), `details` (what a program may show)
 * and a message for people: what failed, on what, why, and what to do. Secrets belong in none of the three.
 */

/** Machine-readable facts about a failure. Plain data; never a key, password or token. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>;

/** Options shared by the constructors of all room errors. */
export interface RoomErrorOptions {
  /** Facts a program may show or act on. Default: none. */
  readonly details?: ErrorDetails;
  /** The failure underneath, kept as the standard `cause`. */
  readonly cause?: unknown;
}

/** Base of the room errors; not thrown itself. */
export abstract class RoomError<Code extends string> extends Error {
  /** What happened, from the room's closed union. */
  readonly code: Code;
  /** Facts about the failure. */
  readonly details: ErrorDetails;

  protected constructor(code: Code, message: string, options: RoomErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = Object.freeze({ ...options.details });
  }
}

/**
 * Whether a thrown value is the named room error.
 *
 * Compares names, not prototypes: the ES module and CommonJS builds, and other realms, have classes of their own.
 */
export function hasErrorName(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && "name" in value && value.name === name;
}

/** The code of a failed system call (`ENOENT`, `EIO`, …), or undefined when the value carries none. */
export function systemErrorCode(value: unknown): string | undefined {
  return typeof value === "object" && value !== null && "code" in value && typeof value.code === "string"
    ? value.code
    : undefined;
}
