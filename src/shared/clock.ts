/** Time, injected so that tests can let weeks pass in no time. */
import type { AbortSignalLike } from "./abort.js";

/** Source of the current time and of waiting. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  nowInMs(): number;
  /** Resolves after the given time; rejects with an `AbortError` when the signal aborts first. */
  sleep(durationInMs: number, abortSignal?: AbortSignalLike): Promise<void>;
}

/** The clock of this computer. */
export const systemClock: Clock = Object.freeze({
  nowInMs: () => Date.now(),
  async sleep(durationInMs: number, abortSignal?: AbortSignalLike) {
    // Loaded when needed: most programs that have a clock never wait.
    const { delay } = await import("@azure/core-util");
    await delay(durationInMs, abortSignal ? { abortSignal } : {});
  },
});
