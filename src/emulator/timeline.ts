/**
 * What happens by itself: work that falls due at a time, and deadlines that pass. Nothing runs in the background; the
 * owner of the clock lets time pass and asks to catch up, so that weeks need no waiting.
 */
import type { Clock } from "../shared/index.js";

/** Work that falls due. Receives the time it was due at, which may lie in the past. */
export type DueAction = (atInMs: number) => Promise<void> | void;

/** The emulator's diary. */
export interface Timeline {
  nowInMs(): number;
  /** Enters work to be started at a time; one that has passed already means: at the next catching up. */
  schedule(dueAtInMs: number, action: DueAction): void;
  /** Enters a rule that is asked what has expired whenever time has passed. */
  addDeadlineRule(rule: (nowInMs: number) => void): void;
  /**
   * Does what is due, one thing after the other in the order of time, and applies the deadlines in between. Does not
   * wait for long work; time stands still for the diary while that runs, and it goes on by itself afterwards.
   */
  catchUp(): void;
  /** Catches up and waits until nothing is due and nothing is running any more. @throws what a piece of work threw */
  settle(): Promise<void>;
}

/** Makes an empty diary. */
export function createTimeline(clock: Clock): Timeline {
  const entries: { dueAtInMs: number; order: number; action: DueAction }[] = [];
  const deadlineRules: ((nowInMs: number) => void)[] = [];
  let running: Promise<void> | undefined;
  let failure: { reason: unknown } | undefined;
  let entryCount = 0;

  const applyDeadlines = (nowInMs: number): void => {
    for (const rule of deadlineRules) rule(nowInMs);
  };
  const start = (action: DueAction, atInMs: number): void => {
    const work = action(atInMs);
    if (work === undefined) return;
    running = work
      .catch((reason: unknown) => {
        failure ??= { reason };
      })
      .finally(() => {
        running = undefined;
        catchUp();
      });
  };
  const catchUp = (): void => {
    while (running === undefined) {
      const nowInMs = clock.nowInMs();
      const next = entries.sort((a, b) => a.dueAtInMs - b.dueAtInMs || a.order - b.order)[0];
      if (next === undefined || next.dueAtInMs > nowInMs) {
        applyDeadlines(nowInMs);
        break;
      }
      entries.shift();
      applyDeadlines(next.dueAtInMs);
      start(next.action, next.dueAtInMs);
    }
  };

  return {
    nowInMs: () => clock.nowInMs(),
    schedule(dueAtInMs, action) {
      entries.push({ dueAtInMs, order: entryCount++, action });
    },
    addDeadlineRule(rule) {
      deadlineRules.push(rule);
    },
    catchUp,
    async settle() {
      catchUp();
      while (running !== undefined) await running;
      if (failure === undefined) return;
      const { reason } = failure;
      failure = undefined;
      throw reason;
    },
  };
}
