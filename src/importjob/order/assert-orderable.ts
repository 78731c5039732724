/** The gate in front of every creation: an order with errors is refused as a whole, with all of them in one message. */
import { ImportJobError } from "../import-job-error.js";
import type { ImportOrder } from "./import-order.js";
import type { StorageAccountFacts } from "./storage-account-facts.js";
import { validateImportOrder } from "./validate-import-order.js";

/**
 * Checks an order, with the account's facts when they are known, and that it is for the service's own subscription.
 *
 * @throws ImportJobError `invalid-order` naming every error; `details` holds one entry a field
 */
export function assertOrderable(
  order: ImportOrder,
  account?: StorageAccountFacts,
  subscriptionId?: string,
): void {
  const ownSubscription = subscriptionId?.toLowerCase();
  if (ownSubscription !== undefined && order.subscriptionId.toLowerCase() !== ownSubscription)
    throw otherSubscription(order, ownSubscription);
  const errors = validateImportOrder(order, account).filter((problem) => problem.severity === "error");
  if (errors.length === 0) return;
  throw new ImportJobError(
    "invalid-order",
    `The order for import job '${order.jobName}' cannot be placed; nothing was sent. Mend ${errors.length === 1 ? "this" : `these ${errors.length} points`}: ${errors.map((problem) => `${problem.field}: ${problem.message}`).join(" ")}`,
    { details: Object.fromEntries(errors.map((problem) => [problem.field, problem.message])) },
  );
}

function otherSubscription(order: ImportOrder, subscriptionId: string): ImportJobError {
  return new ImportJobError(
    "invalid-order",
    `The order is for subscription ${order.subscriptionId}, but the service was opened for ${subscriptionId}; nothing was sent.`,
    { details: { subscriptionId: "differs from the subscription of the service" } },
  );
}
