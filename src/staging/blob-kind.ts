/** Which blobs are page blobs. */
import { notAligned } from "./blob-file-writer.js";
import { pageSizeInBytes } from "./blob-limits.js";
import type { SeedBlobKind } from "./seed-catalog.js";

/** Whether a blob of this name is a page blob unless its writer says otherwise. */
export function isPageBlobName(name: string): boolean {
  return pageBlobName.test(name);
}

const pageBlobName = /\.(?:vhdx?|aibblob|baseblob)$/i;
const onlyAsPageBlobName = /\.(?:aibblob|baseblob)$/i;

/** @throws StagingError `blob-not-aligned` */
export function kindOf(
  name: string,
  wanted: SeedBlobKind | undefined,
  lengthInBytes: number | undefined,
): SeedBlobKind {
  const aligned = lengthInBytes === undefined || lengthInBytes % pageSizeInBytes === 0;
  if (wanted === undefined && pageBlobName.test(name)) {
    // A text file that happens to be called .vhd is no disk; the agent's own files are, or they are broken.
    return aligned || onlyAsPageBlobName.test(name) ? checkedPage(name, lengthInBytes) : "block";
  }
  return wanted === "page" ? checkedPage(name, lengthInBytes) : "block";
}

function checkedPage(name: string, lengthInBytes: number | undefined): "page" {
  if (lengthInBytes !== undefined && lengthInBytes % pageSizeInBytes !== 0)
    throw notAligned(name, lengthInBytes);
  return "page";
}
