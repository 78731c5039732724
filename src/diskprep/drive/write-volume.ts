/** Writes the volume of a drive, all but what makes it valid. */
import type { AbortSignalLike } from "../../shared/abort.js";
import { allEnded } from "../../shared/all-ended.js";
import type { ProgressReporter } from "../../shared/progress.js";
import type { SideWork } from "../../shared/side-work.js";
import type { SeedCatalog } from "../../staging/index.js";
import type { BitLockerMetadata } from "../bitlocker/index.js";
import { type BlockDevice, sliceDevice } from "../device/index.js";
import type { VolumeWorkers } from "../pipeline/index.js";
import type { DriveJournal } from "./drive-journal.js";
import type { DriveKeys } from "./drive-keys.js";
import type { DriveLayout } from "./drive-layout.js";
import type { DrivePlan } from "./drive-plan.js";
import { createLargerWorkers, openDriveCipher } from "./drive-workers.js";
import { createManifestStream } from "./manifest-stream.js";
import type { PrepareDriveOptions } from "./prepare-drive-options.js";
import type { RangeHashStore } from "./range-hash-store.js";
import type { VolumeGroup } from "./volume-group.js";
import { volumeGroups } from "./volume-groups.js";
import { writeGroups } from "./write-groups.js";

const defaultCheckpointIntervalInBytes = 512 * 1024 * 1024;
const mebibyte = 1024 * 1024;

/** Everything that belongs to the preparation of one drive. */
export interface DriveRun {
  readonly plan: DrivePlan;
  readonly catalog: SeedCatalog;
  readonly device: BlockDevice;
  readonly layout: DriveLayout;
  readonly keys: DriveKeys;
  /** The durable journal, and a drive without old traces: must be there before anything else is written. */
  readonly groundwork: SideWork<DriveJournal>;
  /** Is needed when all else is written. */
  readonly metadata: SideWork<BitLockerMetadata>;
  readonly hashes: RangeHashStore;
  readonly workers: VolumeWorkers;
  /** The drive's cipher, as the workers know it. */
  readonly cipherNumber: number;
  readonly progress: ProgressReporter;
  readonly options: PrepareDriveOptions;
}

/** Removes old partition tables and volume headers, so that a half-written drive is not taken for what it was. */
export async function eraseOldTraces(
  plan: DrivePlan,
  device: BlockDevice,
  abortSignal: AbortSignalLike,
): Promise<void> {
  const zeros = new Uint8Array(mebibyte);
  const volumeEnd = plan.partitionOffsetInBytes + plan.partitionLengthInBytes;
  const erase = (offset: number, lengthInBytes: number): Promise<void> =>
    device.write(offset, zeros.subarray(0, lengthInBytes), { abortSignal });
  const writes = [erase(0, plan.partitionOffsetInBytes), erase(plan.partitionOffsetInBytes, 8192)];
  for (let offset = volumeEnd; offset < plan.sizeInBytes; offset += mebibyte)
    writes.push(erase(offset, Math.min(mebibyte, plan.sizeInBytes - offset)));
  await allEnded(writes);
  await device.flush({ abortSignal });
}

/** Writes everything but what makes the drive valid; returns the manifest's hash. */
export async function writeVolume(run: DriveRun, resumeOffsetInBytes: number): Promise<string> {
  const {
    plan,
    catalog,
    device,
    layout,
    keys,
    groundwork,
    hashes,
    workers,
    cipherNumber,
    progress,
    options,
  } = run;
  const { abortSignal, checkpointIntervalInBytes = defaultCheckpointIntervalInBytes } = options;
  const volume = sliceDevice(device, plan.partitionOffsetInBytes, plan.partitionLengthInBytes);
  const manifest = createManifestStream(layout, catalog, hashes, abortSignal);
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
      createLargerWorkers: async (slotLengthInBytes) => {
        const larger = createLargerWorkers(slotLengthInBytes);
        return { workers: larger, cipherNumber: await openDriveCipher(larger, plan, keys) };
      },
      abortSignal,
      untilWritable: () => groundwork.result(),
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
        await (await groundwork.result()).checkpoint(offset, hashes.takeNew());
        checkpointOffset = offset;
      },
    });
    await device.flush({ abortSignal });
    await (await groundwork.result()).checkpoint(plan.partitionLengthInBytes, hashes.takeNew());
    progress.flush();
    return await manifest.finish();
  } finally {
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
