/** Asking ARM what kind of account the drives would be imported into. */
import type { AbortOptions } from "../../shared/index.js";
import { ImportJobError } from "../import-job-error.js";
import { readArmResource } from "../service/arm-client.js";
import type { ArmAccess } from "../service/client-options.js";
import { asBoolean, asObject, asText } from "../service/raw-json.js";
import { statusCodeOf } from "../service/service-failure.js";
import type { StorageAccountFacts, StorageAccountKind } from "./storage-account-facts.js";
import { parseStorageAccountId } from "./storage-account-id.js";

const apiVersion = "2023-01-01";
const knownKinds: readonly StorageAccountKind[] = [
  "StorageV2",
  "Storage",
  "BlobStorage",
  "BlockBlobStorage",
  "FileStorage",
];

/**
 * Facts of a storage account; undefined when they cannot be had: the account is of the old deployment model, or the
 * caller may not read it (403), which does not mean that the import service may not write to it.
 *
 * @throws ImportJobError `invalid-order` when the account does not exist
 * @throws RestError when ARM fails
 */
export async function readStorageAccountFacts(
  access: ArmAccess,
  storageAccountId: string,
  options: AbortOptions = {},
): Promise<StorageAccountFacts | undefined> {
  if (parseStorageAccountId(storageAccountId)?.provider.toLowerCase() !== "microsoft.storage")
    return undefined;
  try {
    const body = await readArmResource(access, storageAccountId, apiVersion, options);
    const properties = asObject(body["properties"]) ?? {};
    const firewall = asObject(properties["networkAcls"]) ?? {};
    const bypass = asText(firewall["bypass"]) ?? "AzureServices";
    return Object.freeze({
      id: asText(body["id"]) ?? storageAccountId,
      kind: knownKinds.find((kind) => kind === body["kind"]) ?? "unknown",
      location: asText(body["location"]) ?? "",
      isNfsV3Enabled: asBoolean(properties["isNfsV3Enabled"]) ?? false,
      admitsTrustedServices: asText(firewall["defaultAction"]) !== "Deny" || bypass.includes("AzureServices"),
    });
  } catch (error) {
    const statusCode = statusCodeOf(error);
    if (statusCode === 403) return undefined;
    if (statusCode !== 404) throw error;
    throw new ImportJobError(
      "invalid-order",
      `There is no storage account ${storageAccountId}; nothing was sent. Check the id, and that the account still exists.`,
      { details: { storageAccountId: "does not exist" }, cause: error },
    );
  }
}
