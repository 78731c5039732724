/** Where a parcel of drives goes. */

/** A datacentre's address, as the service gave it. Fields it left out are undefined. */
export interface ShippingDestination {
  /** Region the question was about. */
  readonly requestedLocation: string;
  /** Region the drives go to; another one when the site of the requested region is closed. */
  readonly location: string;
  readonly recipientName: string | undefined;
  readonly streetAddress1: string | undefined;
  readonly streetAddress2: string | undefined;
  readonly city: string | undefined;
  readonly stateOrProvince: string | undefined;
  readonly postalCode: string | undefined;
  readonly countryOrRegion: string | undefined;
  readonly phone: string | undefined;
  /** What else the site wants, for example an inbound id written on the parcel. */
  readonly additionalInformation: string | undefined;
  /** Carriers the site accepts; empty when the service named none. */
  readonly supportedCarriers: readonly string[];
}

/** The address as lines for a label; missing parts are left out. */
export function formatShippingDestination(destination: ShippingDestination): string {
  return [
    destination.recipientName,
    destination.streetAddress1,
    destination.streetAddress2,
    [destination.postalCode, destination.city].filter(Boolean).join(" "),
    destination.stateOrProvince,
    destination.countryOrRegion,
    destination.phone === undefined ? undefined : `Phone ${destination.phone}`,
    destination.additionalInformation,
  ]
    .filter((line): line is string => line !== undefined && line.trim() !== "")
    .join("\n");
}
