/** One page a parcel, to be printed and packed with the drives. Without keys: the service has them with the job. */
import { formatBytes } from "../../diskprep/index.js";
import { formatShippingDestination, type ReturnAddress } from "../../importjob/index.js";
import { counted } from "../format.js";
import { type Html, type HtmlValue, html } from "../html.js";
import type { PackageFacts, ReportFacts } from "../report-facts.js";

const blank = html`<span class="blank"><span class="unseen">to be filled in</span></span>`;

export function renderPackingSlips(facts: ReportFacts): readonly Html[] {
  return facts.packages.map((parcel, index) => renderSlip(facts, parcel, index));
}

function renderSlip(facts: ReportFacts, parcel: PackageFacts, index: number): Html {
  const { input, packages, format } = facts;
  const { job, shipping, destination } = input;
  const id = `slip-${index + 1}`;
  const position = packages.length > 1 ? ` ${index + 1} of ${packages.length}` : "";
  return html`<section class="slip" aria-labelledby="${id}">
<div class="slip-head"><h2 id="${id}">Packing slip${position}</h2><p>Put one copy into the parcel.</p></div>
<p class="slip-job"><span class="slip-label">Import job</span> ${job.jobName}</p>
<div class="addresses">
<div><h3>Ship to</h3><address>${destination ? lines(formatShippingDestination(destination).split("\n")) : blank}</address>${closedSiteNote(facts)}</div>
<div><h3>From, and return to</h3><address>${shipping?.returnAddress ? lines(returnLines(shipping.returnAddress)) : blank}</address></div>
</div>
<dl class="facts">
<div><dt>Carrier</dt><dd>${parcel.delivery?.carrierName || blank}</dd></div>
<div><dt>Tracking number</dt><dd class="tracking">${parcel.delivery?.trackingNumber || blank}</dd></div>
<div><dt>Handed over</dt><dd>${parcel.delivery?.shipDate ? format.day(parcel.delivery.shipDate) : blank}</dd></div>
<div><dt>Return carrier</dt><dd>${shipping?.returnShipping?.carrierName || blank}</dd></div>
<div><dt>Storage account</dt><dd>${job.storageAccountId?.split("/").at(-1) ?? blank}</dd></div>
<div><dt>Region</dt><dd>${job.location ?? destination?.location ?? blank}</dd></div>
</dl>
<table class="slip-drives"><caption>${counted(parcel.drives.length, "drive")} in this parcel</caption>
<thead><tr><th scope="col">Packed</th><th scope="col">No.</th><th scope="col">Serial number</th><th scope="col" class="number">Size</th></tr></thead>
<tbody>${parcel.drives.map((drive, row) => html`<tr><td><span class="box"><span class="unseen">tick when packed</span></span></td><td>${row + 1}</td><th scope="row" class="serial">${drive.driveId}</th><td class="number">${drive.prepared ? formatBytes(drive.prepared.sizeInBytes) : "–"}</td></tr>`)}</tbody></table>
${countNote(parcel)}
<ul class="rules">
<li>Bare drives only: no cables, adapters, power supplies or enclosures.</li>
<li>One parcel holds the drives of one job; no drive of another job goes in.</li>
<li>Compare each serial number with the label on the drive, and tick it.</li>
<li>Keep recovery passwords out of the parcel: the service has received them with the job.</li>
</ul>
<p class="sign"><span>Packed by ${blank}</span> <span>Date ${blank}</span></p>
</section>`;
}

function countNote({ delivery, drives }: PackageFacts): Html | undefined {
  if (delivery?.driveCount === undefined || delivery.driveCount === drives.length) return undefined;
  return html`<p class="notice warning">The shipping details say ${counted(delivery.driveCount, "drive")}, this slip lists ${drives.length}. Check before the parcel leaves.</p>`;
}

function closedSiteNote({ input }: ReportFacts): Html | undefined {
  const { destination } = input;
  if (!destination || regionKey(destination.location) === regionKey(destination.requestedLocation)) {
    return undefined;
  }
  return html`<p class="small">Drives for ${destination.requestedLocation} go to ${destination.location} at present.</p>`;
}

/** Regions are written `westeurope` and `West Europe`. */
function regionKey(location: string): string {
  return location.replaceAll(/\s/g, "").toLowerCase();
}

function returnLines(address: ReturnAddress): readonly string[] {
  return [
    address.companyName,
    address.recipientName,
    address.streetAddress1,
    address.streetAddress2,
    `${address.postalCode} ${address.city}`,
    address.stateOrProvince,
    address.countryOrRegion,
    `Phone ${address.phone}`,
    address.email,
  ].filter((line): line is string => line !== undefined && line.trim() !== "");
}

function lines(texts: readonly string[]): HtmlValue {
  return texts.map((text, index) => html`${index > 0 && html`<br>`}${text}`);
}
