/** When shipping details may be entered: while the job waits for them, and as a correction until the parcel is in. */
import { ImportJobError } from "../import-job-error.js";
import { normalizeTrackingNumber, type ShippingDetails } from "../shipping/shipping-details.js";
import type { ImportJobStatus } from "./import-job-status.js";

/** @throws ImportJobError `wrong-state` */
export function assertCanEnterShipping(job: ImportJobStatus): void {
  if (job.state === "creating" || job.state === "shipping") return;
  throw new ImportJobError(
    "wrong-state",
    `Shipping details of import job '${job.jobName}' cannot be entered: its state is ${job.serviceState ?? "not known"}, and they can only be given before the parcel is received.`,
    { details: { jobName: job.jobName, state: job.state, serviceState: job.serviceState } },
  );
}

/** Whether the service already has exactly this parcel. */
export function isSameParcel(job: ImportJobStatus, { deliveryPackage }: ShippingDetails): boolean {
  return (
    job.deliveryPackage !== undefined &&
    normalizeTrackingNumber(job.deliveryPackage.trackingNumber) ===
      normalizeTrackingNumber(deliveryPackage.trackingNumber) &&
    job.deliveryPackage.carrierName.toLowerCase() === deliveryPackage.carrierName.toLowerCase()
  );
}
