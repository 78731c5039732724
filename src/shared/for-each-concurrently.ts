/** Working on the items of a stream a few at a time: the stream is read only as fast as the work goes. */

/**
 * Calls `work` for every item, at most `concurrency` at the same time.
 *
 * Resolves when all are done. After a failure no further item is taken, what is running is waited for, and the first
 * failure is thrown; the iterator is closed on every path.
 */
export async function forEachConcurrently<T>(
  items: AsyncIterable<T> | Iterable<T>,
  concurrency: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  let isDone = false;
  const workOn = async (): Promise<void> => {
    while (failure === undefined && !isDone) {
      try {
        const next = await iterator.next();
        if (next.done === true) isDone = true;
        else await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, workOn));
  await iterator.return?.();
  if (failure !== undefined) throw (failure as { readonly error: unknown }).error;
}
