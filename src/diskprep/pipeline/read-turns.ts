/**
 * One thread at a time reads large files, so that a spinning disk sees one ascending stream and not several that its head
 * has to jump between. The others meanwhile hash and encrypt what they have read.
 */

/** Turns among the threads that share a memory. */
export interface ReadTurns {
  /** Waits for the turn, does the work and gives the turn on, whatever becomes of the work. Blocks the thread. */
  take<Result>(work: () => Result): Result;
}

const free = 0;
const taken = 1;

/**
 * Turns by a number in shared memory. Only for worker threads: the main thread may not block.
 *
 * @param cell one element of shared memory that is zero at first
 */
export function createReadTurns(cell: Int32Array): ReadTurns {
  return {
    take(work) {
      while (Atomics.compareExchange(cell, 0, free, taken) !== free) Atomics.wait(cell, 0, taken);
      try {
        return work();
      } finally {
        Atomics.store(cell, 0, free);
        Atomics.notify(cell, 0, 1);
      }
    },
  };
}

/** For the only thread there is. */
export const noReadTurns: ReadTurns = { take: (work) => work() };
