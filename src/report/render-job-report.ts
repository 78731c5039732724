/** The report of one job as one HTML file that needs nothing else: no script, no font, no network. */
import { createHash } from "node:crypto";
import { html, markup, trustedMarkup } from "./html.js";
import type { JobReportInput, JobReportOptions } from "./job-report.js";
import { reportFactsOf } from "./report-facts.js";
import { renderArrival } from "./sections/arrival.js";
import { renderDrives } from "./sections/drives.js";
import { renderPackingSlips } from "./sections/packing-slip.js";
import { renderSummary } from "./sections/summary.js";
import { renderTimeline } from "./sections/timeline.js";
import { reportStyle } from "./style.js";

/**
 * Renders the report of a job: where it stands, its dates and deadlines, how full the drives are, the proof of arrival,
 * and a packing slip a parcel on a page of its own. The result is one self-contained HTML document (UTF-8) with light,
 * dark and print styles; its content policy forbids scripts and every request.
 *
 * Pure: touches no disk and no network, gives the same text for the same input, may be repeated. Texts of the input are
 * escaped. Recovery passwords and other secrets do not reach the output, wherever in the input they stand: the field of
 * a {@link PreparedDrive} that holds one may be left in place. The result still names serial numbers and addresses.
 *
 * @throws RangeError when `timeZone` is not known to the platform
 */
export function renderJobReport(input: JobReportInput, options: JobReportOptions = {}): string {
  const facts = reportFactsOf(input, options);
  const styleHash = createHash("sha256").update(reportStyle).digest("base64");
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${trustedMarkup(styleHash)}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>Import job ${facts.input.job.jobName}</title>
<style>${trustedMarkup(reportStyle)}</style>
</head>
<body>
<main>
${renderSummary(facts)}
${renderTimeline(facts)}
${renderDrives(facts)}
${renderArrival(facts)}
${renderPackingSlips(facts)}
</main>
</body>
</html>
`;
  return markup(document);
}
