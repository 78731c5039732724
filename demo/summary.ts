/** The one JSON line of the demo; its shape does not depend on the service. */
import type { DemoResult } from "./run-demo.js";

/** What `--json` prints. `phases` are seconds by the name of the phase. */
export interface DemoSummary {
  readonly blobs: number;
  readonly bytes: number;
  readonly drives: number;
  readonly arrivedEqual: number;
  readonly missing: number;
  /** Blobs that differ or could not be compared. */
  readonly different: number;
  readonly phases: Readonly<Record<string, number>>;
}

/** The figures of a run. */
export function summaryOf({ report, driveCount, phases }: DemoResult): DemoSummary {
  return {
    blobs: report.blobs,
    bytes: report.bytes,
    drives: driveCount,
    arrivedEqual: report.arrivedEqual,
    missing: report.missing,
    different: report.different + report.notVerified,
    phases,
  };
}
