/** Decides which blobs go on which drive. Reads the catalog and nothing else; the result is the dry run. */
import type { AbortOptions } from "../../shared/abort.js";
import { createProgressReporter, type ProgressOptions } from "../../shared/progress.js";
import type { SeedCatalog } from "../../staging/index.js";
import { type BitLockerMethod, bitLockerReservedExtents } from "../bitlocker/index.js";
import { createNtfsSpaceMeter, createNtfsTree, defaultClusterSizeInBytes } from "../ntfs/index.js";
import { DriveError } from "./drive-error.js";
import {
  addManifest,
  bitLockerLayoutOf,
  blobsOnDrive,
  type DriveLayout,
  type DriveParameters,
  layoutDrive,
  manifestHead,
  manifestLengthOfBlob,
  planPartition,
} from "./drive-layout.js";
import {
  type DrivePlan,
  type DriveTarget,
  formatBytes,
  type SeedPlan,
  type UnplacedBlobs,
} from "./drive-plan.js";
import { type ImportDisposition, manifestVersion } from "./manifest-format.js";
import { manifestHeadText, manifestTailText } from "./manifest-writer.js";

/** Most drives one import job takes (Azure Import/Export limit). */
export const maximumDrivesOfAJob = 10;

/** Options of {@link planDrives}. */
export interface PlanDrivesOptions extends AbortOptions, ProgressOptions {
  /** Default: `aes-cbc-256`, which every Windows since 7 and Server 2008 R2 reads. */
  readonly encryptionMethod?: BitLockerMethod;
  /** A power of two from 4 KiB to 2 MiB. Default: the smallest that NTFS can count on a volume of that size. */
  readonly clusterSizeInBytes?: number;
  /** At most 32 UTF-16 units. Default: `AZIMPORT`. */
  readonly volumeLabel?: string;
  /** Time stamped on the volumes, in milliseconds since 1970 UTC. Default: now. */
  readonly createdAtInMs?: number;
  /** What the service does when a blob exists already. Default: `overwrite`, as the current Microsoft tools do. */
  readonly importDisposition?: ImportDisposition;
  /** Overwrites free space as well. Default: true, because what the drive held before must not travel. */
  readonly wipeFreeSpace?: boolean;
  /** Room to leave free on each drive beyond what NTFS needs for itself. Default: 0. */
  readonly minimumFreeBytes?: number;
  /** First blob to place. Default: 0; later ones continue a plan on further drives. */
  readonly firstBlobIndex?: number;
  /** Blob after the last to place. Default: all; an earlier one plans a stretch in the middle, as of a failed drive. */
  readonly endBlobIndex?: number;
}

/**
 * Plans the drives of a seed: fills them in the order given, keeping the catalog's order.
 *
 * Pure arithmetic over the catalog; no drive is touched. The same catalog, drives and options give the same plan.
 * Drives that get no blob are left out of the result.
 *
 * @throws DriveError `drive-set-invalid`, `drive-too-small`, `blob-too-large` (names the blob),
 *   `blob-name-unrepresentable`, `plan-mismatch` (the catalog has no such stretch of blobs)
 */
export async function planDrives(
  catalog: SeedCatalog,
  drives: readonly DriveTarget[],
  options: PlanDrivesOptions = {},
): Promise<SeedPlan> {
  checkDriveSet(drives);
  const { firstBlobIndex, endBlobIndex } = checkStretch(catalog, options);
  const isWhole = endBlobIndex - firstBlobIndex === catalog.blobCount;
  const progress = createProgressReporter(options.onProgress);
  progress.begin("planning", {
    items: endBlobIndex - firstBlobIndex,
    ...(isWhole ? { bytes: catalog.totalBytes } : {}),
  });
  const context: PlanContext = {
    catalog,
    options,
    endBlobIndex,
    createdAtInMs: options.createdAtInMs ?? Date.now(),
    onPlaced: (bytes, blobs) => progress.advance(bytes, blobs),
  };
  const plans: DrivePlan[] = [];
  let nextBlob = firstBlobIndex;
  const largest = Math.max(...drives.map((drive) => drive.sizeInBytes));
  for (const drive of drives) {
    if (nextBlob >= endBlobIndex) break;
    const plan = await planDrive(context, drive, nextBlob);
    if (plan === undefined) {
      if (drive.sizeInBytes === largest) await throwBlobTooLarge(catalog, nextBlob, drive);
      continue;
    }
    plans.push(plan);
    nextBlob = plan.endBlobIndex;
  }
  progress.flush();
  return Object.freeze({
    seedId: catalog.seedId,
    drives: Object.freeze(plans),
    unplaced: nextBlob < endBlobIndex ? await planRest(context, nextBlob, drives) : undefined,
  });
}

