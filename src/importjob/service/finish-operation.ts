/** Long-running operations of ARM through a generated client's poller. */
import { errorMessageOf, hasErrorName, throwIfAborted } from "../../shared/index.js";
import { ImportJobError } from "../import-job-error.js";
import type { ImportJobServiceOptions } from "./import-job-service.js";
import { abortOf } from "./raw-response.js";
import { statusCodeOf } from "./service-failure.js";

/**
 * Begins an operation and waits for its end. Aborting stops the waiting, not the operation.
 *
 * @param what - For the message, for example `creating import job 'x'`.
 * @throws ImportJobError `operation-failed`; RestError when the service refuses to begin; AbortError
 */
export async function finishOperation(
  what: string,
  options: ImportJobServiceOptions,
  begin: () => Promise<{ pollUntilDone(options: { abortSignal?: never }): Promise<unknown> }>,
): Promise<void> {
  throwIfAborted(options.abortSignal);
  const poller = await begin();
  try {
    await poller.pollUntilDone(abortOf(options) as { abortSignal?: never });
  } catch (error) {
    // The poller reports an operation that failed as a plain error with the service's code in its text.
    if (statusCodeOf(error) !== undefined || hasErrorName(error, "AbortError")) throw error;
    throw new ImportJobError(
      "operation-failed",
      `The service could not finish ${what}: ${errorMessageOf(error)}`,
      { cause: error },
    );
  }
}
