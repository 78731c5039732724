/**
 * Puts a seed on a drive that the operating system has already formatted and encrypted, through its file system: the
 * way to use Windows' own BitLocker. Same files, same manifest and same journal rules as a drive made from a plan.
 */
import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import { syncFolder } from "../../shared/durable-file.js";
import {
  createProgressReporter,
  type ProgressOptions,
  type ProgressReporter,
} from "../../shared/progress.js";
import { systemErrorCode } from "../../shared/room-error.js";
import { countSeedBlobRanges, type SeedBlob, type SeedCatalog } from "../../staging/index.js";
import { parseRecoveryPassword } from "../bitlocker/index.js";
import { type DeviceError, deviceErrorFrom } from "../device/index.js";
import { type ContentCursor, createContentCursor } from "./content-cursor.js";
import { DriveError, isDriveError } from "./drive-error.js";
import {
  type BlobOnDrive,
  blobsOnDrive,
  manifestHead,
  manifestLengthOfBlob,
  type SeedStretch,
} from "./drive-layout.js";
import { formatBytes } from "./drive-plan.js";
import { manifestFileOnDrive, manifestVersion } from "./manifest-format.js";
import { createManifestStream } from "./manifest-stream.js";
import { manifestHeadText, manifestTailText } from "./manifest-writer.js";
import { mountedPath } from "./mounted-path.js";
import { type MountedVolumeJournal, openMountedVolumeJournal } from "./mounted-volume-journal.js";
import type { PreparedDrive } from "./prepared-drive.js";
import { createRangeHashStore, type RangeHashStore } from "./range-hash-store.js";
import { RangeWalker } from "./range-walker.js";
import { seedFolders } from "./seed-tree.js";
import { stagedFileChanged, stagedFileLengthChanged } from "./staged-file-error.js";

const pieceLengthInBytes = 1024 * 1024;
/** Files are made durable in batches, because one fsync a file would take longer than its bytes. */
const filesOfABatch = 64;
const bytesOfABatch = 256 * 1024 * 1024;

/** Which blobs go on the drive, and how the manifest names it. */
export interface MountedVolumePlan
  extends Partial<Pick<SeedStretch, "manifestVersion" | "importDisposition">> {
  /** Serial number of the drive; spaces are removed. */
  readonly driveId: string;
  /** Size of the whole drive, for the import job. */
  readonly sizeInBytes: number;
  /** Default: 0. */
  readonly firstBlobIndex?: number;
  /** Default: all blobs. */
  readonly endBlobIndex?: number;
}

/** Options of {@link prepareMountedVolume}. */
export interface PrepareMountedVolumeOptions extends AbortOptions, ProgressOptions {
  /** Root folder of the mounted volume, for example `E:\` or `/mnt/seed`. */
  readonly mountPath: string;
  /** SECRET: recovery password of the volume, eight groups of six digits. It goes into the result, not into the journal. */
  readonly bitLockerKey: string;
  /** File for the journal, mode 0600, not on the drive itself. */
  readonly journalPath: string;
  /** Goes on where the journal ends when there is one. Default: false, an existing journal is refused. */
  readonly resume?: boolean;
}

/**
 * Copies blobs, side files and the manifest onto a mounted volume.
 *
 * Writes only below `\seed`, `\seed-renamed`, `\seed-meta` and the manifest; nothing else on the volume is touched, and
 * a volume where one of these exists is refused. Files get their names when they are durable; the manifest comes last.
 * May be repeated with `resume: true`. Whether the volume is encrypted with this key cannot be seen from the file
 * system: check it with the operating system's tool before shipping.
 *
 * @throws DriveError `drive-not-empty`, `drive-too-small`, `plan-mismatch`, `journal-exists`, `journal-mismatch`,
 *   `journal-invalid`, `staged-file-…`, `device-failed`; BitLockerError when the key is not a recovery password;
 *   AbortError
 */
