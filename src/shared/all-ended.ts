/** Waiting for several things that must not go on unseen when one of them fails. */

/** Resolves when all have ended well; rejects with the first failure, in the order given, after the last has ended. */
export async function allEnded(works: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(works)) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
}
