/** One entry of a catalog by its position. */
import type { AbortSignalLike } from "../../shared/index.js";
import type { SeedBlob, SeedCatalog } from "../../staging/index.js";
import { ImportJobError } from "../import-job-error.js";

/** @throws ImportJobError `invalid-source` when the catalog has no such entry */
export async function readCatalogBlob(
  catalog: SeedCatalog,
  index: number,
  abortSignal: AbortSignalLike | undefined,
): Promise<SeedBlob> {
  for await (const blob of catalog.blobs({ startIndex: index, abortSignal })) return blob;
  throw new ImportJobError("invalid-source", `The catalog of seed ${catalog.seedId} has no blob ${index}.`, {
    details: { index, blobCount: catalog.blobCount },
  });
}