export async function prepareMountedVolume(
  plan: MountedVolumePlan,
  catalog: SeedCatalog,
  options: PrepareMountedVolumeOptions,
): Promise<PreparedDrive> {
  const bitLockerKey = normalizedKey(options.bitLockerKey);
  const stretch = stretchOf(plan, catalog);
  const journal = await openMountedVolumeJournal(
    options.journalPath,
    { seedId: catalog.seedId, ...stretch },
    options.resume ?? false,
  );
  const cursor = createContentCursor({ parameters: stretch, manifestNode: -1 }, catalog, options.abortSignal);
  try {
    const { state } = journal;
    const measured = await measure(stretch, catalog);
    let { manifestHash } = state;
    if (manifestHash === undefined) {
      if (!state.isResumed) await checkVolume(options.mountPath, stretch.driveId, measured.totalBytes);
      const hashes = createRangeHashStore(catalog, state.rangeHashes);
      const progress = createProgressReporter(options.onProgress);
      const run: VolumeRun = { stretch, catalog, options, journal, hashes, cursor, progress };
      await copyBlobs(run, measured.blobBytes);
      manifestHash = await writeManifest(run, measured.manifestLengthInBytes);
      await journal.finish(manifestHash);
    }
    return Object.freeze({
      driveId: stretch.driveId,
      bitLockerKey,
      manifestFile: manifestFileOnDrive,
      manifestHash,
      driveHeaderHash: "",
      sizeInBytes: plan.sizeInBytes,
      blobCount: stretch.endBlobIndex - stretch.firstBlobIndex,
      blobBytes: measured.blobBytes,
      firstBlobIndex: stretch.firstBlobIndex,
      endBlobIndex: stretch.endBlobIndex,
    });
  } finally {
    await cursor.close();
    await journal.close();
  }
}

function normalizedKey(text: string): string {
  using password = parseRecoveryPassword(text);
  return password.format();
}

interface VolumeRun {
  readonly stretch: SeedStretch;
  readonly catalog: SeedCatalog;
  readonly options: PrepareMountedVolumeOptions;
  readonly journal: MountedVolumeJournal;
  readonly hashes: RangeHashStore;
  readonly cursor: ContentCursor;
  readonly progress: ProgressReporter;
}

function stretchOf(plan: MountedVolumePlan, catalog: SeedCatalog): SeedStretch {
  return {
    driveId: plan.driveId.replace(/\s+/g, ""),
    containerName: catalog.containerName,
    manifestVersion: plan.manifestVersion ?? manifestVersion,
    importDisposition: plan.importDisposition ?? "overwrite",
    firstBlobIndex: plan.firstBlobIndex ?? 0,
    endBlobIndex: plan.endBlobIndex ?? catalog.blobCount,
  };
}

async function measure(
  stretch: SeedStretch,
  catalog: SeedCatalog,
): Promise<{
  readonly blobBytes: number;
  readonly manifestLengthInBytes: number;
  readonly totalBytes: number;
}> {
  const head = manifestHead(stretch);
  let manifestLengthInBytes = Buffer.byteLength(manifestHeadText(head)) + Buffer.byteLength(manifestTailText);
  let blobBytes = 0;
  for await (const placed of blobsOnDrive(stretch, catalog)) {
    manifestLengthInBytes += manifestLengthOfBlob(head, placed);
    blobBytes += placed.blob.lengthInBytes;
  }
  return { blobBytes, manifestLengthInBytes, totalBytes: blobBytes + manifestLengthInBytes };
}

async function checkVolume(mountPath: string, driveId: string, neededBytes: number): Promise<void> {
  for (const name of [...seedFolders, manifestFileOnDrive.slice(1)]) {
    if (!(await exists(join(mountPath, name)))) continue;
    throw new DriveError(
      "drive-not-empty",
      `${mountPath} already holds '${name}'. Nothing was written. Remove it if it is not needed, or resume with the journal of that preparation.`,
      { details: { driveId, mountPath, name } },
    );
  }
  const { bavail, bsize } = await statfs(mountPath).catch((error) => {
    throw volumeFailure(mountPath, driveId, "inspect", error);
  });
  if (bavail * bsize >= neededBytes) return;
  throw new DriveError(
    "drive-too-small",
    `${mountPath} has ${formatBytes(bavail * bsize)} free, but the blobs take ${formatBytes(neededBytes)} and the file system's own structures more. Nothing was written. Use a larger drive or fewer blobs.`,
    { details: { driveId, mountPath, freeBytes: bavail * bsize, neededBytes } },
  );
}

