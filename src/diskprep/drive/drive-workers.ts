/** The threads and the memory of one drive's preparation or verification. */
import { availableParallelism } from "node:os";
import { hasErrorName } from "../../shared/room-error.js";
import { createVolumeWorkers, type VolumeWorkers, type VolumeWorkersOptions } from "../pipeline/index.js";
import { workerFailed } from "./drive-error.js";
import type { DriveKeys } from "./drive-keys.js";
import type { DrivePlan } from "./drive-plan.js";

const mebibyte = 1024 * 1024;
const pageInBytes = 65_536;

/** For less than this, starting threads takes longer than they save. */
const leastBytesForThreads = 64 * mebibyte;

/** Eight ranges of 4 MiB, as many as are hashed at once. */
const slotLengthInBytes = 32 * mebibyte;

/** Four do 4 GB/s, more than disks take, and each costs some 40 MiB of memory. */
const maximumThreads = 4;

/** How many threads are worth while for so many bytes. */
export function defaultThreadCount(byteCount: number): number {
  return byteCount < leastBytesForThreads ? 0 : Math.min(maximumThreads, availableParallelism());
}

/** What the preparation of a drive writes: everything, or all but the free space. */
export function bytesToWrite(plan: DrivePlan): number {
  return plan.partitionLengthInBytes - (plan.wipeFreeSpace ? 0 : plan.freeBytes);
}

/** Threads for one of several drives that are written at the same time. */
export function shareOfThreads(plan: DrivePlan, drivesAtOnce: number): number {
  const wanted = defaultThreadCount(bytesToWrite(plan));
  return Math.min(wanted, Math.max(1, Math.floor(wanted / drivesAtOnce)));
}

/**
 * Threads and memory for one drive.
 *
 * @param leastSlotCount slots of 32 MiB that there are in any case when there are threads
 * @throws DriveError `worker-failed` when the system does not give them
 */
export function createDriveWorkers(threadCount: number, leastSlotCount = 0): VolumeWorkers {
  return startWorkers(
    threadCount === 0
      ? { threadCount, slotCount: 3, slotLengthInBytes: 8 * mebibyte }
      : { threadCount, slotCount: Math.max(threadCount + 3, leastSlotCount), slotLengthInBytes },
  );
}

/** Memory for one group that is longer than a slot. Closed when the group is written. @throws like {@link createDriveWorkers} */
export function createLargerWorkers(lengthInBytes: number): VolumeWorkers {
  const pages = Math.ceil(lengthInBytes / pageInBytes);
  return startWorkers({ threadCount: 0, slotCount: 1, slotLengthInBytes: pages * pageInBytes });
}

function startWorkers(options: VolumeWorkersOptions): VolumeWorkers {
  try {
    return failingAsDrive(createVolumeWorkers(options));
  } catch (cause) {
    throw workerFailed(cause);
  }
}

/** The same workers; what they cannot do is an error of the drive. @throws DriveError `worker-failed`; AbortError */
export function failingAsDrive(workers: VolumeWorkers): VolumeWorkers {
  const fail = (cause: unknown): never => {
    throw hasErrorName(cause, "AbortError") ? cause : workerFailed(cause);
  };
  return {
    ...workers,
    openCipher: (...order) => workers.openCipher(...order).catch(fail),
    stretchKey: (...order) => workers.stretchKey(...order).catch(fail),
    run: (task) => workers.run(task).catch(fail),
  };
}

/** Makes the key of a drive known to threads; returns the number of its cipher. */
export async function openDriveCipher(
  workers: VolumeWorkers,
  { encryptionMethod, sectorSizeInBytes }: Pick<DrivePlan, "encryptionMethod" | "sectorSizeInBytes">,
  keys: Pick<DriveKeys, "copyEncryptionKey">,
): Promise<number> {
  const key = keys.copyEncryptionKey();
  try {
    return await workers.openCipher(encryptionMethod, key, sectorSizeInBytes);
  } finally {
    key.fill(0);
  }
}
