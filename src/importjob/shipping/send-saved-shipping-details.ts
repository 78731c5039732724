/** Entering stored shipping details at the service, from whichever computer can reach both. */
import { type AbortOptions, type Clock, systemClock } from "../../shared/index.js";
import { ImportJobError } from "../import-job-error.js";
import type { EnterShippingOptions, ImportJobService } from "../service/import-job-service.js";
import type { ImportJobStatus } from "../service/import-job-status.js";
import { loadShippingDetails, saveShippingDetails } from "./shipping-file.js";

/**
 * Sends what is stored beside a staging location for a job, and notes that it was sent. May be repeated.
 *
 * @throws ImportJobError `invalid-shipping-file` when nothing is stored or it is for the other service, and everything
 * `enterShipping` throws
 */
export async function sendSavedShippingDetails(
  service: ImportJobService,
  stagingFolder: string,
  jobName: string,
  options: EnterShippingOptions & AbortOptions & { readonly clock?: Clock } = {},
): Promise<ImportJobStatus> {
  const saved = await loadShippingDetails(stagingFolder, jobName);
  if (!saved || saved.kind !== service.kind) {
    throw new ImportJobError(
      "invalid-shipping-file",
      saved
        ? `The shipping details of '${jobName}' were entered for ${saved.kind}, not for ${service.kind}.`
        : `No shipping details of import job '${jobName}' are stored beside ${stagingFolder}; enter them first.`,
      { details: { jobName, stagingFolder } },
    );
  }
  const status = await service.enterShipping(saved, saved.details, options);
  const sentAt = new Date((options.clock ?? systemClock).nowInMs());
  await saveShippingDetails(stagingFolder, { ...saved, sentAt });
  return status;
}
