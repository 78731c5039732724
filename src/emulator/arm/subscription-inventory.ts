/** What exists in the emulator's one subscription: resource groups, storage accounts, registered providers. */

/** Kinds of storage account; `BlobStorage` and `BlockBlobStorage` cannot hold page blobs. */
export type StorageAccountKind = "BlobStorage" | "BlockBlobStorage" | "FileStorage" | "Storage" | "StorageV2";

/** A storage account as Resource Manager sees it. */
export interface StorageAccountDefinition {
  readonly name: string;
  readonly resourceGroup: string;
  readonly kind: StorageAccountKind;
  /** Region name such as `westeurope`. */
  readonly location: string;
}

/** What exists in the subscription. */
export interface SubscriptionInventory {
  readonly subscriptionId: string;
  readonly tenantId: string;
  /** In the order they were made. */
  resourceGroups(): readonly { readonly name: string; readonly location: string }[];
  hasResourceGroup(name: string): boolean;
  addResourceGroup(name: string, location: string): void;
  storageAccounts(): readonly StorageAccountDefinition[];
  /** The account an ARM id names, in any case; undefined when it does not exist. */
  findStorageAccount(resourceId: string): StorageAccountDefinition | undefined;
  providers(): readonly string[];
  isRegistered(namespace: string): boolean;
  setRegistered(namespace: string, registered: boolean): void;
}

/** Namespaces the emulator knows. */
export const knownProviders = ["Microsoft.DataBox", "Microsoft.ImportExport", "Microsoft.Storage"] as const;

/** ARM id of a storage account. */
export function storageAccountIdOf(subscriptionId: string, account: StorageAccountDefinition): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${account.resourceGroup}/providers/Microsoft.Storage/storageAccounts/${account.name}`;
}

/** Makes an inventory. Resource groups of the accounts exist from the beginning. */
export function createSubscriptionInventory(initial: {
  readonly subscriptionId: string;
  readonly tenantId: string;
  readonly storageAccounts: readonly StorageAccountDefinition[];
  readonly registeredProviders: readonly string[];
}): SubscriptionInventory {
  const resourceGroups = new Map<string, { name: string; location: string }>();
  for (const { resourceGroup, location } of initial.storageAccounts) {
    resourceGroups.set(resourceGroup.toLowerCase(), { name: resourceGroup, location });
  }
  const registered = new Set(initial.registeredProviders.map((namespace) => namespace.toLowerCase()));
  const accounts = new Map(
    initial.storageAccounts.map((account) => [
      storageAccountIdOf(initial.subscriptionId, account).toLowerCase(),
      account,
    ]),
  );
  return {
    subscriptionId: initial.subscriptionId,
    tenantId: initial.tenantId,
    resourceGroups: () => [...resourceGroups.values()],
    hasResourceGroup: (name) => resourceGroups.has(name.toLowerCase()),
    addResourceGroup(name, location) {
      resourceGroups.set(name.toLowerCase(), { name, location });
    },
    storageAccounts: () => [...accounts.values()],
    findStorageAccount: (resourceId) => accounts.get(resourceId.toLowerCase().replace(/\/$/, "")),
    providers: () => knownProviders,
    isRegistered: (namespace) => registered.has(namespace.toLowerCase()),
    setRegistered(namespace, isRegistered) {
      if (isRegistered) registered.add(namespace.toLowerCase());
      else registered.delete(namespace.toLowerCase());
    },
  };
}
