/**
 * The same order for both services: what the subscription offers decides, and everything after the choice is the same.
 */
import type { TokenCredential } from "@azure/core-auth";
import {
  type DataBoxJobClientOptions,
  formatImportJobPlan,
  formatShippingDestination,
  type ImportOrder,
  openImportService,
  planImportJob,
} from "@offline-seed/core";

export interface PlacedOrder {
  readonly service: "import-export" | "data-box";
  readonly state: string;
  /** For the label of the parcel. */
  readonly shipTo: string;
}

export async function orderFromEitherService(
  order: ImportOrder,
  credential: TokenCredential,
  client: DataBoxJobClientOptions = {},
): Promise<PlacedOrder> {
  // Everything that is wrong with the order, at once, before anything leaves this computer.
  const plan = planImportJob(order);
  if (!plan.canBeOrdered) throw new Error(formatImportJobPlan(plan));

  const service = await openImportService(order.subscriptionId, credential, {
    client,
    location: order.location,
  });
  // Sending the same order again is harmless: a second run finds the job of the first.
  const job = await service.createImportJob(order);
  const destination = await service.getShippingDestination(order.location);
  return { service: service.kind, state: job.state, shipTo: formatShippingDestination(destination) };
}