async function copyBlobs(run: VolumeRun, blobBytes: number): Promise<void> {
  const { stretch, catalog, options, journal, hashes, progress } = run;
  const batch = new FileBatch(options.mountPath, stretch.driveId);
  const items = stretch.endBlobIndex - stretch.firstBlobIndex;
  progress.begin("copying", { bytes: blobBytes, items });
  let firstRangeNumber = 0;
  try {
    for await (const placed of blobsOnDrive(stretch, catalog, undefined, options.abortSignal)) {
      const { blob } = placed;
      if (blob.index >= journal.state.endBlobIndex) {
        await copyBlob(run, batch, placed, firstRangeNumber);
        if (batch.isFull) {
          await batch.publish();
          await journal.checkpoint(blob.index + 1, hashes.takeNew());
        }
      }
      firstRangeNumber += countSeedBlobRanges(blob);
      progress.advance(blob.lengthInBytes, 1, blob.name);
    }
    await batch.publish();
    await journal.checkpoint(stretch.endBlobIndex, hashes.takeNew());
    progress.flush();
  } finally {
    await batch.close();
  }
}

async function copyBlob(
  run: VolumeRun,
  batch: FileBatch,
  { blob, filePath, metadataFile, propertiesFile }: BlobOnDrive,
  firstRangeNumber: number,
): Promise<void> {
  await checkStagedLength(run.catalog, blob);
  const file = await batch.create(filePath, blob.lengthInBytes, blob.modifiedAtInMs);
  const walker = new RangeWalker(blob, countSeedBlobRanges(blob), run.catalog);
  const buffer = new Uint8Array(Math.min(pieceLengthInBytes, blob.lengthInBytes));
  for (let offset = 0; offset < blob.lengthInBytes; ) {
    const range = await walker.rangeAt(offset);
    if (!range) break;
    const end = range.offsetInBytes + range.lengthInBytes;
    const hash = createHash("md5");
    for (offset = range.offsetInBytes; offset < end; ) {
      throwIfAborted(run.options.abortSignal);
      const piece = buffer.subarray(0, Math.min(buffer.length, end - offset));
      await run.cursor.readBlob(blob, offset, piece);
      hash.update(piece);
      await batch.write(file, piece, offset);
      offset += piece.length;
    }
    const digest = hash.digest();
    if (range.expectedHash === undefined) run.hashes.keep(firstRangeNumber + range.index, digest);
    else if (digest.compare(range.expectedHash) !== 0)
      throw stagedFileChanged(blob.name, range.offsetInBytes, range.lengthInBytes);
  }
  for (const sideFile of [metadataFile, propertiesFile?.isNew ? propertiesFile : undefined]) {
    if (!sideFile) continue;
    const bytes = Buffer.from(sideFile.text);
    await batch.write(await batch.create(sideFile.path, bytes.length, blob.modifiedAtInMs), bytes, 0);
  }
}

async function checkStagedLength(catalog: SeedCatalog, blob: SeedBlob): Promise<void> {
  const path = catalog.stagedFilePath(blob);
  const size = path && (await stat(path).catch(() => undefined))?.size;
  // A file that is missing or unreadable is reported when it is read.
  if (typeof size === "number" && size !== blob.lengthInBytes)
    throw stagedFileLengthChanged(blob.name, blob.lengthInBytes, size);
}

