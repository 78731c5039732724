/**
 * Makes a drive from a plan: one pass over the volume in ascending order, journalled, resumable.
 *
 * Nothing that makes the drive valid is written before everything else is durable: first the boot area of the file
 * system and the BitLocker metadata, then the partition table, and last the BitLocker volume header.
 */
import { throwIfAborted } from "../../shared/abort.js";
import { createProgressReporter } from "../../shared/progress.js";
import { startSideWork } from "../../shared/side-work.js";
import type { SeedCatalog } from "../../staging/index.js";
import { type BlockDevice, isDeviceError } from "../device/index.js";
import { beginDrive } from "./begin-drive.js";
import { checkConfirmation, checkLayout } from "./drive-confirmation.js";
import { DriveError } from "./drive-error.js";
import type { DriveJournal } from "./drive-journal.js";
import { layoutDrive } from "./drive-layout.js";
import { type DrivePlan, formatBytes } from "./drive-plan.js";
import { bytesToWrite, createDriveWorkers, defaultThreadCount, openDriveCipher } from "./drive-workers.js";
import { manifestFileOnDrive } from "./manifest-format.js";
import type { PrepareDriveOptions } from "./prepare-drive-options.js";
import type { PreparedDrive } from "./prepared-drive.js";
import { publishDrive } from "./publish-drive.js";
import { createRangeHashStore } from "./range-hash-store.js";
import { type DriveRun, eraseOldTraces, writeVolume } from "./write-volume.js";

/**
 * Prepares one drive.
 *
 * DESTRUCTIVE: everything on the device is lost. Writes the whole device, needs minutes to hours, keeps about
 * 180 MiB and 40 MiB a thread of memory besides the layout. Aborting or crashing leaves a journal from which
 * `resume: true` goes on and ends with the same bytes; a finished drive is not written again.
 *
 * @param plan from `planDrives`, made with the same catalog
 * @param device the whole drive, open for writing; stays open
 * @throws DriveError `not-confirmed`, `drive-changed`, `plan-mismatch`, `journal-exists`, `journal-mismatch`,
 *   `journal-invalid`, `staged-file-changed`, `staged-file-shorter`, `staged-file-longer`, `staged-file-unreadable`,
 *   `device-failed`, `worker-failed`; AbortError
 */
export async function prepareDrive(
  plan: DrivePlan,
  catalog: SeedCatalog,
  device: BlockDevice,
  options: PrepareDriveOptions,
): Promise<PreparedDrive> {
  checkConfirmation(plan, catalog, device, options.confirm);
  await using workers = createDriveWorkers(options.threadCount ?? defaultThreadCount(bytesToWrite(plan)));
  const { keys, state, openJournal } = await beginDrive(plan, options);
  let journal: DriveJournal | undefined;
  try {
    if (state?.preparedDrive) return state.preparedDrive;
    const resumeOffsetInBytes = state?.durableOffsetInBytes ?? 0;
    const progress = createProgressReporter(options.onProgress);
    progress.begin("laying out", { items: plan.endBlobIndex - plan.firstBlobIndex });
    const layout = await layoutDrive(plan, catalog, options.abortSignal);
    checkLayout(plan, layout);
    // Until this is done nothing else is written. The first groups are made meanwhile.
    await using groundwork = startSideWork(async (signal) => {
      journal = await openJournal();
      if (resumeOffsetInBytes === 0) await eraseOldTraces(plan, device, signal);
      return journal;
    }, options.abortSignal);
    // Needed at the very end, so the stretching of the key goes on beside the writing.
    await using metadata = startSideWork(
      (signal) => keys.buildMetadata(signal, (...secrets) => workers.stretchKey(...secrets)),
      options.abortSignal,
    );
    const hashes = createRangeHashStore(catalog, state?.rangeHashes ?? new Uint8Array(0));
    const run: DriveRun = {
      plan,
      catalog,
      device,
      layout,
      keys,
      groundwork,
      metadata,
      hashes,
      workers,
      cipherNumber: await openDriveCipher(workers, plan, keys),
      progress,
      options,
    };
    const manifestHash = await writeVolume(run, resumeOffsetInBytes);
    throwIfAborted(options.abortSignal);
    await publishDrive(run);
    const preparedDrive = preparedDriveOf(plan, device, keys.material.recoveryPassword, manifestHash);
    await (await groundwork.result()).finish(preparedDrive);
    return preparedDrive;
  } catch (error) {
    throw driveFailure(plan, error);
  } finally {
    keys.dispose();
    await journal?.close();
  }
}

function preparedDriveOf(
  plan: DrivePlan,
  device: BlockDevice,
  recoveryPassword: string,
  manifestHash: string,
): PreparedDrive {
  return Object.freeze({
    driveId: plan.driveId,
    bitLockerKey: recoveryPassword,
    manifestFile: manifestFileOnDrive,
    manifestHash,
    driveHeaderHash: "",
    sizeInBytes: plan.sizeInBytes,
    blobCount: plan.endBlobIndex - plan.firstBlobIndex,
    blobBytes: plan.blobBytes,
    firstBlobIndex: plan.firstBlobIndex,
    endBlobIndex: plan.endBlobIndex,
    ...(device.bypassesCache ? { bypassedCache: true } : {}),
  });
}

function driveFailure(plan: DrivePlan, error: unknown): unknown {
  if (!isDeviceError(error)) return error;
  return new DriveError(
    "device-failed",
    `Drive ${plan.driveId} (${formatBytes(plan.sizeInBytes)}) failed while it was being prepared: ${error.message} The drive is not usable yet; resume from its journal, or give its blobs to a spare drive.`,
    { details: { driveId: plan.driveId, deviceCode: error.code, ...error.details }, cause: error },
  );
}
