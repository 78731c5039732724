/**
 * Makes a drive from a plan: one pass over the volume in ascending order, journalled, resumable.
 *
 * Nothing that makes the drive valid is written before everything else is durable: first the boot area of the file
 * system and the BitLocker metadata, then the partition table, and last the BitLocker volume header.
 */
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import {
  createProgressReporter,
  type ProgressOptions,
  type ProgressReporter,
} from "../../shared/progress.js";
import { type RandomSource, systemRandomSource } from "../../shared/random-source.js";
import type { SeedCatalog } from "../../staging/index.js";
import { writeBitLockerMetadata } from "../bitlocker/index.js";
import type { BlockDevice } from "../device/index.js";
import { isDeviceError, sliceDevice } from "../device/index.js";
import { buildGpt, planGptDisk } from "../partition/index.js";
import { DriveError } from "./drive-error.js";
import {
  createDriveJournal,
  type DriveJournal,
  type DriveJournalState,
  resumeDriveJournal,
} from "./drive-journal.js";
import { createKeyMaterial, type DriveKeys, openKeyMaterial } from "./drive-keys.js";
import { type DriveLayout, derivedGuid, layoutDrive } from "./drive-layout.js";
import { type DrivePlan, formatBytes } from "./drive-plan.js";
import { openDriveWorkers } from "./drive-workers.js";
import { manifestFileOnDrive } from "./manifest-format.js";
import { createManifestStream } from "./manifest-stream.js";
import type { PreparedDrive } from "./prepared-drive.js";
import { createRangeHashStore, type RangeHashStore } from "./range-hash-store.js";
import type { VolumeGroup } from "./volume-group.js";
import { volumeGroups } from "./volume-groups.js";
import { writeGroups } from "./write-groups.js";

const defaultCheckpointIntervalInBytes = 512 * 1024 * 1024;
const mebibyte = 1024 * 1024;

/** Names the drive whose content may be destroyed, as the plan read it. */
export interface DriveConfirmation {
  readonly driveId: string;
  readonly sizeInBytes: number;
}

/** Options of {@link prepareDrive}. */
export interface PrepareDriveOptions extends AbortOptions, ProgressOptions {
  /** Must name the drive of the plan; nothing is written otherwise. */
  readonly confirm: DriveConfirmation;
  /** File for the journal, mode 0600, not on the drive itself. It holds the recovery password. */
  readonly journalPath: string;
  /** Goes on where the journal ends when there is one. Default: false, an existing journal is refused. */
  readonly resume?: boolean;
  /** How much is written between two flushes; a crash costs at most this much work. Default: 512 MiB. */
  readonly checkpointIntervalInBytes?: number;
  /**
   * Worker threads that read, hash and encrypt beside this one; 0: none. Default: one a core, at most 4, and none for less than 64 MiB.
   */
  readonly threadCount?: number;
  /** Source of keys; must be cryptographically secure. Default: the operating system's. */
  readonly random?: RandomSource;
}

