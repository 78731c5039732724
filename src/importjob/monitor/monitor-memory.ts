/** What a monitor knows between two looks, and its form as text, so that watching can go on after a restart. */
import { ImportJobError } from "../import-job-error.js";
import type { ImportJobRef, ImportJobStatus, ImportServiceKind } from "../service/import-job-status.js";

const evidenceNames = ["firstSeenAt", "shippingEnteredAt", "copyingOverAt"] as const;

/** What a monitor notes the time of. */
type EvidenceName = (typeof evidenceNames)[number];

/** Knowledge between two looks. */
export interface MonitorMemory {
  /** The job as last seen; undefined before the first look. */
  readonly status: ImportJobStatus | undefined;
  /** Deadline announcements already made. */
  readonly announced: ReadonlySet<string>;
  /** When this monitor first saw the job at all, shipped, and with copying over. */
  readonly evidence: Readonly<Partial<Record<EvidenceName, Date>>>;
  /** Looks in a row that failed. */
  readonly failures: number;
}

/** A memory of nothing. */
export const emptyMonitorMemory: MonitorMemory = Object.freeze({
  status: undefined,
  announced: new Set<string>(),
  evidence: {},
  failures: 0,
});

const format = "offline-seed-import-job-monitor";

/** The memory as one line of JSON. Contains no secrets. */
export function serializeMonitorMemory(
  kind: ImportServiceKind,
  ref: ImportJobRef,
  memory: MonitorMemory,
): string {
  return JSON.stringify({
    format,
    version: 1,
    kind,
    resourceGroupName: ref.resourceGroupName,
    jobName: ref.jobName,
    status: memory.status,
    announced: [...memory.announced],
    evidence: memory.evidence,
  });
}

/** @throws ImportJobError `invalid-monitor-state` when the text is damaged or about another job */
export function restoreMonitorMemory(
  text: string,
  kind: ImportServiceKind,
  ref: ImportJobRef,
): MonitorMemory {
  let saved: SavedMemory;
  try {
    saved = JSON.parse(text) as SavedMemory;
  } catch (cause) {
    throw new ImportJobError(
      "invalid-monitor-state",
      "The saved monitor state is not JSON; start a new monitor.",
      {
        cause,
      },
    );
  }
  if (saved?.format !== format || saved.version !== 1 || !Array.isArray(saved.announced)) {
    throw new ImportJobError(
      "invalid-monitor-state",
      "The saved text is not the state of an import job monitor of this version; start a new monitor.",
    );
  }
  if (
    saved.kind !== kind ||
    saved.jobName !== ref.jobName ||
    saved.resourceGroupName !== ref.resourceGroupName
  ) {
    throw new ImportJobError(
      "invalid-monitor-state",
      `The saved state watches import job '${saved.jobName}' (${saved.kind}), not '${ref.jobName}' (${kind}).`,
      { details: { savedJobName: saved.jobName, jobName: ref.jobName } },
    );
  }
  try {
    return {
      status: saved.status === undefined ? undefined : reviveStatus(saved.status),
      announced: new Set(saved.announced.map(textOf)),
      evidence: reviveEvidence(saved.evidence ?? {}),
      failures: 0,
    };
  } catch (cause) {
    throw new ImportJobError(
      "invalid-monitor-state",
      `The saved state of import job '${ref.jobName}' is damaged; start a new monitor.`,
      { details: { jobName: ref.jobName }, cause },
    );
  }
}

interface SavedMemory {
  readonly format: string;
  readonly version: number;
  readonly kind: ImportServiceKind;
  readonly resourceGroupName: string;
  readonly jobName: string;
  readonly status?: ImportJobStatus;
  readonly announced: readonly unknown[];
  readonly evidence?: Readonly<Partial<Record<EvidenceName, unknown>>>;
}

/** JSON has no dates and no undefined; the dates are made again, absent fields stay absent. @throws TypeError */
function reviveStatus(status: ImportJobStatus): ImportJobStatus {
  textOf(status.state);
  for (const list of [status.stages, status.drives]) {
    if (list !== undefined && !Array.isArray(list)) throw new TypeError("a list is none");
  }
  for (const drive of status.drives ?? []) textOf(drive.driveId);
  return Object.freeze({
    ...status,
    createdAt: dateOf(status.createdAt),
    lastModifiedAt: dateOf(status.lastModifiedAt),
    stages: Object.freeze(
      (status.stages ?? []).map((stage) => Object.freeze({ ...stage, at: dateOf(stage.at) })),
    ),
  });
}

function reviveEvidence(saved: Readonly<Partial<Record<EvidenceName, unknown>>>): MonitorMemory["evidence"] {
  return Object.fromEntries(
    evidenceNames.flatMap((name) => (saved[name] === undefined ? [] : [[name, dateOf(saved[name])]])),
  );
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError("a text is none");
}

function dateOf(value: unknown): Date | undefined {
  if (value === undefined) return undefined;
  const date = new Date(textOf(value));
  if (Number.isNaN(date.getTime())) throw new TypeError("a date cannot be read");
  return date;
}
