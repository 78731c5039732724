/** The proof of arrival: what of the catalog is in the container, and how that was proven. */
import { formatBytes } from "../../diskprep/index.js";
import type { SeedEvidence, SeedReport } from "../../importjob/index.js";
import { count, counted, percentOf } from "../format.js";
import { type Html, html } from "../html.js";
import type { ReportFacts } from "../report-facts.js";
import { bar } from "./bar.js";
import { badge, notice } from "./tone.js";

const maximumExtraNames = 10;

const evidenceWords: Readonly<Record<SeedEvidence, string>> = {
  "content-md5": "MD5 kept with the blob",
  "block-hashes": "block by block",
  "checked-on-arrival": "range by range on arrival, by the service's log",
  bytes: "bytes read and hashed",
  empty: "empty blob",
};

export function renderArrival(facts: ReportFacts): Html {
  const { input, isOrdered } = facts;
  const report = input.seedReport;
  if (!report) {
    return html`<section aria-labelledby="arrival"><h2 id="arrival">Proof of arrival</h2>
<p>${isOrdered ? "The container has not been compared with the catalog in this report." : "There is nothing to compare yet."}</p></section>`;
  }
  return html`<section aria-labelledby="arrival">
<h2 id="arrival">Proof of arrival</h2>
${input.job.jobName !== report.jobName && notice("warning", "Another job's seed", html`This comparison was made for the seed of job ${report.jobName}.`)}
<p class="lead">${report.isProven ? badge("good", "Proven") : badge("bad", "Not proven")} ${sentenceOf(report)}</p>
${bar(
  [
    { percent: percentOf(report.arrivedEqual, report.blobs), kind: "good" },
    { percent: percentOf(report.different + report.missing, report.blobs), kind: "bad" },
    { percent: percentOf(report.notVerified, report.blobs), kind: "warning" },
  ],
  `${report.arrivedEqual} of ${report.blobs} blobs equal`,
)}
<div class="scroll"><table class="counts"><caption>Container ${report.containerName} against the catalog of seed ${report.seedId}</caption>
<thead><tr><th scope="col">Outcome</th><th scope="col" class="number">Blobs</th></tr></thead>
<tbody>${countsOf(report).map(([name, value]) => html`<tr><th scope="row">${name}</th><td class="number">${count(value)}</td></tr>`)}</tbody></table></div>
${renderFindings(report, facts.maximumFindings)}
${renderExtra(report)}
</section>`;
}

function sentenceOf(report: SeedReport): string {
  return (
    `${count(report.arrivedEqual)} of ${counted(report.blobs, "blob")} arrived and equal, ` +
    `${formatBytes(report.arrivedEqualBytes)} of ${formatBytes(report.bytes)}.`
  );
}

function countsOf(report: SeedReport): readonly (readonly [string, number])[] {
  const evidence = Object.entries(report.evidence)
    .filter(([, blobs]) => blobs > 0)
    .map(
      ([kind, blobs]) => [`Equal, proven by: ${evidenceWords[kind as SeedEvidence] ?? kind}`, blobs] as const,
    );
  const problems: readonly (readonly [string, number])[] = [
    ["Missing", report.missing],
    ["Different", report.different],
    ["Not proven either way", report.notVerified],
  ];
  const remarks: readonly (readonly [string, number])[] = [
    ["Equal, but with other metadata or headers", report.labelsDiffer],
    ["In the container, not in the catalog", report.extra],
  ];
  return [...evidence, ...problems, ...remarks.filter(([, blobs]) => blobs > 0)];
}

function renderFindings(report: SeedReport, maximumFindings: number): Html | undefined {
  if (report.findings.length === 0) return undefined;
  const shown = report.findings.slice(0, maximumFindings);
  const omitted = report.findings.length - shown.length + report.findingsOmitted;
  return html`<h3>Findings</h3>
<div class="scroll"><table class="findings"><thead><tr><th scope="col">Blob</th><th scope="col">Verdict</th><th scope="col">Why</th></tr></thead>
<tbody>${shown.map((finding) => html`<tr><th scope="row">${finding.name}</th><td>${badge(finding.verdict === "labels-differ" || finding.verdict === "not-verified" ? "warning" : "bad", finding.verdict.replace("-", " "))}</td><td>${finding.explanation}</td></tr>`)}</tbody></table></div>
${omitted > 0 && html`<p>${counted(omitted, "more finding")} not listed here.</p>`}`;
}

function renderExtra(report: SeedReport): Html | undefined {
  if (report.extraNames.length === 0) return undefined;
  const shown = report.extraNames.slice(0, maximumExtraNames);
  const omitted = report.extra - shown.length;
  return html`<h3>In the container, not in the catalog</h3>
<ul class="names">${shown.map((name) => html`<li>${name}</li>`)}</ul>${omitted > 0 && html`<p>and ${count(omitted)} more.</p>`}`;
}
