/** What comes before shipping details are sent, whichever service takes them. */
import { checkTrackingNumber } from "../shipping/check-tracking-number.js";
import { assertShippingDetails, type ShippingDetails } from "../shipping/shipping-details.js";
import type { EnterShippingOptions, ImportJobService } from "./import-job-service.js";
import type { ImportJobRef, ImportJobStatus } from "./import-job-status.js";
import { assertCanEnterShipping, isSameParcel } from "./shipping-rules.js";

/**
 * The job as it is, and whether the service has exactly this parcel already, so that nothing is to be sent.
 *
 * @param otherJobs - The jobs whose tracking numbers must not be this one; asked for only when needed.
 * @throws ImportJobError `invalid-shipping-details`, `tracking-number-in-use`, `wrong-state`, `job-not-found`
 */
export async function beginShipping(
  service: Pick<ImportJobService, "getImportJob">,
  ref: ImportJobRef,
  details: ShippingDetails,
  options: EnterShippingOptions,
  otherJobs: () => AsyncIterable<ImportJobStatus>,
): Promise<{ readonly job: ImportJobStatus; readonly isEntered: boolean }> {
  assertShippingDetails(details);
  const job = await service.getImportJob(ref, options);
  if (job.state !== "creating" && isSameParcel(job, details)) return { job, isEntered: true };
  assertCanEnterShipping(job);
  if (!options.allowSharedTrackingNumber) {
    await checkTrackingNumber(ref, details.deliveryPackage.trackingNumber, otherJobs());
  }
  return { job, isEntered: false };
}