interface PlanContext {
  readonly catalog: SeedCatalog;
  readonly options: PlanDrivesOptions;
  readonly endBlobIndex: number;
  readonly createdAtInMs: number;
  readonly onPlaced: (bytes: number, blobs: number) => void;
}

/** Plan of one drive from a blob on, or undefined when not even that blob fits. */
async function planDrive(
  context: PlanContext,
  drive: DriveTarget,
  firstBlobIndex: number,
): Promise<DrivePlan | undefined> {
  const parameters = driveParameters(context, drive, firstBlobIndex);
  const endBlobIndex = await findEnd(context, parameters);
  if (endBlobIndex === firstBlobIndex && context.endBlobIndex > firstBlobIndex) return undefined;
  const layout = await layoutDrive(
    { ...parameters, endBlobIndex },
    context.catalog,
    context.options.abortSignal,
  );
  context.onPlaced(layout.blobBytes, endBlobIndex - firstBlobIndex);
  return drivePlanOf(layout);
}

function drivePlanOf(layout: DriveLayout): DrivePlan {
  const { parameters, ntfs, blobBytes, manifestLengthInBytes } = layout;
  return Object.freeze({
    ...parameters,
    blobBytes,
    manifestLengthInBytes,
    freeBytes: ntfs.freeBytes,
    overheadInBytes: parameters.sizeInBytes - ntfs.freeBytes - blobBytes,
  });
}

function driveParameters(context: PlanContext, drive: DriveTarget, firstBlobIndex: number): DriveParameters {
  const { options, catalog } = context;
  const sectorSizeInBytes = drive.sectorSizeInBytes ?? 512;
  const driveId = drive.driveId.replace(/\s+/g, "");
  try {
    const partition = planPartition(drive.sizeInBytes, sectorSizeInBytes);
    const parameters: DriveParameters = {
      formatVersion: 1,
      seedId: catalog.seedId,
      containerName: catalog.containerName,
      driveId,
      sizeInBytes: drive.sizeInBytes,
      sectorSizeInBytes,
      ...partition,
      clusterSizeInBytes:
        options.clusterSizeInBytes ??
        defaultClusterSizeInBytes(partition.partitionLengthInBytes, sectorSizeInBytes),
      encryptionMethod: options.encryptionMethod ?? "aes-cbc-256",
      volumeLabel: options.volumeLabel ?? "AZIMPORT",
      createdAtInMs: context.createdAtInMs,
      manifestVersion,
      importDisposition: options.importDisposition ?? "overwrite",
      wipeFreeSpace: options.wipeFreeSpace ?? true,
      firstBlobIndex,
      endBlobIndex: context.endBlobIndex,
    };
    bitLockerLayoutOf(parameters);
    return parameters;
  } catch (error) {
    throw new DriveError(
      "drive-too-small",
      `Drive ${driveId} of ${formatBytes(drive.sizeInBytes)} is too small for a seed volume; use one of 128 MB or more.`,
      { details: { driveId, sizeInBytes: drive.sizeInBytes }, cause: error },
    );
  }
}

/** Index behind the last blob that surely fits, by the file system's running upper bound. */
async function findEnd(context: PlanContext, parameters: DriveParameters): Promise<number> {
  const { catalog, options } = context;
  const head = manifestHead(parameters);
  const tree = createNtfsTree();
  let manifestLengthInBytes = Buffer.byteLength(manifestHeadText(head)) + Buffer.byteLength(manifestTailText);
  // The manifest is in the tree from the start so that its entry and record are counted; only its length grows.
  addManifest(tree, 1, parameters.createdAtInMs);
  const room = parameters.partitionLengthInBytes - (options.minimumFreeBytes ?? 0);
  const bytesNeeded = createNtfsSpaceMeter({
    volumeSizeInBytes: parameters.partitionLengthInBytes,
    sectorSizeInBytes: parameters.sectorSizeInBytes,
    clusterSizeInBytes: parameters.clusterSizeInBytes,
    reservedExtents: bitLockerReservedExtents(bitLockerLayoutOf(parameters)),
  });
  let end = parameters.firstBlobIndex;
  for await (const placed of blobsOnDrive(parameters, catalog, tree, options.abortSignal)) {
    manifestLengthInBytes += manifestLengthOfBlob(head, placed);
    if (bytesNeeded(tree) + manifestLengthInBytes + parameters.clusterSizeInBytes > room) return end;
    end = placed.blob.index + 1;
  }
  return end;
}

