/** A large blob in its own file: temporary name, content with holes left out, final name. Durable only after the commit. */
import { type FileHandle, mkdir, rename, rm } from "node:fs/promises";
import { pageSizeInBytes } from "./blob-limits.js";
import type { ContentHashes } from "./content-hasher.js";
import { type ContentReader, type HashContentOptions, hashContent } from "./content-pipeline.js";
import { createDirectFile, type DirectFile } from "./direct-file.js";
import { StagingError, stagingErrorFrom } from "./errors.js";
import { blobFileFolder, blobFilePath, partSuffix, type SeedLayout } from "./seed-layout.js";

/** What a written file is. The handle is open, so that the commit can make the content durable. */
export interface WrittenBlobFile {
  readonly handle: FileHandle;
  readonly folder: string;
  readonly hashes: ContentHashes;
  /** Closes and removes the file of a blob that is not recorded after all. */
  discard(): Promise<void>;
}

/** Options of {@link writeBlobFile}. */
export interface WriteBlobFileOptions extends Omit<HashContentOptions, "write"> {
  readonly layout: SeedLayout;
  readonly file: number;
  readonly name: string;
}

/**
 * Writes a blob file. On failure nothing is left under either name.
 *
 * @throws StagingError `staging-full`, `staging-not-writable`, `staging-io-failed`, `blob-not-aligned`
 */
export async function writeBlobFile(
  content: ContentReader,
  options: WriteBlobFileOptions,
): Promise<WrittenBlobFile> {
  const folder = blobFileFolder(options.layout, options.file);
  const path = blobFilePath(options.layout, options.file);
  let file: DirectFile | undefined;
  let current = path + partSuffix;
  try {
    await mkdir(folder, { recursive: true });
    const created = await createDirectFile(current);
    file = created;
    const hashes = await hashContent(content, {
      ...options,
      write: (bytes, offsetInBytes) => created.write(bytes, offsetInBytes),
    });
    if (options.leaveOutZeros && hashes.lengthInBytes % pageSizeInBytes !== 0)
      throw notAligned(options.name, hashes.lengthInBytes);
    // Cuts what was written to fill the last unit; makes a hole at the end as long as it is.
    await created.settle();
    const opened = created.handle;
    await opened.truncate(hashes.lengthInBytes);
    await rename(current, path);
    current = path;
    return {
      handle: opened,
      folder,
      hashes,
      async discard() {
        await opened.close().catch(() => undefined);
        await rm(path, { force: true }).catch(() => undefined);
      },
    };
  } catch (error) {
    await file?.settle().catch(() => undefined);
    await file?.handle.close().catch(() => undefined);
    await rm(current, { force: true }).catch(() => undefined);
    throw stagingErrorFrom(error, "Writing", current);
  }
}

/** The error for a page blob whose length is no multiple of a page. */
export function notAligned(name: string, lengthInBytes: number): StagingError {
  return new StagingError(
    "blob-not-aligned",
    `Blob '${name}' has ${lengthInBytes} bytes, but a page blob must be a multiple of 512. Pad it, or stage it with kind: "block".`,
    { details: { name, lengthInBytes } },
  );
}
