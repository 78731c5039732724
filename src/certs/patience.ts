/** Waiting for a directory that shows new objects late: growing delays up to a limit, abortable. */
import { type AbortSignalLike, type Clock, throwIfAborted } from "../shared/index.js";
import { CertsError } from "./certs-error.js";

/** How long to be patient. */
export interface PatienceOptions {
  readonly clock: Clock;
  /** What is waited for, for the message. */
  readonly awaited: string;
  /** Sum of all delays. Default: 120 000. */
  readonly limitInMs?: number;
  readonly abortSignal?: AbortSignalLike | undefined;
}

const firstDelayInMs = 1_000;
const longestDelayInMs = 15_000;

/**
 * Repeats an attempt until it gives a value.
 *
 * @throws CertsError `replication-timeout` when the limit passes; whatever the attempt throws; AbortError.
 */
export async function repeatUntilDefined<Value>(
  attempt: () => Promise<Value | undefined>,
  { clock, awaited, limitInMs = 120_000, abortSignal }: PatienceOptions,
): Promise<Value> {
  let delayInMs = firstDelayInMs;
  let waitedInMs = 0;
  for (;;) {
    throwIfAborted(abortSignal);
    const value = await attempt();
    if (value !== undefined) return value;
    if (waitedInMs >= limitInMs) {
      throw new CertsError(
        "replication-timeout",
        `${awaited} has not become visible within ${Math.round(limitInMs / 1000)} seconds. Wait a few minutes and call again; nothing is created twice.`,
        { details: { awaited, waitedInMs } },
      );
    }
    const nextDelayInMs = Math.min(delayInMs, limitInMs - waitedInMs);
    await clock.sleep(nextDelayInMs, abortSignal);
    waitedInMs += nextDelayInMs;
    delayInMs = Math.min(delayInMs * 2, longestDelayInMs);
  }
}
