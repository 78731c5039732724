/** Lists of jobs, page by page, whichever generated client asks for them. */
import type { PagedAsyncIterableIterator } from "@azure/core-paging";
import type { ImportJobPage, ListImportJobsOptions } from "./import-job-service.js";
import type { ImportJobStatus } from "./import-job-status.js";
import { createPagedIterator, toPage } from "./paged-iterator.js";
import { asObjects, asText, type JsonObject } from "./raw-json.js";
import { type CapturingOptions, captureBodies } from "./raw-response.js";

/** What differs between the services. */
export interface JobList {
  /** For messages, for example `the list of import jobs`. */
  readonly what: string;
  /** Begins the generated client's own list. */
  readonly begin: (capturing: CapturingOptions) => {
    byPage(settings: { continuationToken?: string }): AsyncIterableIterator<unknown>;
  };
  /** Whether a resource is an import of drives. */
  readonly isImport: (resource: JsonObject) => boolean;
  readonly read: (resource: JsonObject) => ImportJobStatus;
}

/** The imports among the resources that a client lists. */
export function listJobs(
  list: JobList,
  options: ListImportJobsOptions,
): PagedAsyncIterableIterator<ImportJobStatus, ImportJobPage> {
  return createPagedIterator<ImportJobStatus, ImportJobPage>(async function* pages(continuationToken) {
    const settings = continuationToken === undefined ? {} : { continuationToken };
    const bodies = captureBodies(list.what, options, (capturing) => list.begin(capturing).byPage(settings));
    for await (const body of bodies) {
      const imports = (asObjects(body["value"]) ?? []).filter(list.isImport);
      yield toPage(imports.map(list.read), asText(body["nextLink"]));
    }
  });
}
