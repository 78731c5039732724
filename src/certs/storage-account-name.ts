/** Names of storage accounts ("Naming rules and restrictions for Azure resources", Microsoft.Storage). */

/** Whether the text can be the name of a storage account: 3 to 24 lower-case letters and digits. */
export function isStorageAccountName(text: string): boolean {
  return /^[a-z0-9]{3,24}$/.test(text);
}
