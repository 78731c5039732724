/** The text of whatever was thrown, for use inside the message of another error. */

/**
 * The message of a thrown value: its `message` when it has one, else the value as text.
 *
 * Works for errors of other realms and of other builds, which fail `instanceof Error`.
 */
export function errorMessageOf(error: unknown): string {
  return typeof error === "object" && error !== null && "message" in error
    ? String(error.message)
    : String(error);
}