/**
 * Prepares one drive.
 *
 * DESTRUCTIVE: everything on the device is lost. Writes the whole device, needs minutes to hours, keeps about
 * 200 MiB and 80 MiB a thread of memory besides the layout. Aborting or crashing leaves a journal from which `resume: true` goes on and
 * ends with the same bytes; a finished drive is not written again.
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
  const { journal, keys, state } = await openJournal(plan, options);
  try {
    if (state?.preparedDrive) return state.preparedDrive;
    const progress = createProgressReporter(options.onProgress);
    progress.begin("laying out", { items: plan.endBlobIndex - plan.firstBlobIndex });
    const layout = await layoutDrive(plan, catalog, options.abortSignal);
    checkLayout(plan, layout);
    const hashes = createRangeHashStore(catalog, state?.rangeHashes ?? new Uint8Array(0));
    const run: DriveRun = { plan, catalog, device, layout, keys, journal, hashes, progress, options };
    if (!state?.durableOffsetInBytes) await eraseOldTraces(run);
    const manifestHash = await writeVolume(run, state?.durableOffsetInBytes ?? 0);
    throwIfAborted(options.abortSignal);
    await publish(run);
    const preparedDrive = preparedDriveOf(plan, keys.recoveryPassword, manifestHash);
    await journal.finish(preparedDrive);
    return preparedDrive;
  } catch (error) {
    throw driveFailure(plan, error);
  } finally {
    keys.dispose();
    await journal.close();
  }
}

interface DriveRun {
  readonly plan: DrivePlan;
  readonly catalog: SeedCatalog;
  readonly device: BlockDevice;
  readonly layout: DriveLayout;
  readonly keys: DriveKeys;
  readonly journal: DriveJournal;
  readonly hashes: RangeHashStore;
  readonly progress: ProgressReporter;
  readonly options: PrepareDriveOptions;
}

/** Refuses a device that is not the planned and confirmed drive. @throws DriveError */
export function checkConfirmation(
  plan: DrivePlan,
  catalog: SeedCatalog,
  device: BlockDevice,
  confirm: DriveConfirmation,
): void {
  if (confirm.driveId !== plan.driveId || confirm.sizeInBytes !== plan.sizeInBytes) {
    throw new DriveError(
      "not-confirmed",
      `Drive ${plan.driveId} (${plan.sizeInBytes} bytes) was not confirmed: the confirmation names ${confirm.driveId} (${confirm.sizeInBytes} bytes). Nothing was written.`,
      {
        details: { driveId: plan.driveId, sizeInBytes: plan.sizeInBytes, confirmedDriveId: confirm.driveId },
      },
    );
  }
  const change =
    device.sizeInBytes !== plan.sizeInBytes
      ? `it has ${device.sizeInBytes} bytes instead of ${plan.sizeInBytes}`
      : device.sectorSizeInBytes !== plan.sectorSizeInBytes
        ? `its sectors have ${device.sectorSizeInBytes} bytes instead of ${plan.sectorSizeInBytes}`
        : device.canWrite
          ? undefined
          : "it was opened for reading only";
  if (change) {
    throw new DriveError(
      "drive-changed",
      `${device.name} is not the drive ${plan.driveId} that was planned: ${change}. Nothing was written. Plan again.`,
      { details: { driveId: plan.driveId, device: device.name, change } },
    );
  }
  if (catalog.seedId !== plan.seedId) {
    throw new DriveError(
      "plan-mismatch",
      `The plan of drive ${plan.driveId} was made for seed ${plan.seedId}, not for seed ${catalog.seedId}. Nothing was written. Plan again with this catalog.`,
      { details: { driveId: plan.driveId, plannedSeedId: plan.seedId, seedId: catalog.seedId } },
    );
  }
}

async function openJournal(
  plan: DrivePlan,
  options: PrepareDriveOptions,
): Promise<{
  readonly journal: DriveJournal;
  readonly keys: DriveKeys;
  readonly state: DriveJournalState | undefined;
}> {
  if (options.resume) {
    const resumed = await resumeDriveJournal(options.journalPath);
    if (resumed) {
      const { journal, state } = resumed;
      try {
        if (JSON.stringify(state.plan) !== JSON.stringify(plan)) {
          throw new DriveError(
            "journal-mismatch",
            `The journal ${options.journalPath} belongs to another plan (drive ${state.plan.driveId}). Use the journal of drive ${plan.driveId}, or plan and prepare anew.`,
            {
              details: {
                path: options.journalPath,
                driveId: plan.driveId,
                journalDriveId: state.plan.driveId,
              },
            },
          );
        }
        return { journal, state, keys: await openKeyMaterial(state.keyMaterial, plan, options.abortSignal) };
      } catch (error) {
        await journal.close();
        throw error;
      }
    }
  }
  const { keyMaterial, keys } = await createKeyMaterial(
    plan,
    options.random ?? systemRandomSource,
    options.abortSignal,
  );
  try {
    return {
      journal: await createDriveJournal(options.journalPath, plan, keyMaterial),
      keys,
      state: undefined,
    };
  } catch (error) {
    keys.dispose();
    throw error;
  }
}

function checkLayout(plan: DrivePlan, layout: DriveLayout): void {
  if (
    layout.blobBytes !== plan.blobBytes ||
    layout.manifestLengthInBytes !== plan.manifestLengthInBytes ||
    layout.ntfs.freeBytes !== plan.freeBytes
  ) {
    throw new DriveError(
      "plan-mismatch",
      `The plan of drive ${plan.driveId} does not fit the catalog any more. Nothing was written. Plan again.`,
      { details: { driveId: plan.driveId } },
    );
  }
}

/** Removes old partition tables and volume headers, so that a half-written drive is not taken for what it was. */
async function eraseOldTraces({ plan, device, options }: DriveRun): Promise<void> {
  const { abortSignal } = options;
  const zeros = new Uint8Array(mebibyte);
  const volumeEnd = plan.partitionOffsetInBytes + plan.partitionLengthInBytes;
  await device.write(0, zeros.subarray(0, plan.partitionOffsetInBytes), { abortSignal });
  await device.write(plan.partitionOffsetInBytes, zeros.subarray(0, 8192), { abortSignal });
  for (let offset = volumeEnd; offset < plan.sizeInBytes; offset += mebibyte) {
    await device.write(offset, zeros.subarray(0, Math.min(mebibyte, plan.sizeInBytes - offset)), {
      abortSignal,
    });
  }
  await device.flush({ abortSignal });
}

