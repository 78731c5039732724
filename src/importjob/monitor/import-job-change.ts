/** What a monitor reports: one frozen fact at a time. */
import type { ImportDriveState, ImportJobState, ImportJobStatus } from "../service/import-job-status.js";
import { type ImportJobDeadline, importJobDeadlines } from "./deadlines.js";
import type { MonitorMemory } from "./monitor-memory.js";

/** Facts of every change. */
interface ChangeBase {
  /** When it was noticed, by the monitor's clock. */
  readonly at: Date;
  /** The job as it was then. */
  readonly status: ImportJobStatus;
}

/** One noticed change. The first look at a job reports its state with `from` undefined. */
export type ImportJobChange = ChangeBase &
  (
    | { readonly type: "job-state"; readonly from: ImportJobState | undefined; readonly to: ImportJobState }
    | {
        readonly type: "drive-state";
        readonly driveId: string;
        readonly from: ImportDriveState | undefined;
        readonly to: ImportDriveState;
      }
    | { readonly type: "job-progress"; readonly percentComplete: number }
    | { readonly type: "drive-progress"; readonly driveId: string; readonly percentComplete: number }
    | {
        readonly type: "drive-log";
        readonly driveId: string;
        readonly errorLogUri: string | undefined;
        readonly verboseLogUri: string | undefined;
      }
    | { readonly type: "cancel-requested" }
    | { readonly type: "return-package"; readonly carrierName: string; readonly trackingNumber: string }
    | { readonly type: "deadline-soon"; readonly deadline: ImportJobDeadline }
    | { readonly type: "deadline-passed"; readonly deadline: ImportJobDeadline }
    | { readonly type: "unreachable"; readonly message: string; readonly retryInMs: number }
  );

type WithoutBase<T> = T extends unknown ? Omit<T, keyof ChangeBase> : never;
type ChangeFacts = WithoutBase<ImportJobChange>;

/** The changes between what a monitor remembers and what it sees now, in the order of importance. Pure. */
export function findChanges(
  memory: MonitorMemory,
  status: ImportJobStatus,
  nowInMs: number,
): readonly ImportJobChange[] {
  const before = memory.status;
  const facts: ChangeFacts[] = [];
  if (before?.state !== status.state)
    facts.push({ type: "job-state", from: before?.state, to: status.state });
  if (status.cancelRequested && !before?.cancelRequested) facts.push({ type: "cancel-requested" });
  for (const drive of status.drives ?? []) {
    const { driveId, state, percentComplete, errorLogUri, verboseLogUri } = drive;
    const earlier = before?.drives?.find((candidate) => candidate.driveId === driveId);
    if (earlier?.state !== state)
      facts.push({ type: "drive-state", driveId, from: earlier?.state, to: state });
    if (percentComplete !== undefined && percentComplete !== earlier?.percentComplete) {
      facts.push({ type: "drive-progress", driveId, percentComplete });
    }
    const hasLog = errorLogUri !== undefined || verboseLogUri !== undefined;
    if (hasLog && (errorLogUri !== earlier?.errorLogUri || verboseLogUri !== earlier?.verboseLogUri)) {
      facts.push({ type: "drive-log", driveId, errorLogUri, verboseLogUri });
    }
  }
  if (status.percentComplete !== undefined && status.percentComplete !== before?.percentComplete) {
    facts.push({ type: "job-progress", percentComplete: status.percentComplete });
  }
  if (status.returnPackage && !before?.returnPackage) {
    const { carrierName, trackingNumber } = status.returnPackage;
    facts.push({ type: "return-package", carrierName, trackingNumber });
  }
  for (const deadline of importJobDeadlines(status, { nowInMs, ...memory.evidence })) {
    if (deadline.standing === "ahead") continue;
    const type = deadline.standing === "passed" ? "deadline-passed" : "deadline-soon";
    if (!memory.announced.has(announcement(type, deadline))) facts.push({ type, deadline });
  }
  const at = new Date(nowInMs);
  return facts.map((fact) => Object.freeze({ ...fact, at, status }) as ImportJobChange);
}

/** How a monitor remembers that it has said something about a deadline; a restarted clock is a new deadline. */
export function announcement(type: "deadline-soon" | "deadline-passed", deadline: ImportJobDeadline): string {
  return `${type}:${deadline.kind}:${deadline.at.toISOString()}`;
}