/** How many more drives of the largest given size the rest needs, found by planning them. */
async function planRest(
  context: PlanContext,
  firstBlobIndex: number,
  drives: readonly DriveTarget[],
): Promise<UnplacedBlobs> {
  const model = drives.reduce((largest, drive) =>
    drive.sizeInBytes > largest.sizeInBytes ? drive : largest,
  );
  let additionalDriveCount = 0;
  let nextBlob = firstBlobIndex;
  while (nextBlob < context.endBlobIndex) {
    const parameters = driveParameters(context, { ...model, driveId: "additional" }, nextBlob);
    const end = await findEnd(context, parameters);
    if (end === nextBlob) await throwBlobTooLarge(context.catalog, nextBlob, model);
    nextBlob = end;
    additionalDriveCount += 1;
  }
  let blobBytes = 0;
  for await (const blob of context.catalog.blobs({ startIndex: firstBlobIndex })) {
    if (blob.index >= context.endBlobIndex) break;
    blobBytes += blob.lengthInBytes;
  }
  return Object.freeze({
    firstBlobIndex,
    blobCount: context.endBlobIndex - firstBlobIndex,
    blobBytes,
    additionalDriveCount,
    driveSizeInBytes: model.sizeInBytes,
  });
}

async function throwBlobTooLarge(
  catalog: SeedCatalog,
  blobIndex: number,
  drive: DriveTarget,
): Promise<never> {
  for await (const blob of catalog.blobs({ startIndex: blobIndex })) {
    throw new DriveError(
      "blob-too-large",
      `Blob '${blob.name}' (${formatBytes(blob.lengthInBytes)}) does not fit on the largest drive (${drive.driveId}, ${formatBytes(drive.sizeInBytes)}). Use a larger drive or split the blob.`,
      {
        details: {
          blobName: blob.name,
          lengthInBytes: blob.lengthInBytes,
          driveSizeInBytes: drive.sizeInBytes,
        },
      },
    );
  }
  throw new RangeError(`the catalog has no blob ${blobIndex}`);
}

function checkStretch(
  catalog: SeedCatalog,
  { firstBlobIndex = 0, endBlobIndex = catalog.blobCount }: PlanDrivesOptions,
): { readonly firstBlobIndex: number; readonly endBlobIndex: number } {
  const isStretch =
    Number.isSafeInteger(firstBlobIndex) &&
    Number.isSafeInteger(endBlobIndex) &&
    firstBlobIndex >= 0 &&
    firstBlobIndex <= endBlobIndex &&
    endBlobIndex <= catalog.blobCount;
  if (isStretch) return { firstBlobIndex, endBlobIndex };
  throw new DriveError(
    "plan-mismatch",
    `Blobs ${firstBlobIndex} to ${endBlobIndex} cannot be planned: the catalog has blobs 0 to ${catalog.blobCount}. Plan with the catalog they were taken from.`,
    { details: { firstBlobIndex, endBlobIndex, catalogBlobs: catalog.blobCount } },
  );
}

function checkDriveSet(drives: readonly DriveTarget[]): void {
  const ids = drives.map((drive) => drive.driveId.replace(/\s+/g, "").toLowerCase());
  const problem =
    drives.length === 0
      ? "no drive was given"
      : drives.length > maximumDrivesOfAJob
        ? `${drives.length} drives were given, but one import job takes at most ${maximumDrivesOfAJob}: make a second job`
        : ids.includes("")
          ? "a drive has no serial number"
          : new Set(ids).size < ids.length
            ? "the same serial number was given twice"
            : undefined;
  if (problem) throw new DriveError("drive-set-invalid", `The set of drives cannot be used: ${problem}.`);
}
