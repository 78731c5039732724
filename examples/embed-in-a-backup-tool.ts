/**
 * A backup tool adds "seed by disk" to its menu: its own archives become blobs, its own window shows the progress, its
 * own Cancel button stops the work. What comes back is all that the tool has to remember.
 */
import {
  type AbortOptions,
  createImageFile,
  isDriveError,
  openStagingLocation,
  type PreparedDrive,
  type ProgressOptions,
  planDrives,
  prepareDrive,
} from "@offline-seed/core";

/** What the tool knows about one of its archives. */
export interface Archive {
  readonly name: string;
  /** Called when the archive is wanted; a stream of the tool's own format. */
  readonly open: () => AsyncIterable<Uint8Array>;
}

export interface SeedRequest extends AbortOptions, ProgressOptions {
  readonly archives: readonly Archive[];
  readonly workFolder: string;
  readonly drive: { readonly driveId: string; readonly sizeInBytes: number };
}

export type SeedOutcome =
  | { readonly kind: "prepared"; readonly drive: PreparedDrive }
  /** The tool asks its user for more drives; nothing has been written to any drive yet. */
  | { readonly kind: "more-drives-needed"; readonly count: number };

export async function makeSeed(request: SeedRequest): Promise<SeedOutcome> {
  const { archives, workFolder, drive, abortSignal, onProgress } = request;
  const staging = await openStagingLocation(`${workFolder}/staging`, { create: true });
  const job = {
    jobName: "nightly-full",
    subscriptionId: "11111111-2222-4333-8444-555555555555",
    storageAccountName: "seedaccount",
    containerName: "archives",
  };
  // A seed that was begun before is continued: Cancel today, go on tomorrow.
  const isBegun = (await staging.listSeeds()).some((seed) => seed.jobName === job.jobName);
  // Whatever happens, the writer is closed and the seed can be resumed.
  await using writer = isBegun ? await staging.resumeSeed(job.jobName) : await staging.createSeed(job);
  for (const archive of archives) {
    if (await writer.findBlob(archive.name)) continue;
    await writer.writeBlob(archive.name, archive.open(), { abortSignal, onProgress });
  }
  const catalog = await writer.seal();
  try {
    const { drives, unplaced } = await planDrives(catalog, [drive], { abortSignal });
    const [plan] = drives;
    if (unplaced || !plan) {
      return { kind: "more-drives-needed", count: unplaced?.additionalDriveCount ?? 1 };
    }
    await using image = await createImageFile(`${workFolder}/${drive.driveId}.img`, drive);
    const prepared = await prepareDrive(plan, catalog, image, {
      confirm: drive,
      journalPath: `${workFolder}/${drive.driveId}.journal`,
      abortSignal,
      onProgress,
    });
    return { kind: "prepared", drive: prepared };
  } finally {
    await catalog.close();
  }
}

/** What the tool tells its user about a failure. Codes are for programs, messages for people. */
export function explainFailure(error: unknown): string {
  if (isDriveError(error) && error.code === "staged-file-changed") {
    return `Stage the seed again. ${error.message}`;
  }
  return error instanceof Error ? error.message : String(error);
}
