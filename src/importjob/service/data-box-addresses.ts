/** Where drives go back to, in the fields of `Microsoft.DataBox` (api-version 2022-12-01). */
import type { ReturnAddress, ReturnShipping } from "../order/import-order.js";

/** `shippingAddress` of an order: the return address. */
export interface DataBoxAddress {
  streetAddress1: string;
  streetAddress2: string;
  city: string;
  stateOrProvince?: string;
  postalCode: string;
  country: string;
  companyName?: string;
  addressType: "Commercial";
}

/** The recipient goes into the second line: the service keeps people in the contact, but parcels need a name. */
export function toDataBoxAddress(address: ReturnAddress): DataBoxAddress {
  const { companyName, streetAddress2, stateOrProvince } = address;
  return {
    streetAddress1: address.streetAddress1,
    streetAddress2: [`Attn ${address.recipientName}`, streetAddress2].filter(Boolean).join(", "),
    city: address.city,
    ...(stateOrProvince !== undefined && { stateOrProvince }),
    postalCode: address.postalCode,
    country: address.countryOrRegion,
    ...(companyName !== undefined && { companyName }),
    addressType: "Commercial",
  };
}

/** `returnToCustomerPackageDetails` of an order. */
export function toDataBoxReturnPackage({ carrierName, carrierAccountNumber }: ReturnShipping): {
  carrierName: string;
  carrierAccountNumber: string;
} {
  return { carrierName, carrierAccountNumber };
}
