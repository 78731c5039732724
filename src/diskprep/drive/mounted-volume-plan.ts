/** What goes on a mounted volume, how much that is, and whether the volume is fit to take it. */
import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { systemErrorCode } from "../../shared/room-error.js";
import type { SeedCatalog } from "../../staging/index.js";
import { DriveError } from "./drive-error.js";
import { blobsOnDrive, manifestHead, manifestLengthOfBlob, type SeedStretch } from "./drive-layout.js";
import { formatBytes } from "./drive-plan.js";
import { manifestFileOnDrive, manifestVersion } from "./manifest-format.js";
import { manifestHeadText, manifestTailText } from "./manifest-writer.js";
import { mountedVolumeFailure } from "./mounted-volume-failure.js";
import { seedFolders } from "./seed-tree.js";

/** Which blobs go on the drive, and how the manifest names it. */
export interface MountedVolumePlan
  extends Partial<Pick<SeedStretch, "manifestVersion" | "importDisposition">> {
  /** Serial number of the drive; spaces are removed. */
  readonly driveId: string;
  /** Size of the whole drive, for the import job. */
  readonly sizeInBytes: number;
  /** Default: 0. */
  readonly firstBlobIndex?: number;
  /** Default: all blobs. */
  readonly endBlobIndex?: number;
}

/** The stretch of the catalog that a plan names, with its defaults. */
export function mountedStretch(plan: MountedVolumePlan, catalog: SeedCatalog): SeedStretch {
  return {
    driveId: plan.driveId.replace(/\s+/g, ""),
    containerName: catalog.containerName,
    manifestVersion: plan.manifestVersion ?? manifestVersion,
    importDisposition: plan.importDisposition ?? "overwrite",
    firstBlobIndex: plan.firstBlobIndex ?? 0,
    endBlobIndex: plan.endBlobIndex ?? catalog.blobCount,
  };
}

/** Sums up what the stretch takes, blobs and manifest. */
export async function measureMounted(
  stretch: SeedStretch,
  catalog: SeedCatalog,
): Promise<{
  readonly blobBytes: number;
  readonly manifestLengthInBytes: number;
  readonly totalBytes: number;
}> {
  const head = manifestHead(stretch);
  let manifestLengthInBytes = Buffer.byteLength(manifestHeadText(head)) + Buffer.byteLength(manifestTailText);
  let blobBytes = 0;
  for await (const placed of blobsOnDrive(stretch, catalog)) {
    manifestLengthInBytes += manifestLengthOfBlob(head, placed);
    blobBytes += placed.blob.lengthInBytes;
  }
  return { blobBytes, manifestLengthInBytes, totalBytes: blobBytes + manifestLengthInBytes };
}

/** Refuses a volume that holds a seed or has too little room. @throws DriveError `drive-not-empty`, `drive-too-small` */
export async function checkMountedVolume(
  mountPath: string,
  driveId: string,
  neededBytes: number,
): Promise<void> {
  for (const name of [...seedFolders, manifestFileOnDrive.slice(1)]) {
    if (!(await exists(join(mountPath, name)))) continue;
    throw new DriveError(
      "drive-not-empty",
      `${mountPath} already holds '${name}'. Nothing was written. Remove it if it is not needed, or resume with the journal of that preparation.`,
      { details: { driveId, mountPath, name } },
    );
  }
  const { bavail, bsize } = await statfs(mountPath).catch((error) => {
    throw mountedVolumeFailure(mountPath, driveId, "inspect", error);
  });
  if (bavail * bsize >= neededBytes) return;
  throw new DriveError(
    "drive-too-small",
    `${mountPath} has ${formatBytes(bavail * bsize)} free, but the blobs take ${formatBytes(neededBytes)} and the file system's own structures more. Nothing was written. Use a larger drive or fewer blobs.`,
    { details: { driveId, mountPath, freeBytes: bavail * bsize, neededBytes } },
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw error;
  }
}
