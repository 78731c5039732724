/** The way of the job: its stages as a track, and all dates, past and to come, in order. */
import type { ImportJobState } from "../../importjob/index.js";
import { isDate } from "../format.js";
import { type Html, type HtmlValue, html } from "../html.js";
import type { ReportFacts } from "../report-facts.js";
import { deadlineTitles, jobStateWords, type Tone } from "../wording.js";

interface Step {
  readonly title: string;
  readonly states: readonly ImportJobState[];
}

const steps: readonly Step[] = [
  { title: "Ordered", states: ["creating"] },
  { title: "Shipping", states: ["shipping"] },
  { title: "Received", states: ["received"] },
  { title: "Copying", states: ["transferring"] },
  { title: "Packing, on the way back", states: ["packaging", "shipped-to-customer"] },
  { title: "Completed", states: ["completed", "completed-with-warnings", "completed-with-errors"] },
];

export function renderTimeline(facts: ReportFacts): Html {
  const entries = entriesOf(facts);
  return html`<section aria-labelledby="timeline">
<h2 id="timeline">Where the job stands</h2>
${renderTrack(facts)}
${
  entries.length > 1 &&
  html`<h3>Dates</h3><ol class="dates">${entries.map(
    (entry) =>
      html`<li class="${entry.tone}"><p class="date">${entry.date}</p><p class="event"><strong>${entry.title}</strong>${entry.text !== undefined && html`<br>${entry.text}`}</p></li>`,
  )}</ol>`
}
</section>`;
}

function renderTrack({ input }: ReportFacts): Html {
  const { state } = input.job;
  const current = steps.findIndex((step) => state !== undefined && step.states.includes(state));
  return html`<ol class="track">${steps.map((step, index) => {
    const isLast = current === steps.length - 1;
    const kind =
      index < current || (isLast && index === current) ? "done" : index === current ? "now" : "ahead";
    const words = { done: "done", now: "now", ahead: "still to come" }[kind];
    return html`<li class="${kind}"${kind === "now" && html` aria-current="step"`}><span class="step">${step.title}</span> <span class="step-state">${words}</span></li>`;
  })}</ol>`;
}

interface Entry {
  readonly atInMs: number;
  readonly date: HtmlValue;
  readonly title: string;
  readonly text: HtmlValue;
  readonly tone: Tone | "today";
}

function entriesOf({ input, stages, deadlines, format }: ReportFacts): readonly Entry[] {
  const { job, shipping, reportedAt } = input;
  const entries: Entry[] = [];
  const happened = (at: Date | undefined, title: string, text?: HtmlValue, date?: HtmlValue): void => {
    if (!isDate(at)) return;
    entries.push({ atInMs: at.getTime(), date: date ?? format.time(at), title, text, tone: "good" });
  };
  happened(job.createdAt, "Job ordered");
  const { shipDate, carrierName, trackingNumber } = shipping?.deliveryPackage ?? {};
  happened(shipDate, "Parcel handed over", carrierName && `${carrierName}, ${trackingNumber}`);
  happened(input.shippingEnteredAt, "Tracking number entered");
  for (const stage of stages) {
    if (stage.state !== "creating") {
      happened(stage.at, (jobStateWords[stage.state] ?? jobStateWords.unknown).title);
    }
  }
  if (job.returnPackage) {
    const { shipDate: sentAt, carrierName: carrier, trackingNumber: number } = job.returnPackage;
    const at = sentAt === undefined ? undefined : new Date(sentAt);
    const isDayOnly = /^\d{4}-\d{2}-\d{2}$/.test(sentAt ?? "");
    happened(at, "Drives sent back", `${carrier}, ${number}`, isDayOnly ? format.day(at) : format.time(at));
  }
  for (const deadline of deadlines) {
    entries.push({
      atInMs: deadline.at.getTime(),
      date: html`${deadline.standing === "passed" ? "was due " : "by "}${format.day(deadline.at)} <span class="distance">${format.distance(deadline.at)}</span>`,
      title: deadlineTitles[deadline.kind] ?? deadline.kind,
      text: html`${deadline.whatToDo} Otherwise: ${deadline.consequence}`,
      tone: deadline.standing === "ahead" ? "calm" : deadline.standing === "passed" ? "bad" : "warning",
    });
  }
  if (isDate(reportedAt)) {
    entries.push({
      atInMs: reportedAt.getTime(),
      date: format.time(reportedAt),
      title: "This report",
      text: undefined,
      tone: "today",
    });
  }
  return entries.sort((left, right) => left.atInMs - right.atInMs);
}
