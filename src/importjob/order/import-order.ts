/** What a caller orders: one import job, the same for both services. */
import type { PreparedDrive } from "../../diskprep/index.js";
import type { SeedBlobKind } from "../../staging/index.js";

/** Where the datacentre sends the drives back to, and whom it may ask. */
export interface ReturnAddress {
  readonly recipientName: string;
  readonly companyName?: string;
  readonly streetAddress1: string;
  readonly streetAddress2?: string;
  readonly city: string;
  readonly stateOrProvince?: string;
  readonly postalCode: string;
  readonly countryOrRegion: string;
  readonly phone: string;
  readonly email: string;
}

/** Who carries the drives back, on whose account. Microsoft returns drives with the carrier named here. */
export interface ReturnShipping {
  /** One of the carriers of the shipping destination, for example `FedEx`. */
  readonly carrierName: string;
  /** The customer's account with that carrier; the return is charged to it. */
  readonly carrierAccountNumber: string;
}

/** Whom the service notifies. */
export interface ContactDetails {
  readonly contactName: string;
  readonly phone: string;
  /** At least one. */
  readonly emails: readonly string[];
}

/** How much the datacentre writes down: failures only, or every item. */
export type ImportLogLevel = "error" | "verbose";

/** One import job. Plain data; contains the drives' recovery passwords, so it is a secret as a whole. */
export interface ImportOrder {
  /** 3–24 characters: lower-case letters, digits and hyphens, a letter first, no hyphen last. */
  readonly jobName: string;
  /** GUID. */
  readonly subscriptionId: string;
  readonly resourceGroupName: string;
  /** Region of the storage account, as `westeurope` or `West Europe`. */
  readonly location: string;
  /** ARM id of the storage account: `/subscriptions/…/storageAccounts/…`. */
  readonly storageAccountId: string;
  /** Container the seed goes to. */
  readonly containerName: string;
  /** 1 to 10 drives. */
  readonly drives: readonly PreparedDrive[];
  readonly returnAddress: ReturnAddress;
  readonly returnShipping: ReturnShipping;
  /** Default: recipient, phone and email of the return address. */
  readonly contact?: ContactDetails;
  /**
   * Kinds of blob on the drives; page blobs need an account that can hold them. Default: unknown, and an account that
   * cannot hold page blobs is then refused.
   */
  readonly blobKinds?: readonly SeedBlobKind[];
  /** Default: `"error"`. */
  readonly logLevel?: ImportLogLevel;
  /** Whether the datacentre keeps a copy of each drive's manifest in the account. Default: false. */
  readonly backUpDriveManifest?: boolean;
  /** Container for logs and manifest copies (Azure Import/Export only). Default: `waimportexport`. */
  readonly diagnosticsPath?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** The contact of an order, taken from the return address when none is given. */
export function contactOf(order: ImportOrder): ContactDetails {
  return (
    order.contact ?? {
      contactName: order.returnAddress.recipientName,
      phone: order.returnAddress.phone,
      emails: [order.returnAddress.email],
    }
  );
}
