/** What is to be repaired, from a report or from the datacentre's logs. */

import type { PreparedDrive } from "../../diskprep/index.js";
import { type AbortOptions, throwIfAborted } from "../../shared/index.js";
import type { SeedBlobRange, SeedCatalog } from "../../staging/index.js";
import type { DriveLog } from "../logs/import-log.js";
import { indexCatalog } from "./catalog-index.js";
import type { CatalogRun, SeedReport } from "./seed-report.js";

/** Blobs to look at, and what is already known of their damage. */
export interface RepairWork {
  readonly runs: readonly CatalogRun[];
  readonly damagedRanges: ReadonlyMap<number, readonly SeedBlobRange[]>;
  /** Log entries whose blob is not in the catalog, for example renamed ones. */
  readonly unknownEntries: number;
}

/** Everything a report does not prove equal. */
export function workOfReport(report: SeedReport): RepairWork {
  const known = report.findings.flatMap((finding) =>
    finding.damagedRanges ? [[finding.index, finding.damagedRanges] as const] : [],
  );
  return {
    runs: mergeRuns([...report.unproven, ...report.mislabelled]),
    damagedRanges: new Map(known),
    unknownEntries: 0,
  };
}

/**
 * Everything the logs do not report as arrived. A drive that failed as a whole counts with all its blobs when it is
 * among `drives`.
 */
export async function workOfLogs(
  logs: readonly DriveLog[],
  catalog: SeedCatalog,
  drives: readonly PreparedDrive[],
  options: AbortOptions,
): Promise<RepairWork> {
  const index = await indexCatalog(catalog, options);
  const indices = new Set<number>();
  const damagedRanges = new Map<number, readonly SeedBlobRange[]>();
  const runs: CatalogRun[] = [];
  let unknownEntries = 0;
  for (const log of logs) {
    throwIfAborted(options.abortSignal);
    const drive = drives.find(({ driveId }) => driveId.toUpperCase() === log.driveId?.toUpperCase());
    const isWholeDriveLost =
      log.driveFinding?.remedy === "ship-again-or-upload" || log.entries.length < log.failedCount;
    if (drive && isWholeDriveLost)
      runs.push({ firstIndex: drive.firstBlobIndex, endIndex: drive.endBlobIndex });
    for (const entry of log.entries) {
      if (entry.finding.outcome === "succeeded") continue;
      const position = index.find(entry.blobPath.slice(entry.blobPath.indexOf("/") + 1));
      if (position === undefined) unknownEntries += 1;
      else {
        indices.add(position);
        // A committed block is in the blob and was checked; only the list as a whole is not complete.
        const damaged = entry.failedRanges.filter(({ status }) => status !== "Committed");
        if (damaged.length > 0 && !entry.hasMoreFailedRanges) damagedRanges.set(position, damaged);
      }
    }
  }
  for (const position of indices) runs.push({ firstIndex: position, endIndex: position + 1 });
  return { runs: mergeRuns(runs), damagedRanges, unknownEntries };
}

/** Ascending and without overlaps. */
function mergeRuns(runs: readonly CatalogRun[]): readonly CatalogRun[] {
  const merged: CatalogRun[] = [];
  for (const run of [...runs].sort((left, right) => left.firstIndex - right.firstIndex)) {
    const last = merged.at(-1);
    if (last && run.firstIndex <= last.endIndex) {
      merged[merged.length - 1] = { ...last, endIndex: Math.max(last.endIndex, run.endIndex) };
    } else merged.push(run);
  }
  return merged;
}
