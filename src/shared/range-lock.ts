/** Keeping overlapping pieces of work apart while the rest runs side by side. */

/** Runs work on ranges of numbers; overlapping ranges one after the other, in the order of the calls. */
export interface RangeLock {
  /** Runs `work` as soon as no earlier work on an overlapping range is left. */
  run<Result>(start: number, end: number, work: () => Promise<Result>): Promise<Result>;
}

/** A lock of its own for one medium. Waiting is first come, first served, so it cannot dead-lock. */
export function createRangeLock(): RangeLock {
  const held = new Set<{ readonly start: number; readonly end: number; readonly released: Promise<void> }>();
  return {
    async run(start, end, work) {
      const before = [...held].filter((range) => range.start < end && start < range.end);
      let release: () => void = () => undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const range = { start, end, released };
      held.add(range);
      try {
        if (before.length > 0) await Promise.all(before.map((earlier) => earlier.released));
        return await work();
      } finally {
        held.delete(range);
        release();
      }
    },
  };
}
