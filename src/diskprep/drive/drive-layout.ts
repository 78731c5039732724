/**
 * The exact layout of one drive: partition, BitLocker areas, file system, manifest. Pure arithmetic over a stretch of
 * the catalog; nothing but the catalog is read.
 */
import { createHash } from "node:crypto";
import type { AbortSignalLike } from "../../shared/abort.js";
import { throwIfAborted } from "../../shared/abort.js";
import { createGuid } from "../../shared/guid.js";
import type { SeedBlob, SeedCatalog } from "../../staging/index.js";
import { seedBlobRanges } from "../../staging/index.js";
import { type BitLockerLayout, bitLockerReservedExtents, planBitLockerLayout } from "../bitlocker/index.js";
import { createNtfsTree, type NtfsLayout, planNtfsVolume } from "../ntfs/index.js";
import { planGptDisk } from "../partition/index.js";
import { DriveError } from "./drive-error.js";
import type { DrivePlan } from "./drive-plan.js";
import { type ManifestSideFile, manifestFileOnDrive } from "./manifest-format.js";
import {
  type ManifestEntry,
  type ManifestHead,
  manifestBlobText,
  manifestHeadText,
  manifestTailText,
} from "./manifest-writer.js";
import { createPlacementRecorder, type Placements } from "./placements.js";
import {
  createNodeCounter,
  type FileTree,
  type GeneratedFile,
  type PlacedBlob,
  SeedTree,
} from "./seed-tree.js";
import { isXmlText } from "./xml-text.js";

/** The part of a {@link DrivePlan} that has to be known before the layout is computed. */
export type DriveParameters = Omit<
  DrivePlan,
  "blobBytes" | "manifestLengthInBytes" | "overheadInBytes" | "freeBytes"
>;

/** What the blobs and the manifest of a drive depend on, whoever makes its file system. */
export type SeedStretch = Pick<
  DriveParameters,
  "driveId" | "containerName" | "manifestVersion" | "importDisposition" | "firstBlobIndex" | "endBlobIndex"
>;

/** Layout of one drive. */
export interface DriveLayout {
  readonly parameters: DriveParameters;
  readonly bitLocker: BitLockerLayout;
  readonly ntfs: NtfsLayout;
  readonly manifestNode: number;
  readonly manifestLengthInBytes: number;
  readonly blobBytes: number;
  readonly placements: Placements;
}

/** One blob of the drive with the places of everything that belongs to it. */
export interface BlobOnDrive extends PlacedBlob {
  readonly blob: SeedBlob;
}

/**
 * The blobs of a drive with their places, in order. Every call gives the same nodes and paths.
 *
 * @throws DriveError `plan-mismatch` when the catalog has fewer blobs than the plan
 */
export async function* blobsOnDrive(
  parameters: SeedStretch,
  catalog: SeedCatalog,
  tree: FileTree = createNodeCounter(),
  abortSignal?: AbortSignalLike,
): AsyncGenerator<BlobOnDrive> {
  const seedTree = new SeedTree(tree);
  let index = parameters.firstBlobIndex;
  if (index === parameters.endBlobIndex) return;
  for await (const blob of catalog.blobs({ startIndex: index, abortSignal })) {
    throwIfAborted(abortSignal);
    yield { blob, ...seedTree.addBlob(blob) };
    index += 1;
    if (index === parameters.endBlobIndex) return;
  }
  throw new DriveError(
    "plan-mismatch",
    `The plan of drive ${parameters.driveId} expects ${parameters.endBlobIndex} blobs, but the catalog has only ${index}. Plan again with this catalog.`,
    { details: { driveId: parameters.driveId, expectedBlobs: parameters.endBlobIndex, catalogBlobs: index } },
  );
}

/** The blobs of a drive in order, with the places that were noted, or found anew where nothing was noted. */
export function placedBlobs(
  layout: { readonly parameters: SeedStretch; readonly placements?: Placements | undefined },
  catalog: SeedCatalog,
  abortSignal?: AbortSignalLike,
): AsyncGenerator<BlobOnDrive> {
  const { parameters, placements } = layout;
  return placements
    ? notedBlobs(parameters, placements, catalog, abortSignal)
    : blobsOnDrive(parameters, catalog, undefined, abortSignal);
}

async function* notedBlobs(
  parameters: SeedStretch,
  placements: Placements,
  catalog: SeedCatalog,
  abortSignal: AbortSignalLike | undefined,
): AsyncGenerator<BlobOnDrive> {
  const { firstBlobIndex, endBlobIndex } = parameters;
  if (firstBlobIndex === endBlobIndex) return;
  let position = 0;
  for await (const blob of catalog.blobs({ startIndex: firstBlobIndex, abortSignal })) {
    throwIfAborted(abortSignal);
    yield placements.placeOf(position, blob);
    position += 1;
    if (firstBlobIndex + position === endBlobIndex) return;
  }
  throw new RangeError("the catalog has fewer blobs than the layout");
}

