/** Whether a job that already has the name is the one being ordered. */
import type { ImportOrder } from "../order/import-order.js";
import { isSameResourceId } from "../order/storage-account-id.js";
import type { DriveRecoveryKey, ImportJobStatus } from "./import-job-status.js";

/**
 * How an existing job differs from an order; empty when it is the same order.
 *
 * Compared are the things that decide whether these very drives will be read into this very account: storage account
 * (case-insensitive ARM id), set of drive ids, and per drive manifest path, manifest hash (hex, case-insensitive) and
 * BitLocker key. Addresses, contact, log level and tags may be changed later and do not count. The returned texts name
 * what differs and never contain a key.
 */
export function compareOrderWithJob(
  order: ImportOrder,
  job: ImportJobStatus,
  keys: readonly DriveRecoveryKey[],
): readonly string[] {
  const differences: string[] = [];
  if (!isSameResourceId(job.storageAccountId ?? "", order.storageAccountId)) {
    differences.push(`it imports into ${job.storageAccountId ?? "an account the service does not name"}`);
  }
  const jobDrives = new Map((job.drives ?? []).map((drive) => [drive.driveId.toUpperCase(), drive]));
  const jobKeys = new Map(keys.map((key) => [key.driveId.toUpperCase(), key.bitLockerKey]));
  for (const drive of order.drives) {
    const driveId = drive.driveId.toUpperCase();
    const existing = jobDrives.get(driveId);
    jobDrives.delete(driveId);
    if (!existing) {
      differences.push(`drive ${drive.driveId} is not in it`);
      continue;
    }
    const { manifestHash, manifestFile } = existing;
    if (manifestHash?.toLowerCase() !== drive.manifestHash.toLowerCase()) {
      differences.push(`drive ${drive.driveId} has another manifest hash in it`);
    }
    if (manifestFile !== drive.manifestFile) {
      differences.push(`drive ${drive.driveId} has another manifest path in it`);
    }
    const key = jobKeys.get(driveId);
    if (key !== undefined && key !== drive.bitLockerKey) {
      differences.push(`drive ${drive.driveId} has another BitLocker key in it`);
    }
  }
  for (const drive of jobDrives.values()) differences.push(`it also has drive ${drive.driveId}`);
  return differences;
}
