/** An import job for people: state, drives, parcels, deadlines. Pure; shows no keys. */
import { type ImportJobStatus, importJobDeadlines } from "../../importjob/index.js";

/** Several lines. */
export function linesOfJob(job: ImportJobStatus, nowInMs: number): readonly string[] {
  const { deliveryPackage, returnPackage } = job;
  return [
    `Import job ${job.jobName} (${job.kind}): ${job.state}${job.percentComplete === undefined ? "" : `, ${job.percentComplete} %`}`,
    ...(job.cancelRequested ? ["  cancelling was asked for"] : []),
    ...(job.errorMessage === undefined ? [] : [`  the service says: ${job.errorMessage}`]),
    ...(job.drives ?? []).map(
      (drive) =>
        `  drive ${drive.driveId}: ${drive.state}${drive.percentComplete === undefined ? "" : `, ${drive.percentComplete} %`}${drive.copyStatus === undefined ? "" : ` (${drive.copyStatus})`}`,
    ),
    ...(deliveryPackage
      ? [
          `  on the way with ${deliveryPackage.carrierName}, tracking number ${deliveryPackage.trackingNumber}`,
        ]
      : []),
    ...(returnPackage
      ? [`  coming back with ${returnPackage.carrierName}, tracking number ${returnPackage.trackingNumber}`]
      : []),
    ...importJobDeadlines(job, { nowInMs }).map(
      ({ kind, at, standing, whatToDo }) =>
        `  ${standing === "ahead" ? "deadline" : standing === "passed" ? "DEADLINE PASSED" : "DEADLINE SOON"} ${at.toISOString().slice(0, 10)} ${kind}: ${whatToDo}`,
    ),
  ];
}
