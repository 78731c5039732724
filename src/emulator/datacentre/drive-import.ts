/**
 * Processes one drive the way the service does: unlock with the key from the job, find the manifest, check it against
 * the hash from the job, then every blob in it. Believes nothing that was not read from the drive itself.
 */
import { createHash } from "node:crypto";
import { type AbortOptions, throwIfAborted } from "../../shared/index.js";
import { isEmulatorError } from "../emulator-error.js";
import { type BlobAccount, refusalOf } from "./blob-account.js";
import { type BlobImportContext, type Pending, startBlobImport } from "./blob-import.js";
import { createBlobTextWriter } from "./blob-text-writer.js";
import { createCopyLog } from "./copy-log.js";
import { createDriveLog, driveLogBlobName } from "./drive-log.js";
import { type DriveFile, type DriveVolume, type FileProblem, readWholeFile } from "./drive-volume.js";
import type { ImportLog } from "./import-log.js";
import { readImportManifest } from "./import-manifest.js";
import type { BlobOutcome, DriveOutcome, DriveStatus } from "./import-outcome.js";
import type { DriveProgress, ExpectedDrive, ShippedJob } from "./shipped-job.js";
import { createSideFileReader } from "./side-file-reader.js";
import { createTransferWindow } from "./transfer-window.js";

/** What processing a drive needs. */
export interface DriveImportOptions extends AbortOptions {
  readonly job: ShippedJob;
  readonly drive: ExpectedDrive;
  /** Unlocks the drive in hand. */
  readonly unlock: (recoveryPassword: string) => Promise<DriveVolume | DriveStatus>;
  readonly account: BlobAccount;
  readonly startedAtInMs: number;
  readonly onProgress: (progress: DriveProgress) => void;
}

const manifestPieceSizeInBytes = 256 * 1024;
const maximumTransfers = 16;
const maximumBytesInFlight = 64 * 1024 * 1024;

/** Processes a drive from unlocking to its logs. Rejects only when aborted. */
export async function importDrive(options: DriveImportOptions): Promise<DriveOutcome> {
  const { job, drive } = options;
  let volume: DriveVolume | undefined;
  const counts = { blobCount: 0, blobsWithErrors: 0, blobsRenamed: 0, bytesTotal: 0, bytesSucceeded: 0 };
  let log: ImportLog | undefined;
  let manifestUri: string | undefined;
  let status: DriveStatus;
  try {
    const unlocked = await options.unlock(drive.bitLockerKey);
    if (typeof unlocked === "string") {
      status = unlocked;
    } else {
      volume = unlocked;
      const manifest = await openManifest(volume, drive, options);
      if (typeof manifest === "string") {
        status = manifest;
      } else {
        counts.bytesTotal = manifest.bytesTotal;
        log = await openLog(options);
        if (job.backsUpManifests) manifestUri = await backUpManifest(manifest.file, options);
        status = await importBlobs(volume, manifest, log, counts, options);
      }
    }
  } catch (error) {
    if (options.abortSignal?.aborted) {
      await volume?.close();
      throw error;
    }
    status =
      refusalOf(error).blobStatus === "BlobRequestForbidden" ? "BlobRequestForbidden" : "InternalError";
  }
  await volume?.close();
  const addresses = await finishLog(log, status, counts, options);
  return Object.freeze({ driveId: drive.driveId, status, ...counts, ...addresses, manifestUri });
}

/** A manifest that was checked, and what it announces. */
interface OpenManifest {
  readonly file: DriveFile;
  readonly bytesTotal: number;
  readonly blobsTotal: number;
}

/** Finds, hashes and reads through the manifest, so that no blob is touched when any of it is wrong. */
async function openManifest(
  volume: DriveVolume,
  drive: ExpectedDrive,
  options: AbortOptions,
): Promise<OpenManifest | DriveStatus> {
  const file = await volume.openFile(drive.manifestFile);
  if (typeof file === "string") return manifestStatusOf(file);
  const hash = createHash("md5");
  try {
    for await (const piece of readWholeFile(file, manifestPieceSizeInBytes, options)) hash.update(piece);
  } catch (error) {
    if (options.abortSignal?.aborted) throw error;
    return "ReadManifestFailed";
  }
  if (hash.digest("hex") !== drive.manifestHash.toLowerCase()) return "ManifestCorrupted";
  let bytesTotal = 0;
  let blobsTotal = 0;
  let driveId = "";
  try {
    for await (const event of readImportManifest(readWholeFile(file, manifestPieceSizeInBytes, options))) {
      if (event.type === "drive") driveId = event.driveId;
      else {
        bytesTotal += event.blob.lengthInBytes;
        blobsTotal += 1;
      }
    }
  } catch (error) {
    if (options.abortSignal?.aborted) throw error;
    return isEmulatorError(error) ? "ManifestFormatInvalid" : "ReadManifestFailed";
  }
  return driveId === drive.driveId ? { file, bytesTotal, blobsTotal } : "ManifestDriveIdMismatch";
}

