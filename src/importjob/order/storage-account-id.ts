/** ARM ids of storage accounts, and comparing what ARM spells in several ways. */

/** The parts of a storage account id. */
export interface StorageAccountId {
  readonly subscriptionId: string;
  readonly resourceGroupName: string;
  /** `Microsoft.Storage`, or `Microsoft.ClassicStorage` for accounts of the old deployment model. */
  readonly provider: string;
  readonly accountName: string;
}

const pattern =
  /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/(Microsoft\.(?:Classic)?Storage)\/storageAccounts\/([a-z0-9]{3,24})$/i;

/** Splits an id; undefined when it is not the id of a storage account. */
export function parseStorageAccountId(id: string): StorageAccountId | undefined {
  const match = pattern.exec(id);
  if (!match) return undefined;
  const [, subscriptionId, resourceGroupName, provider, accountName] = match;
  return Object.freeze({
    subscriptionId: subscriptionId!,
    resourceGroupName: resourceGroupName!,
    provider: provider!,
    accountName: accountName!,
  });
}

/** ARM ids are compared without regard to case. */
export function isSameResourceId(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/** `West US`, `westus` and `WestUS` are one region: PUT echoes what was sent, GET answers with the display name. */
export function normalizeLocation(location: string): string {
  return location.toLowerCase().replaceAll(/\s/g, "");
}
