/** The head of the report: which job, where it stands, what has to be done now. */
import { formatBytes } from "../../diskprep/index.js";
import type { ImportJobState } from "../../importjob/index.js";
import { count, counted } from "../format.js";
import { type Html, type HtmlValue, html } from "../html.js";
import type { ReportFacts } from "../report-facts.js";
import { jobStateWords, notOrderedWords, type StateWords } from "../wording.js";
import { badge, notice } from "./tone.js";

const serviceNames = { "import-export": "Azure Import/Export", "data-box": "Azure Data Box" } as const;

export function wordsOfJob({ input }: ReportFacts): StateWords {
  const { state } = input.job;
  return state === undefined ? notOrderedWords : (jobStateWords[state] ?? jobStateWords.unknown);
}

export function renderSummary(facts: ReportFacts): Html {
  const { job, reportedAt, seedReport } = facts.input;
  const words = wordsOfJob(facts);
  return html`<header class="summary">
<p class="eyebrow">Import job report</p>
<h1>${job.jobName} ${badge(words.tone, words.title)}</h1>
<p class="lead">${words.sentence}${seedReport?.isProven && " Every blob has arrived and is proven equal."}</p>
${noticesOf(facts)}
<dl class="facts">${rowsOf(facts).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<p class="made">Made ${facts.format.time(reportedAt)}. This report holds no recovery passwords and no other keys.</p>
</header>`;
}

function rowsOf({ input, drives, format }: ReportFacts): readonly (readonly [string, HtmlValue])[] {
  const { job, seedReport } = input;
  const prepared = drives.flatMap((drive) => drive.prepared ?? []);
  const bytes = prepared.reduce((sum, drive) => sum + drive.blobBytes, 0);
  const blobs = prepared.reduce((sum, drive) => sum + drive.blobCount, 0);
  const rows: readonly (readonly [string, HtmlValue])[] = [
    ["Service", job.kind && serviceNames[job.kind]],
    ["Resource group", job.resourceGroupName],
    ["Region", job.location],
    ["Storage account", job.storageAccountId?.split("/").at(-1)],
    ["Container", input.containerName ?? seedReport?.containerName],
    ["Drives", drives.length > 0 && counted(drives.length, "drive")],
    [
      "Data",
      prepared.length > 0
        ? `${formatBytes(bytes)} in ${counted(blobs, "blob")}`
        : seedReport && `${formatBytes(seedReport.bytes)} in ${counted(seedReport.blobs, "blob")}`,
    ],
    ["Copied", job.percentComplete !== undefined && `${count(job.percentComplete)} %`],
    [
      "Drives sent back",
      job.returnPackage && `${job.returnPackage.carrierName}, ${job.returnPackage.trackingNumber}`,
    ],
    ["Ordered", job.createdAt && format.time(job.createdAt)],
    ["Last change", job.lastModifiedAt && format.time(job.lastModifiedAt)],
  ];
  return rows.filter(([, value]) => value !== undefined && value !== false);
}

function noticesOf({ input, deadlines, format, drives }: ReportFacts): readonly Html[] {
  const { job, seedReport } = input;
  const notices: Html[] = [];
  for (const deadline of deadlines) {
    if (deadline.standing === "ahead") continue;
    const isPassed = deadline.standing === "passed";
    notices.push(
      notice(
        isPassed ? "bad" : "warning",
        html`${isPassed ? "Passed: " : "Due "}${format.day(deadline.at)} (${format.distance(deadline.at)})`,
        `${deadline.whatToDo} Otherwise: ${deadline.consequence}`,
      ),
    );
  }
  if (seedReport && !seedReport.isProven) {
    const unproven = seedReport.blobs - seedReport.arrivedEqual;
    notices.push(
      notice(
        "bad",
        `${counted(unproven, "blob")} not proven to have arrived`,
        html`The findings are under <a href="#arrival">Proof of arrival</a>. Keep the staging folder until they are repaired: their bytes can be sent over the network.`,
      ),
    );
  }
  const failedDrives = drives.filter((drive) => drive.readBack?.passed === false);
  if (failedDrives.length > 0) {
    notices.push(
      notice(
        "bad",
        "Drives that did not pass when read back",
        html`${failedDrives.map((drive) => drive.driveId).join(", ")}: ${
          hasLeft(job.state)
            ? "the datacentre may not take all of their blobs, so compare the container with the catalog at the end."
            : "prepare them again before they are sent."
        } What was found is under <a href="#drives">Drives</a>.`,
      ),
    );
  }
  if (job.errorMessage !== undefined) notices.push(notice("bad", "The service reports", job.errorMessage));
  if (job.cancelRequested && job.state !== "cancelled") {
    notices.push(
      notice(
        "warning",
        "Cancelling was asked for",
        "A job already shipped still walks its states, without copying.",
      ),
    );
  }
  const unexpected = job.drives && drives.filter((drive) => drive.prepared && !drive.service);
  if (unexpected && unexpected.length > 0) {
    notices.push(
      notice(
        "bad",
        "Drives that the job does not name",
        `${unexpected.map((drive) => drive.driveId).join(", ")}: do not send them with this job.`,
      ),
    );
  }
  return notices;
}

/** Whether the drives are out of the customer's hands. */
function hasLeft(state: ImportJobState | undefined): boolean {
  return state !== undefined && state !== "creating";
}
