/** Work that goes on beside other work and is needed only later. */
import type { AbortSignalLike } from "@azure/abort-controller";

/** Work under way. Disposing stops it and waits until it has ended. */
export interface SideWork<Result> extends AsyncDisposable {
  /** What the work gave; rejects with why it failed. */
  result(): Promise<Result>;
}

/**
 * Starts work now. A failure is told by `result` only, so that it does not count as unhandled before anybody asks.
 *
 * @param work ends soon after its signal is aborted
 */
export function startSideWork<Result>(
  work: (abortSignal: AbortSignal) => Promise<Result>,
  abortSignal?: AbortSignalLike,
): SideWork<Result> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  if (abortSignal?.aborted) abort();
  abortSignal?.addEventListener("abort", abort);
  const running = work(controller.signal);
  const ended = running.then(
    () => undefined,
    () => undefined,
  );
  return {
    result: () => running,
    async [Symbol.asyncDispose]() {
      abortSignal?.removeEventListener("abort", abort);
      abort();
      await ended;
    },
  };
}