/** Writes everything but what makes the drive valid; returns the manifest's hash. */
async function writeVolume(run: DriveRun, resumeOffsetInBytes: number): Promise<string> {
  const { plan, catalog, device, layout, keys, journal, hashes, progress, options } = run;
  const { abortSignal, checkpointIntervalInBytes = defaultCheckpointIntervalInBytes } = options;
  const volume = sliceDevice(device, plan.partitionOffsetInBytes, plan.partitionLengthInBytes);
  const manifest = createManifestStream(layout, catalog, hashes, abortSignal);
  const { workers, cipherNumber, createLargerWorkers } = await openDriveWorkers(
    plan,
    keys,
    options.threadCount,
  );
  let checkpointOffset = resumeOffsetInBytes;
  let writtenOffset = resumeOffsetInBytes;
  progress.begin("writing", {
    bytes: plan.partitionLengthInBytes,
    items: plan.endBlobIndex - plan.firstBlobIndex,
  });
  progress.advance(resumeOffsetInBytes, 0);
  try {
    const groups = volumeGroups(layout, catalog, {
      groupLengthInBytes: workers.slotLengthInBytes,
      coverFreeSpace: plan.wipeFreeSpace,
      resumeOffsetInBytes,
      hashes,
      readManifest: (offset, target) => manifest.read(offset, target),
      abortSignal,
    });
    await writeGroups(groups, {
      volume,
      layout: layout.bitLocker,
      workers,
      cipherNumber,
      createLargerWorkers,
      abortSignal,
      onGroup: (group, groupHashes) => {
        const { ranges } = group;
        for (const [range, expected] of ranges.expectedHashes.entries()) {
          if (expected) continue;
          hashes.keep(ranges.numbers[range]!, groupHashes.subarray(range * 16, range * 16 + 16));
        }
        progress.advance(
          group.volumeOffsetInBytes + group.lengthInBytes - writtenOffset,
          countBlobsEnding(group),
          ranges.blobNames.at(-1),
        );
        writtenOffset = group.volumeOffsetInBytes + group.lengthInBytes;
      },
      onWritten: async (offset, drain) => {
        if (offset - checkpointOffset < checkpointIntervalInBytes) return;
        await drain();
        await device.flush({ abortSignal });
        await journal.checkpoint(offset, hashes.takeNew());
        checkpointOffset = offset;
      },
    });
    await device.flush({ abortSignal });
    await journal.checkpoint(plan.partitionLengthInBytes, hashes.takeNew());
    progress.flush();
    return await manifest.finish();
  } finally {
    await workers.close();
    await manifest.close();
  }
}

/** How many blobs have their last range in a group. */
function countBlobsEnding({ ranges }: VolumeGroup): number {
  let count = 0;
  for (const [range, offset] of ranges.blobOffsets.entries()) {
    if (offset + ranges.lengths[range]! === ranges.blobLengths[range]!) count += 1;
  }
  return count;
}

/** Makes the drive valid. */
async function publish({ plan, device, layout, keys, options }: DriveRun): Promise<void> {
  const { abortSignal } = options;
  const volume = sliceDevice(device, plan.partitionOffsetInBytes, plan.partitionLengthInBytes);
  const { bitLocker } = layout;
  const bootArea = new Uint8Array(bitLocker.bootAreaLengthInBytes);
  layout.ntfs.render(0, bootArea);
  keys.cipher.encrypt(bootArea, bitLocker.bootAreaOffsetInBytes);
  await volume.write(bitLocker.bootAreaOffsetInBytes, bootArea, { abortSignal });
  const spareArea = new Uint8Array(bitLocker.spareAreaLengthInBytes);
  keys.cipher.encrypt(spareArea, bitLocker.spareAreaOffsetInBytes);
  await volume.write(bitLocker.spareAreaOffsetInBytes, spareArea, { abortSignal });
  const table = buildGpt(
    planGptDisk({ diskSizeInBytes: plan.sizeInBytes, sectorSizeInBytes: plan.sectorSizeInBytes }),
    { diskGuid: derivedGuid(plan, "disk"), partitionGuid: derivedGuid(plan, "partition") },
  );
  for (const piece of table) await device.write(piece.offsetInBytes, piece.data, { abortSignal });
  await device.flush({ abortSignal });
  await writeBitLockerMetadata(volume, bitLocker, keys.metadata, { abortSignal });
}

function preparedDriveOf(plan: DrivePlan, recoveryPassword: string, manifestHash: string): PreparedDrive {
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
