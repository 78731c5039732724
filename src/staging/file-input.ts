/** Reading whole stretches of files. */
import { open } from "node:fs/promises";
import { readFully } from "./catalog-groups.js";
import { StagingError, stagingErrorFrom } from "./errors.js";

/** Reads exactly so many bytes. @throws StagingError `staged-file-changed`, `staging-io-failed` */
export async function readFileRange(
  path: string,
  offsetInBytes: number,
  lengthInBytes: number,
): Promise<Buffer> {
  const bytes = Buffer.alloc(lengthInBytes);
  let count: number;
  try {
    const handle = await open(path, "r");
    try {
      count = await readFully(handle, bytes, offsetInBytes);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw stagingErrorFrom(error, "Reading", path);
  }
  if (count !== lengthInBytes) {
    throw new StagingError(
      "staged-file-changed",
      `'${path}' is shorter than recorded. Stage the seed again.`,
      {
        details: { path },
      },
    );
  }
  return bytes;
}
