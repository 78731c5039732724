/**
 * Watching a job for weeks: an async iterator of changes and a poller in one.
 *
 * The job's life is no ARM long-running operation, so this is a poller of our own with the shape of `PollerLike`. It
 * survives restarts (`serialize`), a dead network and throttling; aborting stops the watching and never the job.
 */
import type { CancelOnProgress, OperationState, PollerLike } from "@azure/core-lro";
import {
  type AbortOptions,
  type AbortSignalLike,
  type Clock,
  createRoomLogger,
  systemClock,
  throwIfAborted,
} from "../../shared/index.js";
import { isImportJobError } from "../import-job-error.js";
import type { ImportJobService } from "../service/import-job-service.js";
import {
  type ImportJobRef,
  type ImportJobStatus,
  isCopyingOver,
  isEndState,
} from "../service/import-job-status.js";
import { isTransientFailure, retryAfterInMs } from "../service/service-failure.js";
import { announcement, findChanges, type ImportJobChange } from "./import-job-change.js";
import {
  emptyMonitorMemory,
  type MonitorMemory,
  restoreMonitorMemory,
  serializeMonitorMemory,
} from "./monitor-memory.js";

const logger = createRoomLogger("importjob");

/** State of a monitor in the terms of `PollerLike`. */
export type ImportJobMonitorState = OperationState<ImportJobStatus>;

/** Options of {@link monitorImportJob}. */
export interface MonitorImportJobOptions extends AbortOptions {
  /** Time and waiting. Default: this computer's. */
  readonly clock?: Clock;
  /** Pause between two looks. Default: 15 minutes; the portal itself lags by hours. */
  readonly intervalInMs?: number;
  /** Longest pause after failures in a row. Default: one hour. */
  readonly maximumIntervalInMs?: number;
  /** When watching ends: once nothing more is copied, or once the job has ended. Default: `"ended"`. */
  readonly until?: "copied" | "ended";
  /** Text that `serialize()` of an earlier monitor gave. Default: start afresh. */
  readonly restoreFrom?: string;
}

/**
 * A watched job.
 *
 * Iterating it yields every change from the first look on and ends with the job; breaking out of the loop stops
 * looking. Awaiting it (or `pollUntilDone`) gives the last status. Several iterations share one memory: a change is
 * yielded to the one that looked. Resolves also for jobs that ended badly; look at `state`.
 */
export interface ImportJobMonitor
  extends AsyncIterable<ImportJobChange>,
    PollerLike<ImportJobMonitorState, ImportJobStatus> {}

/**
 * Watches a job. Uses the network at every look; nothing is sent before the first one.
 *
 * A look that fails for passing reasons (network, throttling, service down) yields `unreachable` and is repeated after
 * the service's `Retry-After` or a growing pause, for as long as it takes. A job the service no longer knows ends with
 * state `deleted`.
 *
 * @throws ImportJobError `invalid-monitor-state`; while watching whatever the service refuses for good (401, 403)
 */