function manifestStatusOf(problem: FileProblem): DriveStatus {
  switch (problem) {
    case "FileAccessDenied":
      return "ManifestAccessDenied";
    case "FileNameInvalid":
      return "ManifestNameInvalid";
    case "FileNameTooLong":
      return "ManifestNameTooLong";
    case "FileNotFound":
      return "ManifestNotFound";
    case "IOFailed":
      return "ReadManifestFailed";
  }
}

async function importBlobs(
  volume: DriveVolume,
  { file: manifestFile, blobsTotal }: OpenManifest,
  log: ImportLog,
  counts: { -readonly [Key in keyof DriveOutcome & `b${string}`]: DriveOutcome[Key] },
  options: DriveImportOptions,
): Promise<DriveStatus> {
  const context: BlobImportContext = {
    volume,
    account: options.account,
    window: createTransferWindow({ maximumTransfers, maximumBytes: maximumBytesInFlight }),
    sideFiles: createSideFileReader(volume),
    computesCrc64: options.job.isVerbose && options.job.logFormat === "copy-log",
    supportsPageBlobs: canHoldPageBlobs(options.job.storageAccount.kind),
    abortSignal: options.abortSignal,
  };
  let bytesDone = 0;
  let blobsSkipped = 0;
  let blobsForbidden = 0;
  const record = async ({ finished }: Pending<BlobOutcome>): Promise<void> => {
    const outcome = await finished;
    await log.append(outcome);
    counts.blobCount += 1;
    counts.bytesSucceeded += outcome.bytesSucceeded;
    if (outcome.status !== "Completed") counts.blobsWithErrors += 1;
    if (outcome.status === "BlobRequestForbidden") blobsForbidden += 1;
    if (outcome.dispositionStatus === "Renamed") counts.blobsRenamed += 1;
    if (outcome.dispositionStatus === "Skipped") blobsSkipped += 1;
    bytesDone += outcome.lengthInBytes;
    options.onProgress({
      bytesDone,
      bytesTotal: counts.bytesTotal,
      blobsDone: counts.blobCount,
      blobsTotal,
      blobsWithErrors: counts.blobsWithErrors,
    });
  };
  // Outcomes are logged in the order of the manifest, one after the other, while later blobs are being read.
  let recorded: Promise<void> = Promise.resolve();
  try {
    for await (const event of readImportManifest(readWholeFile(manifestFile, manifestPieceSizeInBytes))) {
      if (event.type !== "blob") continue;
      throwIfAborted(options.abortSignal);
      const started = await startBlobImport(context, event.blob);
      recorded = recorded.then(() => record(started));
      // Awaited below; a failure meanwhile must not count as unhandled.
      recorded.catch(() => undefined);
    }
  } finally {
    await recorded;
  }
  if (counts.blobCount > 0 && blobsForbidden === counts.blobCount) return "BlobRequestForbidden";
  if (counts.blobsWithErrors > 0) return "CompletedWithErrors";
  return counts.blobsRenamed + blobsSkipped > 0 ? "CompletedWithWarnings" : "Completed";
}

function canHoldPageBlobs(kind: string): boolean {
  return kind === "Storage" || kind === "StorageV2";
}

async function openLog({ account, job, drive, startedAtInMs }: DriveImportOptions): Promise<ImportLog> {
  const container = await account.container(job.logContainer);
  const createLog = job.logFormat === "drive-log" ? createDriveLog : createCopyLog;
  return createLog({
    container,
    jobName: job.name,
    jobId: job.jobId,
    driveId: drive.driveId,
    isVerbose: job.isVerbose,
    startedAtInMs,
  });
}

/** Publishes the logs. An account that refuses even them leaves the job without log addresses. */
async function finishLog(
  log: ImportLog | undefined,
  status: DriveStatus,
  counts: Pick<DriveOutcome, "blobCount" | "blobsWithErrors">,
  options: DriveImportOptions,
): Promise<Pick<DriveOutcome, "errorLogUri" | "verboseLogUri">> {
  try {
    return await (log ?? (await openLog(options))).finish({ status, ...counts });
  } catch {
    return { errorLogUri: undefined, verboseLogUri: undefined };
  }
}

async function backUpManifest(file: DriveFile, options: DriveImportOptions): Promise<string> {
  const container = await options.account.container(options.job.logContainer);
  const writer = createBlobTextWriter(
    container,
    driveLogBlobName(
      { jobName: options.job.name, driveId: options.drive.driveId, startedAtInMs: options.startedAtInMs },
      "manifest",
    ),
  );
  const decoder = new TextDecoder("utf-8");
  for await (const piece of readWholeFile(file, manifestPieceSizeInBytes)) {
    await writer.append(decoder.decode(piece, { stream: true }));
  }
  await writer.append(decoder.decode());
  return writer.finish();
}
