/** Where the parcel goes, for people. A missing right to ask must not make an order that was placed look failed. */
import {
  formatShippingDestination,
  type ImportJobService,
  type ShippingDestination,
} from "../../importjob/index.js";
import { errorMessageOf } from "../../shared/index.js";
import type { Session } from "../session.js";

/** The address of the datacentre; undefined, with a note, when it cannot be had now. */
export async function findDestination(
  session: Session,
  service: ImportJobService,
  place: { readonly location: string; readonly resourceGroupName: string },
): Promise<ShippingDestination | undefined> {
  const { abortSignal } = session;
  const { location, resourceGroupName } = place;
  try {
    return await service.getShippingDestination(location, { resourceGroupName, abortSignal });
  } catch (error) {
    if (abortSignal.aborted) throw error;
    session.note(`The address of the datacentre could not be asked for: ${errorMessageOf(error)}`);
    session.note(
      "See it in the portal at the job, or ask again with 'offline-seed job status --sign-in default'.",
    );
    return undefined;
  }
}

/** Several lines: address and carriers. */
export function linesOfDestination(destination: ShippingDestination | undefined): readonly string[] {
  if (!destination) return [];
  const { supportedCarriers } = destination;
  return [
    "Send the drives to:",
    ...formatShippingDestination(destination)
      .split("\n")
      .map((line) => `  ${line}`),
    ...(supportedCarriers.length > 0 ? [`Carriers: ${supportedCarriers.join(", ")}`] : []),
  ];
}
