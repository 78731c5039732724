/** What is entered when the parcel leaves: who carries it, under which number, and how the drives come back. */
import { ImportJobError } from "../import-job-error.js";
import type { ReturnAddress, ReturnShipping } from "../order/import-order.js";

/** The parcel to the datacentre. One parcel carries the drives of one job. */
export interface DeliveryPackage {
  readonly carrierName: string;
  readonly trackingNumber: string;
  readonly driveCount?: number;
  readonly shipDate?: Date;
}

/** Shipping details of one job. */
export interface ShippingDetails {
  readonly deliveryPackage: DeliveryPackage;
  /** Default: the one of the order. */
  readonly returnAddress?: ReturnAddress;
  /** Default: the one of the order. */
  readonly returnShipping?: ReturnShipping;
}

/** A tracking number as carriers compare them: no spaces or dashes, upper case. */
export function normalizeTrackingNumber(trackingNumber: string): string {
  return trackingNumber.replaceAll(/[\s-]/g, "").toUpperCase();
}

/** @throws ImportJobError `invalid-shipping-details` naming everything that is missing */
export function assertShippingDetails(details: ShippingDetails): void {
  const missing: string[] = [];
  const { deliveryPackage, returnShipping } = details;
  if (deliveryPackage.carrierName.trim() === "") missing.push("carrier name");
  if (normalizeTrackingNumber(deliveryPackage.trackingNumber) === "") missing.push("tracking number");
  const { driveCount, shipDate } = deliveryPackage;
  if (driveCount !== undefined && !(Number.isInteger(driveCount) && driveCount > 0)) {
    missing.push("a drive count above zero");
  }
  if (shipDate !== undefined && Number.isNaN(shipDate.getTime())) missing.push("a valid ship date");
  if (returnShipping && returnShipping.carrierName.trim() === "") missing.push("return carrier name");
  if (returnShipping && returnShipping.carrierAccountNumber.trim() === "") {
    missing.push("account number with the return carrier");
  }
  if (missing.length === 0) return;
  throw new ImportJobError(
    "invalid-shipping-details",
    `The shipping details are incomplete; nothing was sent. Give: ${missing.join(", ")}.`,
    { details: { missing: missing.join(", ") } },
  );
}
