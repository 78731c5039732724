/** Finding the storage account of a seed by its name, as the seed's descriptor gives only that. */
import type { AbortOptions } from "../../shared/index.js";
import { readArmResource } from "../service/arm-client.js";
import type { ArmAccess } from "../service/client-options.js";
import { asObjects, asText } from "../service/raw-json.js";
import { parseStorageAccountId } from "./storage-account-id.js";

/** A storage account of the subscription. */
export interface FoundStorageAccount {
  /** ARM id. */
  readonly id: string;
  readonly resourceGroupName: string;
  /** Region, as `westeurope`. */
  readonly location: string;
}

const apiVersion = "2023-01-01";

/**
 * The account of a name in the subscription; undefined when there is none that the caller may see. Uses the network,
 * reads only, may be repeated.
 *
 * @throws RestError when ARM refuses
 */
export async function findStorageAccount(
  access: ArmAccess,
  accountName: string,
  options: AbortOptions = {},
): Promise<FoundStorageAccount | undefined> {
  // Resource Manager gives all accounts of a subscription (250 a region at most) in one answer.
  const path = `/subscriptions/${access.subscriptionId}/providers/Microsoft.Storage/storageAccounts`;
  const body = await readArmResource(access, path, apiVersion, options);
  for (const account of asObjects(body["value"]) ?? []) {
    const id = asText(account["id"]) ?? "";
    const parsed = parseStorageAccountId(id);
    if (parsed?.accountName.toLowerCase() !== accountName.toLowerCase()) continue;
    const { resourceGroupName } = parsed;
    return Object.freeze({ id, resourceGroupName, location: asText(account["location"]) ?? "" });
  }
  return undefined;
}
