/** What a monitor knows between two looks, and its form as text, so that watching can go on after a restart. */
import { ImportJobError } from "../import-job-error.js";
import type { ImportJobRef, ImportJobStatus, ImportServiceKind } from "../service/import-job-status.js";

/** Knowledge between two looks. */
export interface MonitorMemory {
  /** The job as last seen; undefined before the first look. */
  readonly status: ImportJobStatus | undefined;
  /** Deadline announcements already made. */
  readonly announced: ReadonlySet<string>;
  /** When this monitor first saw the job shipped, and with copying over. */
  readonly evidence: { readonly shippingEnteredAt?: Date; readonly copyingOverAt?: Date };
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
  const { shippingEnteredAt, copyingOverAt } = saved.evidence ?? {};
  return {
    status: saved.status && reviveStatus(saved.status),
    announced: new Set(saved.announced),
    evidence: {
      ...(shippingEnteredAt && { shippingEnteredAt: new Date(shippingEnteredAt) }),
      ...(copyingOverAt && { copyingOverAt: new Date(copyingOverAt) }),
    },
    failures: 0,
  };
}

interface SavedMemory {
  readonly format: string;
  readonly version: number;
  readonly kind: ImportServiceKind;
  readonly resourceGroupName: string;
  readonly jobName: string;
  readonly status?: ImportJobStatus;
  readonly announced: readonly string[];
  readonly evidence?: { readonly shippingEnteredAt?: string; readonly copyingOverAt?: string };
}

/** JSON has no dates and no undefined; the dates are made again, absent fields stay absent. */
function reviveStatus(status: ImportJobStatus): ImportJobStatus {
  const revive = (value: unknown): Date | undefined =>
    typeof value === "string" ? new Date(value) : undefined;
  return Object.freeze({
    ...status,
    createdAt: revive(status.createdAt),
    lastModifiedAt: revive(status.lastModifiedAt),
    stages: Object.freeze(
      (status.stages ?? []).map((stage) => Object.freeze({ ...stage, at: revive(stage.at) })),
    ),
  });
}
