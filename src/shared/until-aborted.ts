/** Waiting that ends with the operation: for answers of people and other things that cannot be cancelled themselves. */
import { type AbortSignalLike, throwIfAborted } from "./abort.js";

/**
 * Waits for an answer, but not longer than the work is wanted. The answer may still come later; nobody hears it then.
 *
 * @throws AbortError when the signal aborts first; what `answer` rejects with
 */
export async function untilAborted<T>(
  answer: Promise<T>,
  abortSignal: AbortSignalLike | undefined,
): Promise<T> {
  if (!abortSignal) return await answer;
  let stopWaiting: () => void = () => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    stopWaiting = () => resolve(undefined);
    abortSignal.addEventListener("abort", stopWaiting);
  });
  try {
    // It may have been aborted while the question was being asked.
    if (abortSignal.aborted) stopWaiting();
    const first = await Promise.race([answer, aborted]);
    throwIfAborted(abortSignal);
    return first as T;
  } finally {
    abortSignal.removeEventListener("abort", stopWaiting);
    answer.catch(() => undefined);
  }
}
