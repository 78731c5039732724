/**
 * The power fails while a drive is written. The journal knows how far the drive is durable; the rest is written from
 * there, and the drive ends with the same bytes as one that was never interrupted.
 */
import { stat } from "node:fs/promises";
import {
  type BlockDevice,
  type DrivePlan,
  type PreparedDrive,
  prepareDrive,
  type SeedCatalog,
} from "@offline-seed/core";

/** Prepares a drive, or goes on with it. Call it again after any failure; it does what is left to do. */
export async function prepareOrResume(
  plan: DrivePlan,
  catalog: SeedCatalog,
  drive: BlockDevice,
  journalPath: string,
): Promise<PreparedDrive> {
  return await prepareDrive(plan, catalog, drive, {
    confirm: { driveId: plan.driveId, sizeInBytes: plan.sizeInBytes },
    journalPath,
    // The journal holds the drive's keys, so it must not lie on the drive itself, and its mode is 0600.
    resume: await exists(journalPath),
  });
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
