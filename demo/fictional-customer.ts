/** A customer for the demo. Address, phone and account numbers are made up. */
import type { DeliveryPackage, ReturnAddress, ReturnShipping } from "../src/importjob/index.js";

export const fictionalCustomer: {
  readonly returnAddress: ReturnAddress;
  readonly returnShipping: ReturnShipping;
  readonly deliveryPackage: DeliveryPackage;
} = {
  returnAddress: {
    recipientName: "Backup Team",
    companyName: "Example Corporation",
    streetAddress1: "1 Example Street",
    city: "Amsterdam",
    postalCode: "1000 AA",
    countryOrRegion: "Netherlands",
    phone: "+31 20 000 0000",
    email: "backup@example.com",
  },
  returnShipping: { carrierName: "DHL", carrierAccountNumber: "000000000" },
  deliveryPackage: { carrierName: "DHL", trackingNumber: "JD000000000000000001" },
};
