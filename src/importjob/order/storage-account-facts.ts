/** What must be known of a storage account before drives are sent to it. */

/** Kinds of storage account; a kind this library does not know arrives as `"unknown"`. */
export type StorageAccountKind =
  | "StorageV2"
  | "Storage"
  | "BlobStorage"
  | "BlockBlobStorage"
  | "FileStorage"
  | "unknown";

/** Facts of one account, as ARM tells them. */
export interface StorageAccountFacts {
  readonly id: string;
  readonly kind: StorageAccountKind;
  readonly location: string;
  /** NFSv3-enabled accounts are not supported by the import services. */
  readonly isNfsV3Enabled: boolean;
  /** Whether the account's firewall admits trusted Microsoft services, or there is no firewall. */
  readonly admitsTrustedServices: boolean;
}

/** The account kinds that can hold page blobs. */
export function canHoldPageBlobs(kind: StorageAccountKind): boolean {
  return kind === "StorageV2" || kind === "Storage";
}

/** The account kinds the import services write block blobs to. */
export function canReceiveImports(kind: StorageAccountKind): boolean {
  return kind === "StorageV2" || kind === "Storage" || kind === "BlobStorage";
}
