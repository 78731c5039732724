/**
 * Every fault of the journey, one scene each: what the service shows, what the comparison says, what repair makes of it.
 * The rows are the table in docs/fault-matrix.md; the test fails when that file is not what was observed.
 * OFFLINE_SEED_UPDATE_DOCS=1 writes it anew.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { type Azurite, startAzurite } from "../../src/emulator/index.js";
import { type ImportServiceKind, reconcileSeed, type SeedReport } from "../../src/importjob/index.js";
import { blobCount, type Fault, faults, usualJourney, wordOf } from "./support/faults.js";
import {
  countEqualByDownload,
  type Journey,
  observe,
  openPostOffice,
  type PostOffice,
  repairScene,
  stageScene,
} from "./support/seed-by-post.js";

const documentPath = join(process.cwd(), "docs", "fault-matrix.md");
const services: readonly { readonly kind: ImportServiceKind; readonly title: string }[] = [
  { kind: "import-export", title: "Azure Import/Export" },
  { kind: "data-box", title: "Azure Data Box, customer disks" },
];
const rows = new Map<ImportServiceKind, string[]>();
let azurite: Azurite;

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.close());

describe.each(services)("$title", ({ kind }) => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await openPostOffice(azurite, kind);
    rows.set(kind, []);
  });
  afterAll(() => office.azure.close());
  afterEach(() => office.azure.faults.clear());

  test.each(faults.filter((fault) => fault.services?.includes(kind) ?? true))("$name", async (fault) => {
    const scene = await stageScene(office, {
      ...(fault.driveCount && { driveCount: fault.driveCount }),
      ...(fault.disposition && { disposition: fault.disposition }),
      ...(fault.logLevel && { logLevel: fault.logLevel }),
    });
    await fault.spoil?.(scene);
    await (fault.journey ?? usualJourney)(scene);
    const journey = await observe(scene);
    // Properties and block names may lie about what somebody changed later; then every byte must be read.
    const readBytes = fault.readsEveryByte ? "always" : "when-needed";
    const report = await reconcileSeed(scene.container, scene.catalog, { readBytes });
    const trulyEqual = await countEqualByDownload(scene);
    const { expected } = fault;
    const status = wordOf(expected.status, kind);
    expect({
      job: journey.status.state,
      status: wordsOf(journey).includes(status) ? status : wordsOf(journey),
      equal: report.arrivedEqual,
      missing: report.missing,
      different: report.different,
      notVerified: report.notVerified,
      trulyEqual,
    }).toEqual({
      ...expected,
      job: wordOf(expected.job, kind),
      status,
      notVerified: 0,
      trulyEqual: expected.equal,
    });

    await fault.beforeRepair?.(scene);
    const repairs = await repairScene(scene, { ...journey, report }, { readBytes });
    const after = await reconcileSeed(scene.container, scene.catalog, { readBytes: "always" });
    expect({
      failures: repairs.flatMap(({ failures }) => failures),
      isProven: after.isProven,
      labelsDiffer: after.labelsDiffer,
    }).toEqual({
      failures: [],
      isProven: true,
      labelsDiffer: 0,
    });
    expect(await countEqualByDownload(scene)).toBe(blobCount);
    const labelled = await scene.container.getBlobClient("documents/labelled.bin").getProperties();
    expect(labelled.metadata).toEqual({ owner: "backup" });
    const bytesSent = repairs.reduce((sum, repair) => sum + repair.bytesSent, 0);
    rows.get(kind)!.push(rowOf(fault, journey, report, after, bytesSent));
  });
});

test("the table in docs/fault-matrix.md is what was observed", async () => {
  const observed = documentOf(rows);
  if (process.env["OFFLINE_SEED_UPDATE_DOCS"] === "1") await writeFile(documentPath, observed);
  expect(unpadded(await readFile(documentPath, "utf8"))).toBe(unpadded(observed));
});

/** A formatter may pad the columns of a table; that changes nothing. */
function unpadded(text: string): string {
  return text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");
}

/** Everything the service and its logs said, once each, in the order in which it was said. */
function wordsOf({ changes, logs, status }: Journey): readonly string[] {
  const words = new Set<string>();
  for (const change of changes) {
    if (change.type === "cancel-requested") words.add(change.type);
    if (change.type === "deadline-soon" || change.type === "deadline-passed") words.add(change.deadline.kind);
    if (change.type === "drive-state" && change.to === "never-received") words.add(change.to);
  }
  for (const { copyStatus } of status.drives ?? []) if (copyStatus !== undefined) words.add(copyStatus);
  for (const log of logs) {
    if (log.driveStatus !== undefined) words.add(log.driveStatus);
    for (const entry of log.entries) {
      if (entry.status !== "Completed") words.add(entry.status);
      if (entry.dispositionStatus && !["Created", "Overwritten"].includes(entry.dispositionStatus)) {
        words.add(entry.dispositionStatus);
      }
      for (const range of entry.failedRanges) words.add(range.status);
      if (entry.metadataStatus && entry.metadataStatus !== "Completed")
        words.add(`Metadata ${entry.metadataStatus}`);
    }
    for (const { status: counted, count, finding } of log.counts) {
      if (count > 0 && finding.outcome !== "succeeded") words.add(counted);
    }
  }
  return [...words];
}

function rowOf(
  fault: Fault,
  journey: Journey,
  report: SeedReport,
  after: SeedReport,
  bytesSent: number,
): string {
  const counts = [`${report.arrivedEqual} equal`];
  if (report.missing > 0) counts.push(`${report.missing} missing`);
  if (report.different > 0) counts.push(`${report.different} different`);
  if (report.labelsDiffer > 0) counts.push(`${report.labelsDiffer} with other metadata`);
  if (report.extra > 0) counts.push(`${report.extra} extra`);
  const needed = report.isProven && bytesSent === 0 ? "nothing to send" : `${bytesSent} bytes sent`;
  return `| ${fault.name} | ${journey.status.state} | ${wordsOf(journey).join(", ")} | ${counts.join(", ")}${fault.readsEveryByte ? " (every byte read)" : ""} | ${needed}, ${after.arrivedEqual} of ${after.blobs} equal |`;
}

function documentOf(observed: ReadonlyMap<ImportServiceKind, readonly string[]>): string {
  const tables = services.map(
    ({ kind, title }) =>
      `## ${title}\n\n| Fault | Job ends as | What service and log say | Compared with the catalog | After repair |\n| --- | --- | --- | --- | --- |\n${observed.get(kind)?.join("\n") ?? ""}\n`,
  );
  return `# Fault matrix

What goes wrong with a seed on its way, what the service shows of it, what the comparison of the container with the
catalog says, and what is left after repair over the network. Every row is a run of the whole journey against the local
Azure: order, parcel, datacentre, logs, comparison, repair, and a second comparison that reads every byte. A third
count, by plain download and MD5, must agree with both: nothing is lost, and nothing is called equal that is not.

The seed of every row has ${blobCount} blobs: a small one, one of several blocks, one with metadata, an empty one, and two page blobs.

This file is written by \`OFFLINE_SEED_UPDATE_DOCS=1 npm test -- test/importjob/fault-matrix\`; the same test without the
variable fails when a row is no longer what is observed. The drives of these runs hold their files in memory; that real
drive images are read by the same datacentre is shown by the tests of the local Azure.

${tables.join("\n")}`;
}
