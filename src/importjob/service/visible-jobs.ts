/** The jobs a caller may see: those of the subscription, or of the resource group when rights end there. */
import type { ImportJobService, ListImportJobsOptions } from "./import-job-service.js";
import type { ImportJobRef, ImportJobStatus } from "./import-job-status.js";
import { isForbidden } from "./service-failure.js";

/** All jobs of the subscription; of the job's resource group when the caller may not list the subscription (403). */
export async function* visibleJobs(
  service: Pick<ImportJobService, "listImportJobs">,
  ref: ImportJobRef,
  options: ListImportJobsOptions,
): AsyncGenerator<ImportJobStatus> {
  try {
    yield* service.listImportJobs(options);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    yield* service.listImportJobs({ ...options, resourceGroupName: ref.resourceGroupName });
  }
}
