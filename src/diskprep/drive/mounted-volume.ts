/**
 * Puts a seed on a drive that the operating system has already formatted and encrypted, through its file system: the
 * way to use Windows' own BitLocker. Same files, same manifest and same journal rules as a drive made from a plan.
 */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import {
  createProgressReporter,
  type ProgressOptions,
  type ProgressReporter,
} from "../../shared/progress.js";
import { countSeedBlobRanges, type SeedBlob, type SeedCatalog } from "../../staging/index.js";
import { parseRecoveryPassword } from "../bitlocker/index.js";
import { type ContentCursor, createContentCursor } from "./content-cursor.js";
import { type BlobOnDrive, blobsOnDrive, type SeedStretch } from "./drive-layout.js";
import { manifestFileOnDrive } from "./manifest-format.js";
import { createManifestStream } from "./manifest-stream.js";
import { MountedFileBatch } from "./mounted-file-batch.js";
import { type MountedVolumeJournal, openMountedVolumeJournal } from "./mounted-volume-journal.js";
import {
  checkMountedVolume,
  type MountedVolumePlan,
  measureMounted,
  mountedStretch,
} from "./mounted-volume-plan.js";
import type { PreparedDrive } from "./prepared-drive.js";
import { createRangeHashStore, type RangeHashStore } from "./range-hash-store.js";
import { RangeWalker } from "./range-walker.js";
import { stagedFileChanged, stagedFileLengthChanged } from "./staged-file-error.js";

const pieceLengthInBytes = 1024 * 1024;
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
  const stretch = mountedStretch(plan, catalog);
  const journal = await openMountedVolumeJournal(
    options.journalPath,
    { seedId: catalog.seedId, ...stretch },
    options.resume ?? false,
  );
  const cursor = createContentCursor({ parameters: stretch, manifestNode: -1 }, catalog, options.abortSignal);
  try {
    const { state } = journal;
    const measured = await measureMounted(stretch, catalog);
    let { manifestHash } = state;
    if (manifestHash === undefined) {
      if (!state.isResumed) await checkMountedVolume(options.mountPath, stretch.driveId, measured.totalBytes);
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

async function copyBlobs(run: VolumeRun, blobBytes: number): Promise<void> {
  const { stretch, catalog, options, journal, hashes, progress } = run;
  const batch = new MountedFileBatch(options.mountPath, stretch.driveId);
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
  batch: MountedFileBatch,
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
  const batch = new MountedFileBatch(options.mountPath, stretch.driveId);
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
