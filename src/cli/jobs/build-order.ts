/** The order of an import job, put together from the settings, the finished drives and the catalog. */
import type { ContactDetails, ImportOrder, ReturnAddress, ReturnShipping } from "../../importjob/index.js";
import type { SeedBlobKind, SeedCatalog } from "../../staging/index.js";
import type { ListedDrive } from "../drives/drive-list.js";

/** Where the seed goes and who gets the drives back. */
export interface OrderFacts {
  readonly jobName: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location: string;
  readonly storageAccountId: string;
  readonly containerName: string;
  readonly returnAddress: ReturnAddress;
  readonly returnShipping: ReturnShipping;
  readonly contact?: ContactDetails | undefined;
}

/** SECRET: an order holds the recovery passwords. Reads the catalog through. */
export async function buildOrder(
  facts: OrderFacts,
  drives: readonly ListedDrive[],
  catalog: SeedCatalog,
  abortSignal: AbortSignal,
): Promise<ImportOrder> {
  const { resourceGroup, contact, ...rest } = facts;
  return {
    jobName: rest.jobName,
    subscriptionId: rest.subscriptionId,
    resourceGroupName: resourceGroup,
    location: rest.location,
    storageAccountId: rest.storageAccountId,
    containerName: rest.containerName,
    returnAddress: rest.returnAddress,
    returnShipping: rest.returnShipping,
    ...(contact && { contact }),
    drives: drives.map(({ image, disk, ...prepared }) => prepared),
    blobKinds: await blobKindsOf(catalog, abortSignal),
  };
}

async function blobKindsOf(catalog: SeedCatalog, abortSignal: AbortSignal): Promise<readonly SeedBlobKind[]> {
  const kinds = new Set<SeedBlobKind>();
  for await (const { kind } of catalog.blobs({ abortSignal })) {
    kinds.add(kind);
    if (kinds.size === 2) break;
  }
  return [...kinds];
}
