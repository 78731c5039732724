/** Locations of `Microsoft.ImportExport`: which datacentre takes drives for a region, with alternates. */
import { normalizeLocation } from "../order/storage-account-id.js";
import type { ShippingDestination } from "../shipping/shipping-destination.js";
import { asObject, asText, asTexts, type JsonObject } from "./raw-json.js";

/** Ids or names of the locations that stand in for this one; it is among them itself when its site is open. */
export function alternateLocationNames(location: JsonObject): readonly string[] {
  return asTexts(asObject(location["properties"])?.["alternateLocations"]).map(
    (idOrName) => idOrName.split("/").at(-1) ?? idOrName,
  );
}

/** Whether drives can be sent to this very site: it names no alternates, or itself among them. */
export function isOpenSite(location: JsonObject): boolean {
  const own = [asText(location["name"]), asText(location["id"])?.split("/").at(-1)]
    .filter((name) => name !== undefined)
    .map(normalizeLocation);
  const alternates = alternateLocationNames(location).map(normalizeLocation);
  return alternates.length === 0 || alternates.some((name) => own.includes(name));
}

/** The address of a location. */
export function readShippingDestination(
  location: JsonObject,
  requestedLocation: string,
): ShippingDestination {
  const properties = asObject(location["properties"]) ?? {};
  return Object.freeze({
    requestedLocation,
    location: asText(location["name"]) ?? requestedLocation,
    recipientName: asText(properties["recipientName"]),
    streetAddress1: asText(properties["streetAddress1"]),
    streetAddress2: asText(properties["streetAddress2"]),
    city: asText(properties["city"]),
    stateOrProvince: asText(properties["stateOrProvince"]),
    postalCode: asText(properties["postalCode"]),
    countryOrRegion: asText(properties["countryOrRegion"]),
    phone: asText(properties["phone"]),
    additionalInformation: asText(properties["additionalShippingInformation"]),
    supportedCarriers: Object.freeze([...asTexts(properties["supportedCarriers"])]),
  });
}
