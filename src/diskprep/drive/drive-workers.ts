/** The threads and the memory of one drive's preparation or verification. */
import { availableParallelism } from "node:os";
import { createVolumeWorkers, type VolumeWorkers } from "../pipeline/index.js";
import type { DriveKeys } from "./drive-keys.js";
import type { DrivePlan } from "./drive-plan.js";

const mebibyte = 1024 * 1024;

/** For less than this, starting threads takes longer than they save. */
const leastBytesForThreads = 64 * mebibyte;

/** Eight ranges of 4 MiB, as many as are hashed at once. */
const slotLengthInBytes = 32 * mebibyte;

/** Four do 4 GB/s, more than disks take, and each costs some 80 MiB of memory. */
const maximumThreads = 4;

/** How many threads are worth while for so many bytes. */
export function defaultThreadCount(byteCount: number): number {
  return byteCount < leastBytesForThreads ? 0 : Math.min(maximumThreads, availableParallelism());
}

/** Threads and memory for one drive. */
export function createDriveWorkers(threadCount: number): VolumeWorkers {
  return threadCount === 0
    ? createVolumeWorkers({ threadCount, slotCount: 3, slotLengthInBytes: 8 * mebibyte })
    : createVolumeWorkers({ threadCount, slotCount: threadCount + 2, slotLengthInBytes });
}

/** Workers that know the key of a drive. */
export interface DriveWorkers {
  readonly workers: VolumeWorkers;
  readonly cipherNumber: number;
  readonly createLargerWorkers: (slotLengthInBytes: number) => Promise<{
    readonly workers: VolumeWorkers;
    readonly cipherNumber: number;
  }>;
}

/** Starts workers for a drive; the caller closes them. */
export async function openDriveWorkers(
  plan: DrivePlan,
  keys: DriveKeys,
  wantedThreadCount: number | undefined,
): Promise<DriveWorkers> {
  const byteCount = plan.partitionLengthInBytes - (plan.wipeFreeSpace ? 0 : plan.freeBytes);
  const threadCount = wantedThreadCount ?? defaultThreadCount(byteCount);
  const open = async (
    workers: VolumeWorkers,
  ): Promise<{ readonly workers: VolumeWorkers; readonly cipherNumber: number }> => {
    const key = keys.copyEncryptionKey();
    try {
      return {
        workers,
        cipherNumber: await workers.openCipher(plan.encryptionMethod, key, plan.sectorSizeInBytes),
      };
    } catch (error) {
      await workers.close();
      throw error;
    } finally {
      key.fill(0);
    }
  };
  return {
    ...(await open(createDriveWorkers(threadCount))),
    createLargerWorkers: (length) =>
      open(
        createVolumeWorkers({
          threadCount: 0,
          slotCount: 1,
          slotLengthInBytes: Math.ceil(length / 65_536) * 65_536,
        }),
      ),
  };
}