async function writeManifest(run: VolumeRun, manifestLengthInBytes: number): Promise<string> {
  const { stretch, catalog, options, hashes } = run;
  const manifest = createManifestStream(
    { parameters: stretch, manifestLengthInBytes },
    catalog,
    hashes,
    options.abortSignal,
  );
  const batch = new FileBatch(options.mountPath, stretch.driveId);
  try {
    const file = await batch.create(manifestFileOnDrive, manifestLengthInBytes, undefined);
    for (let offset = 0; offset < manifestLengthInBytes; ) {
      throwIfAborted(options.abortSignal);
      const piece = new Uint8Array(Math.min(pieceLengthInBytes, manifestLengthInBytes - offset));
      await manifest.read(offset, piece);
      await batch.write(file, piece, offset);
      offset += piece.length;
    }
    const manifestHash = await manifest.finish();
    await batch.publish();
    return manifestHash;
  } finally {
    await batch.close();
    await manifest.close();
  }
}

interface PendingFile {
  readonly handle: FileHandle;
  readonly path: string;
  readonly temporaryPath: string;
  readonly modifiedAtInMs: number | undefined;
}

/** Files being written under temporary names; they get their own names together, once they are durable. */
class FileBatch {
  readonly #mountPath: string;
  readonly #driveId: string;
  readonly #folders = new Set<string>();
  #files: PendingFile[] = [];
  #bytes = 0;

  constructor(mountPath: string, driveId: string) {
    this.#mountPath = resolve(mountPath);
    this.#driveId = driveId;
  }

  get isFull(): boolean {
    return this.#files.length >= filesOfABatch || this.#bytes >= bytesOfABatch;
  }

  async create(
    filePath: string,
    lengthInBytes: number,
    modifiedAtInMs: number | undefined,
  ): Promise<FileHandle> {
    const path = mountedPath(this.#mountPath, filePath);
    const temporaryPath = join(dirname(path), `.offline-seed-${this.#files.length}.partial`);
    return await this.#attempt("create", async () => {
      await mkdir(dirname(path), { recursive: true });
      const handle = await open(temporaryPath, "w");
      this.#files.push({ handle, path, temporaryPath, modifiedAtInMs });
      this.#bytes += lengthInBytes;
      await handle.truncate(lengthInBytes);
      return handle;
    });
  }

  async write(file: FileHandle, bytes: Uint8Array, offsetInBytes: number): Promise<void> {
    await this.#attempt("write", async () => {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offsetInBytes + done);
        done += bytesWritten;
      }
    });
  }

  async publish(): Promise<void> {
    await this.#attempt("publish", async () => {
      for (const { handle, modifiedAtInMs } of this.#files) {
        if (modifiedAtInMs !== undefined) await handle.utimes(modifiedAtInMs / 1000, modifiedAtInMs / 1000);
        await handle.sync();
      }
      for (const { handle, path, temporaryPath } of this.#files) {
        await handle.close();
        await rename(temporaryPath, path);
        for (let folder = dirname(path); folder.length >= this.#mountPath.length; folder = dirname(folder)) {
          if (this.#folders.has(folder) || folder === dirname(folder)) break;
          this.#folders.add(folder);
        }
      }
      this.#files = [];
      this.#bytes = 0;
      for (const folder of this.#folders) await syncFolder(folder);
      this.#folders.clear();
    });
  }

  /** Closes and removes what was not published. May be repeated. */
  async close(): Promise<void> {
    for (const { handle, temporaryPath } of this.#files) {
      await handle.close().catch(() => undefined);
      await rm(temporaryPath, { force: true }).catch(() => undefined);
    }
    this.#files = [];
  }

  async #attempt<T>(operation: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw volumeFailure(this.#mountPath, this.#driveId, operation, error);
    }
  }
}

function volumeFailure(mountPath: string, driveId: string, operation: string, cause: unknown): unknown {
  const error = deviceErrorFrom(cause, { deviceName: mountPath, operation }) as DeviceError;
  if (isDriveError(cause) || error.code === undefined) return cause;
  return new DriveError(
    "device-failed",
    `Drive ${driveId} failed while files were copied to it: ${error.message} It has no manifest yet; resume from its journal.`,
    { details: { driveId, deviceCode: error.code, ...error.details }, cause: error },
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw error;
  }
}
