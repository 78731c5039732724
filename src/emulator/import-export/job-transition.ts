/** What a `PATCH` may do to a `Microsoft.ImportExport` job in its present state. */
import type { BodyChecker } from "../arm/body-checker.js";
import type { ImportExportJob } from "./import-export-job.js";
import type { JobChanges } from "./job-request.js";

/** Reports every change that the state of the job does not allow. */
export function checkTransition(check: BodyChecker, job: ImportExportJob, changes: JobChanges): void {
  const refuse = (property: string, message: string): void =>
    check.report("InvalidJobState", `properties.${property}`, message);
  if (changes.state !== undefined && changes.state !== "Shipping") {
    check.report(
      "InvalidPropertyValue",
      "properties.state",
      "The only state a client can set is 'Shipping'.",
    );
  } else if (changes.state === "Shipping") {
    if (job.state !== "Creating" && job.state !== "Shipping") {
      refuse("state", `A job in state '${job.state}' cannot be set to 'Shipping'.`);
    }
    if (job.isCancelled) refuse("state", "A cancelled job cannot be shipped.");
    if ((changes.returnAddress ?? job.settings.returnAddress) === undefined) {
      refuse("returnAddress", "The return address must be known before a job is set to 'Shipping'.");
    }
    if ((changes.deliveryPackage ?? job.settings.deliveryPackage) === undefined) {
      refuse("deliveryPackage", "The delivery package must be known before a job is set to 'Shipping'.");
    }
  }
  if (changes.cancelRequested === false) {
    check.report(
      "InvalidPropertyValue",
      "properties.cancelRequested",
      "The only value a client can set is true.",
    );
  }
  const isDone = job.state === "Packaging" || job.state === "Completed" || job.state === "Closed";
  if (changes.cancelRequested === true && isDone) {
    refuse("cancelRequested", `A job in state '${job.state}' cannot be cancelled any more.`);
  }
  if (changes.returnShipping !== undefined && isDone) {
    refuse("returnShipping", "The return carrier cannot be changed once the drives are being packed.");
  }
  if (changes.drives !== undefined && job.state !== "Creating") {
    refuse("driveList", `The drives cannot be changed in state '${job.state}'.`);
  }
}
