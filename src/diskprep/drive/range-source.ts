/** Where the bytes of a staged blob lie when they are in a plain local file. */
import type { SeedBlob, SeedCatalog, StagedExtent } from "../../staging/index.js";

/** A place in a local file, and the length that file must have as a whole; -1 where that is not known. */
export interface RangeSource extends StagedExtent {
  readonly pathLengthInBytes: number;
}

/** The file of a blob, or its place in a pack; undefined when the bytes can only be had from the catalog. */
export function rangeSourceOf(catalog: SeedCatalog, blob: SeedBlob): RangeSource | undefined {
  const path = catalog.stagedFilePath(blob);
  if (path !== undefined) return { path, offsetInBytes: 0, pathLengthInBytes: blob.lengthInBytes };
  const extent = catalog.stagedFileExtent?.(blob);
  return extent && { ...extent, pathLengthInBytes: -1 };
}
