/** What makes creation safe to repeat: the same order finds its job, a different one under the same name is refused. */
import { isImportJobError } from "../import-job-error.js";
import type { ImportOrder } from "../order/import-order.js";
import { compareOrderWithJob } from "./compare-order.js";
import type { ImportJobService, ImportJobServiceOptions } from "./import-job-service.js";
import type { ImportJobStatus } from "./import-job-status.js";
import { differentOrderError } from "./service-failure.js";

/**
 * The job this order already has; undefined when there is none.
 *
 * @throws ImportJobError `different-order-exists`
 */
export async function findExistingJob(
  service: ImportJobService,
  order: ImportOrder,
  options: ImportJobServiceOptions,
): Promise<ImportJobStatus | undefined> {
  let existing: ImportJobStatus;
  try {
    existing = await service.getImportJob(order, options);
  } catch (error) {
    if (isImportJobError(error) && error.code === "job-not-found") return undefined;
    throw error;
  }
  const differences = compareOrderWithJob(order, existing, await service.listRecoveryKeys(order, options));
  if (differences.length > 0) throw differentOrderError(order, differences);
  return existing;
}

/**
 * The job after it was created. What is there now may be somebody else's order of the same moment, so it is compared.
 *
 * @throws ImportJobError `different-order-exists`; `job-not-found` when it is not there after all
 */
export async function readCreatedJob(
  service: ImportJobService,
  order: ImportOrder,
  options: ImportJobServiceOptions,
): Promise<ImportJobStatus> {
  return (await findExistingJob(service, order, options)) ?? (await service.getImportJob(order, options));
}