export function monitorImportJob(
  service: ImportJobService,
  ref: ImportJobRef,
  options: MonitorImportJobOptions = {},
): ImportJobMonitor {
  const clock = options.clock ?? systemClock;
  const intervalInMs = options.intervalInMs ?? 900_000;
  const maximumIntervalInMs = Math.max(intervalInMs, options.maximumIntervalInMs ?? 3_600_000);
  const isEnough = options.until === "copied" ? isCopyingOver : isEndState;
  const listeners = new Set<(state: ImportJobMonitorState) => void>();
  let memory =
    options.restoreFrom === undefined
      ? emptyMonitorMemory
      : restoreMonitorMemory(options.restoreFrom, service.kind, ref);
  let pauseInMs = intervalInMs;
  let ending: Promise<ImportJobStatus> | undefined;

  const isDone = (): boolean => memory.status !== undefined && isEnough(memory.status.state);

  const stateOf = (): ImportJobMonitorState | undefined => {
    const { status } = memory;
    if (!status) return undefined;
    if (!isDone()) return { status: "running" };
    const end =
      status.state === "cancelled"
        ? "canceled"
        : ["aborted", "deleted"].includes(status.state)
          ? "failed"
          : "succeeded";
    return { status: end, result: status };
  };

  const look = async (abortSignal: AbortSignalLike | undefined): Promise<readonly ImportJobChange[]> => {
    throwIfAborted(abortSignal);
    try {
      const status = await statusOrDeleted(service, ref, memory, abortSignal);
      pauseInMs = intervalInMs;
      const changes = findChanges(remember(memory, status, clock.nowInMs()), status, clock.nowInMs());
      memory = afterLook(memory, status, changes, clock.nowInMs());
      for (const listener of listeners) callListener(listener, stateOf());
      return changes;
    } catch (error) {
      if (!isTransientFailure(error)) throw error;
      const nowInMs = clock.nowInMs();
      pauseInMs =
        retryAfterInMs(error, nowInMs) ??
        Math.min(maximumIntervalInMs, intervalInMs * 2 ** Math.min(memory.failures, 20));
      memory = { ...memory, failures: memory.failures + 1 };
      logger.info(`import job ${ref.jobName} cannot be read now; looking again in ${pauseInMs} ms`);
      if (!memory.status) return [];
      const message = `The service cannot be asked about import job '${ref.jobName}' at the moment.`;
      return [
        Object.freeze({
          type: "unreachable",
          message,
          retryInMs: pauseInMs,
          at: new Date(nowInMs),
          status: memory.status,
        }),
      ];
    }
  };

  async function* changesUntilDone(
    abortSignal: AbortSignalLike | undefined,
  ): AsyncGenerator<ImportJobChange, void, undefined> {
    while (!isDone()) {
      yield* await look(abortSignal);
      if (isDone()) return;
      await clock.sleep(pauseInMs, abortSignal);
    }
  }

  const pollUntilDone = async (abortSignal: AbortSignalLike | undefined): Promise<ImportJobStatus> => {
    for await (const _change of changesUntilDone(abortSignal)) throwIfAborted(abortSignal);
    return memory.status!;
  };
  const end = (): Promise<ImportJobStatus> => {
    ending ??= pollUntilDone(options.abortSignal).finally(() => {
      ending = undefined;
    });
    return ending;
  };

  const monitor: ImportJobMonitor = {
    [Symbol.asyncIterator]: () => changesUntilDone(options.abortSignal),
    get isDone() {
      return isDone();
    },
    get operationState() {
      return stateOf();
    },
    get result() {
      return isDone() ? memory.status : undefined;
    },
    poll: async (pollOptions) => {
      await look(pollOptions?.abortSignal ?? options.abortSignal);
      return stateOf() ?? { status: "notStarted" };
    },
    pollUntilDone: (pollOptions) => pollUntilDone(pollOptions?.abortSignal ?? options.abortSignal),
    onProgress: (callback): CancelOnProgress => {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    serialize: async () => serializeMonitorMemory(service.kind, ref, memory),
    submitted: async () => undefined,
    // biome-ignore lint/suspicious/noThenProperty: `PollerLike` is a promise of the final status by definition.
    then: (onFulfilled, onRejected) => end().then(onFulfilled, onRejected),
    catch: (onRejected) => end().catch(onRejected),
    finally: (onFinally) => end().finally(onFinally),
    [Symbol.toStringTag]: "ImportJobMonitor",
  };
  return monitor;
}

/** The job's status; a job the service has forgotten is reported once as `deleted`, with what was last known of it. */
async function statusOrDeleted(
  service: ImportJobService,
  ref: ImportJobRef,
  memory: MonitorMemory,
  abortSignal: AbortSignalLike | undefined,
): Promise<ImportJobStatus> {
  try {
    return await service.getImportJob(ref, abortSignal ? { abortSignal } : {});
  } catch (error) {
    if (!memory.status || !isImportJobError(error) || error.code !== "job-not-found") throw error;
    return Object.freeze({ ...memory.status, state: "deleted", serviceState: undefined });
  }
}

/** Notes when the clocks the service keeps no time of began to run. */
function remember(memory: MonitorMemory, status: ImportJobStatus, nowInMs: number): MonitorMemory {
  const { evidence } = memory;
  const before = memory.status?.state;
  const shipped = status.state === "shipping" && before !== undefined && before !== "shipping";
  const copied = isCopyingOver(status.state) && before !== undefined && !isCopyingOver(before);
  return {
    ...memory,
    evidence: {
      firstSeenAt: new Date(nowInMs),
      ...evidence,
      ...(shipped && { shippingEnteredAt: new Date(nowInMs) }),
      ...(copied && { copyingOverAt: new Date(nowInMs) }),
    },
  };
}

function afterLook(
  memory: MonitorMemory,
  status: ImportJobStatus,
  changes: readonly ImportJobChange[],
  nowInMs: number,
): MonitorMemory {
  const announced = new Set(memory.announced);
  for (const change of changes) {
    if (change.type === "deadline-soon" || change.type === "deadline-passed") {
      announced.add(announcement(change.type, change.deadline));
    }
  }
  return { ...remember(memory, status, nowInMs), status, announced, failures: 0 };
}

function callListener(
  listener: (state: ImportJobMonitorState) => void,
  state: ImportJobMonitorState | undefined,
): void {
  if (!state) return;
  try {
    listener(state);
  } catch (error) {
    logger.warning("a progress listener of an import job monitor failed", error);
  }
}
