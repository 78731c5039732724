/** Runs tasks side by side, a few at a time; the first error stops the intake. */

/** Takes tasks as fast as they can be run. */
export interface TaskLimit {
  /** Starts the task as soon as there is room and returns then; it does not wait for its end. @throws the error of an earlier task */
  start(task: () => Promise<void>): Promise<void>;
  /** Waits for all tasks. @throws the first error */
  drain(): Promise<void>;
}

/** Creates a limit of `maximum` tasks. */
export function createTaskLimit(maximum: number): TaskLimit {
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const throwFailure = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  return {
    async start(task) {
      throwFailure();
      while (running.size >= maximum) await Promise.race(running);
      throwFailure();
      const work: Promise<void> = task()
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => running.delete(work));
      running.add(work);
    },
    async drain() {
      while (running.size > 0) await Promise.all(running);
      throwFailure();
    },
  };
}
