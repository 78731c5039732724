/** `offline-seed reconcile`: compares every blob of the container with the catalog, the proof of arrival. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes } from "../../diskprep/index.js";
import { type ReadBytesPolicy, reconcileSeed, type SeedReport } from "../../importjob/index.js";
import { publishFile } from "../../shared/index.js";
import { openStagingLocation } from "../../staging/index.js";
import type { CommandDefinition } from "../command-frame.js";
import { openCatalog } from "../drives/open-catalog.js";
import { exitCode } from "../exit-codes.js";
import { type SeedSettings, storageAccountNameOf } from "../settings/seed-settings.js";

interface ReconcileOptions {
  readonly readBytes?: ReadBytesPolicy;
}

export const reconcileCommand: CommandDefinition<ReconcileOptions> = {
  name: "reconcile",
  summary: "compare every blob of the container with the catalog: the proof of arrival",
  description: "Reads only. The report is kept in the reports folder, for 'repair' and 'report'.",
  usesSettings: true,
  usesAzure: true,
  options: [
    {
      flags: "--read-bytes <when>",
      explanation: "download contents: never, when-needed (default) or always",
      choices: ["never", "when-needed", "always"],
    },
  ],
  examples: ["offline-seed reconcile", "offline-seed reconcile --read-bytes always"],
  async run(session, options) {
    const settings = await session.settings();
    const azure = await session.azure(settings);
    const container = await azure.openContainer(storageAccountNameOf(settings), settings.containerName);
    const catalog = await openCatalog(settings, session.abortSignal);
    try {
      const report = await reconcileSeed(container, catalog, {
        ...(options.readBytes && { readBytes: options.readBytes }),
        abortSignal: session.abortSignal,
        onProgress: session.display.listener("reconcile"),
      });
      await keepReport(settings, report);
      return {
        json: report,
        text: linesOfReport(report),
        exitCode: report.isProven ? exitCode.success : exitCode.checkFailed,
      };
    } finally {
      await catalog.close();
    }
  },
};

/** Where the last report of a seed is kept. */
export function reportFileOf({ reportsFolder, jobName }: SeedSettings): string {
  return join(reportsFolder, `${jobName}.seed-report.json`);
}

/** Keeps a report; a proven seed is done. */
export async function keepReport(settings: SeedSettings, report: SeedReport): Promise<void> {
  await mkdir(settings.reportsFolder, { recursive: true });
  await publishFile(reportFileOf(settings), `${JSON.stringify(report, undefined, 2)}\n`);
  if (!report.isProven) return;
  await (await openStagingLocation(settings.stagingFolder)).setSeedState(settings.jobName, "done");
}

/** A report for people. */
export function linesOfReport(report: SeedReport): readonly string[] {
  const shown = report.findings.slice(0, 20);
  const omitted = report.findings.length - shown.length + report.findingsOmitted;
  return [
    ...shown.map(({ verdict, name, explanation }) => `${verdict}: ${name}: ${explanation}`),
    ...(omitted > 0 ? [`and ${omitted} more`] : []),
    ...(report.extra > 0 ? [`${report.extra} blobs in the container are not of this seed`] : []),
    `${report.arrivedEqual} of ${report.blobs} blobs (${formatBytes(report.arrivedEqualBytes)}) arrived and are equal.`,
    report.isProven
      ? "The seed is proven."
      : "The seed is NOT proven. 'offline-seed repair' uploads what is missing or different.",
  ];
}
