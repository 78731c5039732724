/** One tracking number, one job: Microsoft books parcels in by number, and a shared one mixes up two jobs' drives. */
import { ImportJobError } from "../import-job-error.js";
import type { ImportJobRef, ImportJobStatus } from "../service/import-job-status.js";
import { normalizeTrackingNumber } from "./shipping-details.js";

/**
 * Looks for another job with this tracking number.
 *
 * @throws ImportJobError `tracking-number-in-use`
 */
export async function checkTrackingNumber(
  ref: ImportJobRef,
  trackingNumber: string,
  jobsWithPackages: AsyncIterable<ImportJobStatus>,
): Promise<void> {
  const wanted = normalizeTrackingNumber(trackingNumber);
  for await (const job of jobsWithPackages) {
    const isSameJob =
      job.jobName.toLowerCase() === ref.jobName.toLowerCase() &&
      job.resourceGroupName.toLowerCase() === ref.resourceGroupName.toLowerCase();
    if (isSameJob || !job.deliveryPackage) continue;
    if (normalizeTrackingNumber(job.deliveryPackage.trackingNumber) !== wanted) continue;
    throw new ImportJobError(
      "tracking-number-in-use",
      `Tracking number ${trackingNumber} already belongs to import job '${job.jobName}' in resource group '${job.resourceGroupName}'. One parcel carries the drives of one job; send the drives of '${ref.jobName}' in their own parcel and enter its number.`,
      {
        details: { trackingNumber, otherJobName: job.jobName, otherResourceGroupName: job.resourceGroupName },
      },
    );
  }
}
