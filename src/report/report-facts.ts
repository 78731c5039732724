/** What the sections of a report share: the input without secrets, put in order once. */

import type { DriveReport } from "../diskprep/index.js";
import type {
  DeliveryPackage,
  ImportDriveStatus,
  ImportJobDeadline,
  ImportJobStage,
  ImportJobStatus,
} from "../importjob/index.js";
import { importJobDeadlines } from "../importjob/index.js";
import { createReportFormat, isDate, type ReportFormat } from "./format.js";
import type { JobReportInput, JobReportOptions, ReportedDrive } from "./job-report.js";
import { withholdSecrets } from "./withhold-secrets.js";

/** One drive with all that is known of it. */
export interface DriveFactsOfReport {
  readonly driveId: string;
  readonly prepared: ReportedDrive | undefined;
  readonly service: ImportDriveStatus | undefined;
  readonly readBack: DriveReport | undefined;
}

/** One parcel. */
export interface PackageFacts {
  readonly delivery: DeliveryPackage | undefined;
  readonly drives: readonly DriveFactsOfReport[];
}

/** Everything the sections read. */
export interface ReportFacts {
  readonly input: JobReportInput;
  readonly format: ReportFormat;
  readonly maximumFindings: number;
  /** Whether the service knows the job. */
  readonly isOrdered: boolean;
  readonly stages: readonly ImportJobStage[];
  readonly deadlines: readonly ImportJobDeadline[];
  readonly drives: readonly DriveFactsOfReport[];
  readonly packages: readonly PackageFacts[];
}

/** @throws RangeError when the time zone is unknown */
export function reportFactsOf(given: JobReportInput, options: JobReportOptions): ReportFacts {
  const input = withholdSecrets(given);
  const { job } = input;
  const drives = drivesOf(input);
  return {
    input,
    format: createReportFormat(input.reportedAt, options.timeZone ?? "UTC"),
    maximumFindings: options.maximumFindings ?? 50,
    isOrdered: job.state !== undefined,
    stages: stagesOf(input),
    deadlines: deadlinesOf(input),
    drives,
    packages: packagesOf(input, drives),
  };
}

function drivesOf(input: JobReportInput): readonly DriveFactsOfReport[] {
  const ids = new Set([
    ...(input.drives ?? []).map((drive) => drive.driveId),
    ...(input.job.drives ?? []).map((drive) => drive.driveId),
  ]);
  return [...ids].map((driveId) => ({
    driveId,
    prepared: input.drives?.find((drive) => drive.driveId === driveId),
    service: input.job.drives?.find((drive) => drive.driveId === driveId),
    readBack: input.driveReports?.find((report) => report.driveId === driveId),
  }));
}

function stagesOf(input: JobReportInput): readonly ImportJobStage[] {
  const stages = [...(input.job.stages ?? []), ...(input.observedStages ?? [])].filter((stage) =>
    isDate(stage.at),
  );
  const firstOfState = new Map<string, ImportJobStage>();
  for (const stage of stages) if (!firstOfState.has(stage.state)) firstOfState.set(stage.state, stage);
  return [...firstOfState.values()];
}

function deadlinesOf(input: JobReportInput): readonly ImportJobDeadline[] {
  const { job, reportedAt, shippingEnteredAt, copyingOverAt } = input;
  if (job.state === undefined) return [];
  const status = { ...job, stages: job.stages ?? [] } as ImportJobStatus;
  return importJobDeadlines(status, { nowInMs: reportedAt.getTime(), shippingEnteredAt, copyingOverAt });
}

function packagesOf(input: JobReportInput, drives: readonly DriveFactsOfReport[]): readonly PackageFacts[] {
  const packages = input.packages ?? [{ deliveryPackage: deliveryOf(input) }];
  return packages.map(({ deliveryPackage, driveIds }) => ({
    delivery: deliveryPackage,
    drives:
      driveIds === undefined
        ? drives
        : driveIds.map(
            (driveId) =>
              drives.find((drive) => drive.driveId === driveId) ?? {
                driveId,
                prepared: undefined,
                service: undefined,
                readBack: undefined,
              },
          ),
  }));
}

function deliveryOf({ shipping, job }: JobReportInput): DeliveryPackage | undefined {
  if (shipping?.deliveryPackage) return shipping.deliveryPackage;
  if (!job.deliveryPackage) return undefined;
  const { carrierName, trackingNumber } = job.deliveryPackage;
  return { carrierName, trackingNumber };
}
