/** A clock that moves only when told to. */
import type { Clock } from "../../../src/shared/index.js";

export interface ManualClock extends Clock {
  advanceDays(days: number): void;
  advance(durationInMs: number): void;
}

const oneDayInMs = 24 * 60 * 60 * 1000;

export function createManualClock(startInMs: number = Date.UTC(2026, 0, 5, 8)): ManualClock {
  let nowInMs = startInMs;
  return {
    nowInMs: () => nowInMs,
    sleep: async (durationInMs) => {
      nowInMs += durationInMs;
    },
    advance(durationInMs) {
      nowInMs += durationInMs;
    },
    advanceDays(days) {
      nowInMs += days * oneDayInMs;
    },
  };
}