/** Computes the layout of a drive. @throws DriveError, NtfsError `volume-too-small` */
export async function layoutDrive(
  parameters: DriveParameters,
  catalog: SeedCatalog,
  abortSignal?: AbortSignalLike,
): Promise<DriveLayout> {
  const tree = createNtfsTree();
  const head = manifestHead(parameters);
  let manifestLengthInBytes = Buffer.byteLength(manifestHeadText(head)) + Buffer.byteLength(manifestTailText);
  let blobBytes = 0;
  const recorder = createPlacementRecorder(parameters.endBlobIndex - parameters.firstBlobIndex, tree);
  for await (const placed of blobsOnDrive(parameters, catalog, tree, abortSignal)) {
    recorder.add(placed);
    manifestLengthInBytes += manifestLengthOfBlob(head, placed);
    blobBytes += placed.blob.lengthInBytes;
  }
  const manifestNode = addManifest(tree, manifestLengthInBytes, parameters.createdAtInMs);
  const bitLocker = bitLockerLayoutOf(parameters);
  const ntfs = planNtfsVolume(tree, {
    volumeSizeInBytes: parameters.partitionLengthInBytes,
    sectorSizeInBytes: parameters.sectorSizeInBytes,
    clusterSizeInBytes: parameters.clusterSizeInBytes,
    hiddenSectors: parameters.partitionOffsetInBytes / parameters.sectorSizeInBytes,
    label: parameters.volumeLabel,
    serialNumber: derivedBytes(parameters, "volume serial").readBigUInt64LE(),
    createdAtInMs: parameters.createdAtInMs,
    reservedExtents: bitLockerReservedExtents(bitLocker),
  });
  const placements = recorder.finish();
  return { parameters, bitLocker, ntfs, manifestNode, manifestLengthInBytes, blobBytes, placements };
}

/** BitLocker's areas on the volume of a drive. */
export function bitLockerLayoutOf(
  parameters: Pick<DriveParameters, "partitionLengthInBytes" | "sectorSizeInBytes" | "clusterSizeInBytes">,
): BitLockerLayout {
  return planBitLockerLayout({
    volumeSizeInBytes: parameters.partitionLengthInBytes,
    sectorSizeInBytes: parameters.sectorSizeInBytes,
    clusterSizeInBytes: parameters.clusterSizeInBytes,
  });
}

/** Adds the manifest as the last file, so that it is written when all hashes are known. */
export function addManifest(tree: FileTree, lengthInBytes: number, createdAtInMs: number): number {
  return tree.addFile(tree.root, manifestFileOnDrive.slice(1), lengthInBytes, {
    modifiedAtInMs: createdAtInMs,
    nonResident: true,
  });
}

/** Head of the manifest of a drive. */
export function manifestHead(parameters: SeedStretch): ManifestHead {
  return {
    version: parameters.manifestVersion,
    driveId: parameters.driveId,
    disposition: parameters.importDisposition,
    containerName: parameters.containerName,
  };
}

/** Bytes one blob takes in the manifest. */
export function manifestLengthOfBlob(head: ManifestHead, placed: BlobOnDrive): number {
  let lengthInBytes = 0;
  for (const text of manifestBlobText(head, manifestEntry(head, placed, undefined))) {
    lengthInBytes += Buffer.byteLength(text);
  }
  return lengthInBytes;
}

/** Manifest entry of a placed blob. @throws DriveError `blob-name-unrepresentable` */
export function manifestEntry(
  head: ManifestHead,
  placed: BlobOnDrive,
  rangeHashes: Uint8Array | undefined,
): ManifestEntry {
  const { blob } = placed;
  if (!isXmlText(blob.name)) {
    throw new DriveError(
      "blob-name-unrepresentable",
      `Blob name ${JSON.stringify(blob.name)} holds a control character or half a surrogate pair, which no drive manifest can express. Rename the blob.`,
      { details: { blobIndex: blob.index } },
    );
  }
  return {
    blobPath: `${head.containerName}/${blob.name}`,
    filePath: placed.filePath,
    lengthInBytes: blob.lengthInBytes,
    kind: blob.kind,
    ranges: seedBlobRanges(blob),
    rangeHashes,
    propertiesFile: placed.propertiesFile && sideFile(placed.propertiesFile),
    metadataFile: placed.metadataFile && sideFile(placed.metadataFile),
  };
}

/** Bytes that differ from drive to drive but are the same in every run of one plan: GUIDs, the volume serial number. */
export function derivedBytes(
  parameters: Pick<DriveParameters, "seedId" | "driveId" | "firstBlobIndex" | "createdAtInMs">,
  purpose: string,
): Buffer {
  const { seedId, driveId, firstBlobIndex, createdAtInMs } = parameters;
  return createHash("sha256")
    .update([purpose, seedId, driveId, firstBlobIndex, createdAtInMs].join("\n"))
    .digest();
}

/** A GUID of version 4 shape that is the same in every run of one plan. */
export function derivedGuid(parameters: Parameters<typeof derivedBytes>[0], purpose: string): string {
  return createGuid((target) => target.set(derivedBytes(parameters, purpose).subarray(0, target.length)));
}

/** Partition that a drive of this size gets. */
export function planPartition(
  sizeInBytes: number,
  sectorSizeInBytes: 512 | 4096,
): { readonly partitionOffsetInBytes: number; readonly partitionLengthInBytes: number } {
  const disk = planGptDisk({ diskSizeInBytes: sizeInBytes, sectorSizeInBytes });
  return {
    partitionOffsetInBytes: disk.partitionOffsetInBytes,
    partitionLengthInBytes: disk.partitionLengthInBytes,
  };
}

function sideFile(file: GeneratedFile): ManifestSideFile {
  return { path: file.path, hash: createHash("md5").update(file.text).digest("hex").toUpperCase() };
}
