/** A clock that tests move: sleeping advances it at once. */
import { AbortError } from "@azure/abort-controller";
import type { Clock } from "../../../src/shared/index.js";

/** A clock whose sleeps take no time and are remembered. */
export interface TestClock extends Clock {
  readonly sleepsInMs: number[];
  advance(durationInMs: number): void;
  /** Called after every sleep. */
  onSleep: (() => void | Promise<void>) | undefined;
}

/** Starts at 2026-03-02 08:00 UTC unless told otherwise. */
export function testClock(startInMs: number = Date.UTC(2026, 2, 2, 8)): TestClock {
  let nowInMs = startInMs;
  return {
    sleepsInMs: [],
    onSleep: undefined,
    nowInMs: () => nowInMs,
    advance(durationInMs) {
      nowInMs += durationInMs;
    },
    async sleep(durationInMs, abortSignal) {
      if (abortSignal?.aborted) throw new AbortError("aborted");
      this.sleepsInMs.push(durationInMs);
      nowInMs += durationInMs;
      await this.onSleep?.();
      if (abortSignal?.aborted) throw new AbortError("aborted");
    },
  };
}
