/** Progress of one-shot operations: a fresh frozen report each time, not more often than asked. */

/** How far a running operation has come. */
export interface Progress {
  /** Step of the operation, for example `"copying"`. */
  readonly phase: string;
  readonly bytesDone: number;
  /** Undefined while the total is not known yet. */
  readonly bytesTotal: number | undefined;
  readonly itemsDone: number;
  /** Undefined while the total is not known yet. */
  readonly itemsTotal: number | undefined;
  /** Name of the file, blob or drive being worked on. */
  readonly item: string | undefined;
}

/** Receives progress reports. An error it throws is ignored: reporting never breaks the operation. */
export type ProgressListener = (progress: Progress) => void;

/** Options of every operation that reports progress. */
export interface ProgressOptions {
  /** Called a few times a second, and once at the end of each phase. */
  readonly onProgress?: ProgressListener | undefined;
}

/** Collects advances cheaply and reports them at most every `intervalInMs`. */
export interface ProgressReporter {
  /** Begins a phase with fresh counters. */
  begin(phase: string, totals?: { readonly bytes?: number; readonly items?: number }): void;
  /** Adds to the counters of the current phase. */
  advance(bytes: number, items: number, item?: string): void;
  /** Reports the current counters whatever the time; called at the end of a phase. */
  flush(): void;
}

/** Creates a reporter. Without a listener it only counts. `intervalInMs` defaults to 100. */
export function createProgressReporter(
  listener: ProgressListener | undefined,
  intervalInMs = 100,
  nowInMs: () => number = Date.now,
): ProgressReporter {
  let phase = "";
  let bytesTotal: number | undefined;
  let itemsTotal: number | undefined;
  let bytesDone = 0;
  let itemsDone = 0;
  let item: string | undefined;
  let reportedAtInMs = Number.NEGATIVE_INFINITY;

  const report = (): void => {
    if (!listener || phase === "") return;
    reportedAtInMs = nowInMs();
    try {
      listener(Object.freeze({ phase, bytesDone, bytesTotal, itemsDone, itemsTotal, item }));
    } catch {
      // A listener is the caller's display; its failure must not cost the caller a drive.
    }
  };

  return {
    begin(nextPhase, totals = {}) {
      phase = nextPhase;
      bytesTotal = totals.bytes;
      itemsTotal = totals.items;
      bytesDone = 0;
      itemsDone = 0;
      item = undefined;
      report();
    },
    advance(bytes, items, currentItem) {
      bytesDone += bytes;
      itemsDone += items;
      item = currentItem ?? item;
      if (listener && nowInMs() - reportedAtInMs >= intervalInMs) report();
    },
    flush: report,
  };
}
