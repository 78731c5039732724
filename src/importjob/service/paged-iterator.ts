/** Paged lists in the shape Azure libraries use: item by item, or page by page from a continuation token. */
import type { PagedAsyncIterableIterator } from "@azure/core-paging";

/** Makes the iterator from a function that yields pages, starting at a continuation token when one is given. */
export function createPagedIterator<T, Page extends T[]>(
  pagesFrom: (continuationToken: string | undefined) => AsyncIterableIterator<Page>,
): PagedAsyncIterableIterator<T, Page> {
  async function* items(): AsyncGenerator<T> {
    for await (const page of pagesFrom(undefined)) yield* page;
  }
  const iterator = items();
  return {
    next: () => iterator.next(),
    [Symbol.asyncIterator]() {
      return this;
    },
    byPage: (settings = {}) => pagesFrom(settings.continuationToken),
  };
}

/** A page with the token of the next one. */
export function toPage<T>(
  items: T[],
  continuationToken: string | undefined,
): T[] & { readonly continuationToken: string | undefined } {
  return Object.assign(items, { continuationToken });
}
