/** A large blob in its own file: temporary name, content with holes left out, final name. Durable only after the commit. */
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import type { AbortSignalLike } from "../shared/index.js";
import { throwIfAborted } from "../shared/index.js";
import { pageSizeInBytes } from "./blob-limits.js";
import { maximumStretches } from "./catalog-entry.js";
import { type ContentHashes, createContentHasher } from "./content-hasher.js";
import { StagingError, stagingErrorFrom } from "./errors.js";
import { writeFully } from "./file-output.js";
import { blobFileFolder, blobFilePath, partSuffix, type SeedLayout } from "./seed-layout.js";

/** Zeros are left out of page blobs in units of this length. */
export const holeUnitInBytes: number = 64 * 1024;

const zeros = new Uint8Array(holeUnitInBytes);

/** What a written file is. The handle is open, so that the commit can make the content durable. */
export interface WrittenBlobFile {
  readonly handle: FileHandle;
  readonly path: string;
  readonly folder: string;
  readonly hashes: ContentHashes;
  /** Closes and removes the file of a blob that is not recorded after all. */
  discard(): Promise<void>;
}

/** Options of {@link writeBlobFile}. */
export interface WriteBlobFileOptions {
  readonly layout: SeedLayout;
  readonly file: number;
  readonly name: string;
  readonly rangeSizeInBytes: number;
  /** Whether runs of zeros become holes; only page blobs can have them. */
  readonly leaveOutZeros: boolean;
  readonly abortSignal: AbortSignalLike | undefined;
  /** Called with the length so far; throws to stop. */
  readonly onLength: (lengthInBytes: number) => void;
}

/**
 * Writes a blob file. On failure nothing is left under either name.
 *
 * @throws StagingError `staging-full`, `staging-not-writable`, `staging-io-failed`, `blob-not-aligned`
 */
export async function writeBlobFile(
  chunks: AsyncIterable<Uint8Array>,
  options: WriteBlobFileOptions,
): Promise<WrittenBlobFile> {
  const { layout, file } = options;
  const folder = blobFileFolder(layout, file);
  const path = blobFilePath(layout, file);
  let handle: FileHandle | undefined;
  let current = path + partSuffix;
  const hasher = createContentHasher(options.rangeSizeInBytes);
  let writing: Promise<void> = Promise.resolve();
  let stretches = 0;
  let afterHole = true;

  const append = async (bytes: Uint8Array, position: number): Promise<void> => {
    // Write and hash at the same time: the write runs outside this thread.
    writing = writeFully(handle!, bytes, position);
    hasher.append(bytes);
    await writing;
  };
  const emit = async (run: Uint8Array, isHole: boolean): Promise<void> => {
    if (isHole) {
      hasher.skip(run);
    } else {
      if (afterHole) stretches += 1;
      await append(run, hasher.lengthInBytes);
    }
    afterHole = isHole;
  };
  const appendUnits = async (bytes: Uint8Array): Promise<void> => {
    let runStart = 0;
    let runIsHole = false;
    for (let start = 0; start < bytes.length; start += holeUnitInBytes) {
      const isHole = stretches < maximumStretches && unitIsZero(bytes, start);
      if (start > runStart && isHole !== runIsHole) {
        await emit(bytes.subarray(runStart, start), runIsHole);
        runStart = start;
      }
      runIsHole = isHole;
    }
    if (runStart < bytes.length) await emit(bytes.subarray(runStart), runIsHole);
  };

  try {
    await mkdir(folder, { recursive: true });
    handle = await open(current, "wx");
    let carry: Uint8Array | undefined;
    for await (const chunk of chunks) {
      throwIfAborted(options.abortSignal);
      if (!options.leaveOutZeros) {
        await append(chunk, hasher.lengthInBytes);
      } else {
        const bytes: Uint8Array = carry === undefined ? chunk : Buffer.concat([carry, chunk]);
        const whole = bytes.length - (bytes.length % holeUnitInBytes);
        await appendUnits(bytes.subarray(0, whole));
        carry = whole === bytes.length ? undefined : bytes.slice(whole);
      }
      options.onLength(hasher.lengthInBytes + (carry?.length ?? 0));
    }
    if (carry !== undefined) {
      if (carry.length % pageSizeInBytes !== 0)
        throw notAligned(options.name, hasher.lengthInBytes + carry.length);
      await appendUnits(carry);
    }
    throwIfAborted(options.abortSignal);
    if (options.leaveOutZeros) await handle.truncate(hasher.lengthInBytes);
    await rename(current, path);
    current = path;
    const written = handle;
    return {
      handle: written,
      path,
      folder,
      hashes: hasher.finish(),
      async discard() {
        await written.close().catch(() => undefined);
        await rm(path, { force: true }).catch(() => undefined);
      },
    };
  } catch (error) {
    await writing.catch(() => undefined);
    await handle?.close().catch(() => undefined);
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

function unitIsZero(bytes: Uint8Array, start: number): boolean {
  const unit = bytes.subarray(start, Math.min(bytes.length, start + holeUnitInBytes));
  return Buffer.compare(unit, unit.length === zeros.length ? zeros : zeros.subarray(0, unit.length)) === 0;
}
