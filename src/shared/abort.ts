/** Cancellation: one mechanism, the standard abort signal, checked at every await of a long operation. */
import { AbortError, type AbortSignalLike } from "@azure/abort-controller";

export type { AbortSignalLike } from "@azure/abort-controller";

/** Options of every operation that can be stopped by its caller. */
export interface AbortOptions {
  /** Stops the operation at its next safe point; the promise then rejects with an `AbortError`. Default: never. */
  readonly abortSignal?: AbortSignalLike | undefined;
}

/**
 * Ends the running operation when its caller has asked for that.
 *
 * @throws AbortError (`name` is `"AbortError"`) when the signal is already aborted.
 */
export function throwIfAborted(abortSignal: AbortSignalLike | undefined): void {
  if (abortSignal?.aborted) throw new AbortError("The operation was aborted by its caller.");
}
