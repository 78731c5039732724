/** The drives: how full, read back, and what the service does with them. */
import { type DriveReport, formatBytes } from "../../diskprep/index.js";
import { count, counted, percentOf } from "../format.js";
import { type Html, html } from "../html.js";
import type { ReportedDrive } from "../job-report.js";
import type { DriveFactsOfReport, ReportFacts } from "../report-facts.js";
import { driveStateWords } from "../wording.js";
import { bar } from "./bar.js";
import { badge } from "./tone.js";

export function renderDrives(facts: ReportFacts): Html {
  const { drives, isOrdered } = facts;
  return html`<section aria-labelledby="drives">
<h2 id="drives">Drives</h2>
${
  drives.length === 0
    ? html`<p>No drives are known yet.</p>`
    : html`<div class="scroll"><table class="drives">
<caption>${counted(drives.length, "drive")} by serial number</caption>
<thead><tr><th scope="col">Serial number</th><th scope="col" class="wide">How full</th><th scope="col">Read back</th>${isOrdered && html`<th scope="col">At the service</th>`}</tr></thead>
<tbody>${drives.map((drive) => renderDrive(drive, isOrdered))}</tbody>
</table></div>`
}
${drives.map((drive) => drive.readBack && renderFindings(drive.readBack, facts.maximumFindings))}
</section>`;
}

function renderDrive(drive: DriveFactsOfReport, isOrdered: boolean): Html {
  const { prepared } = drive;
  return html`<tr><th scope="row">${drive.driveId}${prepared?.manifestHash !== undefined && html`<span class="small">manifest MD5 <code>${prepared.manifestHash}</code></span>`}</th>
<td>${prepared ? renderFullness(prepared) : "not known"}</td>
<td>${readBackBadge(drive.readBack)}</td>
${isOrdered && html`<td>${serviceState(drive)}</td>`}</tr>`;
}

function renderFullness({ blobBytes, sizeInBytes, blobCount }: ReportedDrive): Html {
  const percent = percentOf(blobBytes, sizeInBytes);
  const words = `${formatBytes(blobBytes)} of ${formatBytes(sizeInBytes)}`;
  return html`${bar([{ percent, kind: "data" }], `${percent} % full`)}<span class="small">${words}, ${percent} %; ${counted(blobCount, "blob")}</span>`;
}

function readBackBadge(report: DriveReport | undefined): Html {
  if (!report) return badge("calm", "not in this report");
  return report.passed
    ? html`${badge(report.sample ? "warning" : "good", report.sample ? "sample passed" : "passed")}<span class="small">${extentOf(report)}</span>`
    : badge("bad", counted(report.findingCount, "finding"));
}

function extentOf({ ranges, rangeCount, source }: DriveReport): string {
  const read = `${count(ranges.read)} of ${counted(rangeCount, "range")} read`;
  return source.bypassedCache ? `${read} from the medium` : `${read}, perhaps from memory`;
}

function serviceState({ service }: DriveFactsOfReport): Html {
  if (!service) return badge("bad", "not in the job");
  const words = driveStateWords[service.state] ?? driveStateWords.unknown;
  const { percentComplete, bytesSucceeded, copyStatus, errorLogUri } = service;
  const notes = [
    percentComplete !== undefined && `${percentComplete} % copied`,
    bytesSucceeded !== undefined && formatBytes(bytesSucceeded),
    copyStatus,
  ].filter((note) => note !== false && note !== undefined);
  return html`${badge(words.tone, words.title)}${notes.length > 0 && html`<span class="small">${notes.join(", ")}</span>`}${errorLogUri !== undefined && html`<span class="small">log: <code>${addressWithoutQuery(errorLogUri)}</code></span>`}`;
}

/** The query of a log's address may carry a signature that opens it; the path is enough to find it. */
function addressWithoutQuery(address: string): string {
  return address.replace(/[?#].*$/su, "");
}

function renderFindings(report: DriveReport, maximumFindings: number): Html | undefined {
  if (report.passed) return undefined;
  const shown = report.findings.slice(0, maximumFindings);
  const omitted = report.findingCount - shown.length;
  return html`<h3>What reading ${report.driveId} back found</h3>
<div class="scroll"><table class="findings"><thead><tr><th scope="col">Where</th><th scope="col">What</th></tr></thead>
<tbody>${shown.map((finding) => html`<tr><th scope="row">${finding.subject}</th><td>${finding.message} <span class="small">${finding.code}</span></td></tr>`)}</tbody></table></div>
${omitted > 0 && html`<p>${counted(omitted, "more finding")} not listed here.</p>`}`;
}
