/** The states of jobs and drives in words for people, and how good they are. */
import type { ImportDriveState, ImportJobDeadlineKind, ImportJobState } from "../importjob/index.js";

/** How a thing stands; decides its sign and colour. */
export type Tone = "calm" | "busy" | "good" | "warning" | "bad";

/** A state in words. */
export interface StateWords {
  /** One or two words. */
  readonly title: string;
  /** A whole sentence. */
  readonly sentence: string;
  readonly tone: Tone;
}

export const jobStateWords: Readonly<Record<ImportJobState, StateWords>> = {
  creating: {
    title: "Ordered",
    sentence: "The job is ordered and waits for the tracking number of the parcel.",
    tone: "warning",
  },
  shipping: { title: "Shipping", sentence: "The parcel is on its way to the datacentre.", tone: "busy" },
  received: { title: "Received", sentence: "The datacentre has booked in all drives.", tone: "busy" },
  transferring: { title: "Copying", sentence: "The datacentre is copying the drives.", tone: "busy" },
  packaging: {
    title: "Copied",
    sentence: "Copying is finished; the drives are being packed for the way back.",
    tone: "busy",
  },
  "shipped-to-customer": {
    title: "On the way back",
    sentence: "Copying is finished; the drives are on their way back.",
    tone: "busy",
  },
  completed: { title: "Completed", sentence: "The service has completed the job.", tone: "good" },
  "completed-with-warnings": {
    title: "Completed with warnings",
    sentence: "The service has completed the job and wrote warnings into its logs.",
    tone: "warning",
  },
  "completed-with-errors": {
    title: "Completed with errors",
    sentence: "The service has ended the job; some of the data was not copied.",
    tone: "bad",
  },
  closed: { title: "Closed", sentence: "The service has closed the job.", tone: "warning" },
  cancelled: { title: "Cancelled", sentence: "The job was cancelled.", tone: "warning" },
  aborted: { title: "Aborted", sentence: "The service gave the job up.", tone: "bad" },
  faulted: {
    title: "Faulted",
    sentence: "Something went wrong; people at the datacentre are looking at it.",
    tone: "bad",
  },
  deleted: { title: "Deleted", sentence: "The service no longer knows the job.", tone: "bad" },
  unknown: { title: "Unknown", sentence: "The service gave no state this report knows.", tone: "warning" },
};

export const notOrderedWords: StateWords = {
  title: "Not ordered yet",
  sentence: "No import job has been ordered yet.",
  tone: "calm",
};

export const driveStateWords: Readonly<
  Record<ImportDriveState, { readonly title: string; readonly tone: Tone }>
> = {
  specified: { title: "Named in the job", tone: "calm" },
  received: { title: "Received", tone: "busy" },
  "never-received": { title: "Never received", tone: "bad" },
  transferring: { title: "Copying", tone: "busy" },
  completed: { title: "Copied", tone: "good" },
  "completed-more-info": { title: "Copied; see its log", tone: "warning" },
  "shipped-back": { title: "Sent back", tone: "good" },
  faulted: { title: "Faulted", tone: "bad" },
  unknown: { title: "Unknown", tone: "warning" },
};

export const deadlineTitles: Readonly<Record<ImportJobDeadlineKind, string>> = {
  "enter-tracking-number": "Tracking number entered",
  "drives-arrive": "Drives at the datacentre",
  "answer-operators": "Operators answered",
  "fetch-logs": "Logs fetched",
  "receive-drives-back": "Drives back",
};

/** The sign of a tone, so that colour is never the only difference. */
export const toneSigns: Readonly<Record<Tone, string>> = {
  calm: "○",
  busy: "◐",
  good: "✓",
  warning: "!",
  bad: "✕",
};
