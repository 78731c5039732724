/**
 * The dates a job must not miss.
 *
 * From the service's articles: a job without a tracking number is deleted two weeks after it was created or last
 * updated; drives must arrive within two weeks of the shipping details; when they do not and the customer stays silent,
 * the job is closed after 30 days; the record of an ended job is deleted after 90 days, and drives that cannot be
 * returned are destroyed after 90 days.
 */
import type { ImportJobStatus } from "../service/import-job-status.js";
import { isCopyingOver, isEndState } from "../service/import-job-status.js";

/** What must happen by a date. */
export type ImportJobDeadlineKind =
  | "enter-tracking-number"
  | "drives-arrive"
  | "answer-operators"
  | "fetch-logs"
  | "receive-drives-back";

/** One date of a job. */
export interface ImportJobDeadline {
  readonly kind: ImportJobDeadlineKind;
  /** When the clock began to run. */
  readonly startedAt: Date;
  /** The date itself. */
  readonly at: Date;
  /** From when on it is worth a warning. */
  readonly warnFrom: Date;
  /** What happens when it passes. */
  readonly consequence: string;
  readonly whatToDo: string;
  /** `ahead`, inside the warning time, or over. */
  readonly standing: "ahead" | "due-soon" | "passed";
}

/** Times only the caller may know, because the service keeps none. */
export interface DeadlineEvidence {
  /** Now. */
  readonly nowInMs: number;
  /** When the job was first seen. Used where the service keeps no time of its own: the deadline is then at most this late. */
  readonly firstSeenAt?: Date | undefined;
  /** When shipping details were entered; saved shipping details and monitors know it. Default: the last change of the job. */
  readonly shippingEnteredAt?: Date | undefined;
  /** When the job was first seen with copying over. Default: the last change of the job. */
  readonly copyingOverAt?: Date | undefined;
}

const dayInMs = 86_400_000;

const rules: Readonly<
  Record<
    ImportJobDeadlineKind,
    {
      readonly days: number;
      readonly warningDays: number;
      readonly consequence: string;
      readonly whatToDo: string;
    }
  >
> = {
  "enter-tracking-number": {
    days: 14,
    warningDays: 4,
    consequence: "The service deletes the job, and drives that arrive later belong to nothing.",
    whatToDo:
      "Enter carrier and tracking number. If the drives cannot leave yet, update the job: every update starts the two weeks anew.",
  },
  "drives-arrive": {
    days: 14,
    warningDays: 4,
    consequence: "The service takes the drives for lost and its operators contact you.",
    whatToDo: "Ask the carrier where the parcel is; correct the tracking number if it is wrong.",
  },
  "answer-operators": {
    days: 44,
    warningDays: 14,
    consequence: "Without an answer the job is closed.",
    whatToDo: "Answer the operators' mail, or ask Azure support about the parcel.",
  },
  "fetch-logs": {
    days: 90,
    warningDays: 14,
    consequence:
      "The service deletes the job; its status, log addresses and recovery keys can no longer be asked for.",
    whatToDo: "Compare the container with the catalog, fetch the logs, and keep the report.",
  },
  "receive-drives-back": {
    days: 90,
    warningDays: 30,
    consequence: "Drives that cannot be returned are destroyed.",
    whatToDo: "Check return address and carrier account with Azure support if the drives have not come back.",
  },
};

/** The deadlines that run in the job's present state, soonest first. Pure. */
export function importJobDeadlines(
  job: ImportJobStatus,
  evidence: DeadlineEvidence,
): readonly ImportJobDeadline[] {
  const deadlines: ImportJobDeadline[] = [];
  const add = (kind: ImportJobDeadlineKind, startedAt: Date | undefined): void => {
    if (startedAt) deadlines.push(deadlineOf(kind, startedAt, evidence.nowInMs));
  };
  if (job.state === "creating")
    add("enter-tracking-number", job.lastModifiedAt ?? job.createdAt ?? evidence.firstSeenAt);
  if (job.state === "shipping") {
    const shippedAt =
      stageTime(job, "shipping") ?? evidence.shippingEnteredAt ?? job.lastModifiedAt ?? evidence.firstSeenAt;
    add("drives-arrive", shippedAt);
    add("answer-operators", shippedAt);
  }
  if (isCopyingOver(job.state) && job.state !== "deleted") {
    const endedAt = stageTime(job, job.state) ?? evidence.copyingOverAt ?? job.lastModifiedAt;
    if (isEndState(job.state)) add("fetch-logs", endedAt);
    if (!job.returnPackage && job.state !== "cancelled") add("receive-drives-back", endedAt);
  }
  return Object.freeze(deadlines.sort((left, right) => left.at.getTime() - right.at.getTime()));
}

function stageTime(job: ImportJobStatus, state: ImportJobStatus["state"]): Date | undefined {
  return job.stages.findLast((stage) => stage.state === state)?.at;
}

function deadlineOf(kind: ImportJobDeadlineKind, startedAt: Date, nowInMs: number): ImportJobDeadline {
  const { days, warningDays, consequence, whatToDo } = rules[kind];
  const atInMs = startedAt.getTime() + days * dayInMs;
  const warnFromInMs = atInMs - warningDays * dayInMs;
  return Object.freeze({
    kind,
    startedAt,
    at: new Date(atInMs),
    warnFrom: new Date(warnFromInMs),
    consequence,
    whatToDo,
    standing: nowInMs >= atInMs ? "passed" : nowInMs >= warnFromInMs ? "due-soon" : "ahead",
  });
}
