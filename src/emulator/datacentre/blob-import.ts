/**
 * Brings one blob from the drive into the account: reads every block or page range in order, checks it against its
 * hash in the manifest, uploads what is good, and tells what became of each part. One bad part does not stop the rest.
 */
import { createHash } from "node:crypto";
import { type AbortOptions, throwIfAborted } from "../../shared/index.js";
import type { AnnouncedBlob, AnnouncedRange } from "./announced-blob.js";
import type { BlobAccount } from "./blob-account.js";
import { type BlobTarget, openBlobTarget, type TargetOutcome } from "./blob-target.js";
import { type Crc64, createCrc64 } from "./crc64.js";
import type { DriveFile, DriveVolume, FileProblem } from "./drive-volume.js";
import type {
  BlobOutcome,
  BlobStatus,
  RangeOutcome,
  RangeStatus,
  SideFileOutcome,
} from "./import-outcome.js";
import type { BlobSideFiles, SideFileReader } from "./side-file-reader.js";
import type { TransferWindow } from "./transfer-window.js";

/** What the import of a drive's blobs shares. */
export interface BlobImportContext extends AbortOptions {
  readonly volume: DriveVolume;
  readonly account: BlobAccount;
  readonly window: TransferWindow;
  readonly sideFiles: SideFileReader;
  /** Whether the account's kind can hold page blobs. */
  readonly supportsPageBlobs: boolean;
  /** Whether the log prints CRC-64 checksums. */
  readonly computesCrc64: boolean;
}

/** Work whose result is still on its way. An object, because a promise of a promise would wait for both. */
export interface Pending<Result> {
  /** Never rejects for anything the log has a word for. */
  readonly finished: Promise<Result>;
}

/** Reads a blob and sets its uploads going. Resolves when nothing more of it has to be read. */
export async function startBlobImport(
  context: BlobImportContext,
  blob: AnnouncedBlob,
): Promise<Pending<BlobOutcome>> {
  const file = await context.volume.openFile(blob.filePath);
  if (typeof file === "string") return { finished: Promise.resolve(unopenedOutcome(blob, file)) };
  const sideFiles = await context.sideFiles.readFor(blob);
  const container = context.account.container(blob.containerName);
  // The target reports a refused container; nobody else may be left to.
  container.catch(() => undefined);
  const target = openBlobTarget({
    ...sideFiles,
    blob,
    container,
    supportsPageBlobs: context.supportsPageBlobs,
  });
  const crc64 = context.computesCrc64 ? createCrc64() : undefined;
  const uploads: Pending<RangeStatus>[] = [];
  for (const range of blob.ranges) uploads.push(await startRange(context, file, target, range, crc64));
  return { finished: finishBlob(blob, target, uploads, sideFiles, crc64) };
}

/** Reads and checks one part and hands it to the target. */
async function startRange(
  context: BlobImportContext,
  file: DriveFile,
  target: BlobTarget,
  range: AnnouncedRange,
  crc64: Crc64 | undefined,
): Promise<Pending<RangeStatus>> {
  const settled = (status: RangeStatus): Pending<RangeStatus> => ({ finished: Promise.resolve(status) });
  throwIfAborted(context.abortSignal);
  if (target.isLost()) return settled("Cancelled");
  if (range.offsetInBytes + range.lengthInBytes > file.sizeInBytes) return settled("FileUnexpectedEnd");
  const leave = await context.window.enter(range.lengthInBytes);
  const bytes = new Uint8Array(range.lengthInBytes);
  try {
    await file.read(range.offsetInBytes, bytes, { abortSignal: context.abortSignal });
  } catch (error) {
    leave();
    if (context.abortSignal?.aborted) throw error;
    return settled("IOFailed");
  }
  const md5 = createHash("md5").update(bytes).digest();
  if (md5.toString("hex").toUpperCase() !== range.hash) {
    leave();
    return settled("Corrupted");
  }
  crc64?.update(bytes);
  return { finished: target.put(range, bytes, md5).finally(leave) };
}

async function finishBlob(
  blob: AnnouncedBlob,
  target: BlobTarget,
  uploads: readonly Pending<RangeStatus>[],
  sideFiles: BlobSideFiles,
  crc64: Crc64 | undefined,
): Promise<BlobOutcome> {
  const statuses = await Promise.all(uploads.map(({ finished }) => finished));
  const result = await target.finish(
    blob.ranges.map((range, index) => ({ ...range, status: statuses[index]! })),
  );
  const wasMade = result.failure === undefined;
  return Object.freeze({
    ...commonOutcome(blob),
    blobPath: `${blob.containerName}/${result.blobName}`,
    status: blobStatusOf(result, sideFiles),
    dispositionStatus: result.dispositionStatus,
    ranges: result.ranges,
    metadata: sideFileOutcome(sideFiles.metadataOutcome, wasMade),
    properties: sideFileOutcome(sideFiles.propertiesOutcome, wasMade),
    crc64: crc64?.value(),
    httpStatus: result.httpStatus,
    bytesSucceeded: bytesOf(result.ranges),
  });
}

function blobStatusOf(result: TargetOutcome, sideFiles: BlobSideFiles): BlobStatus {
  if (result.failure !== undefined) return result.failure;
  const isComplete =
    result.ranges.every(({ status }) => status === "Completed") &&
    [sideFiles.metadataOutcome, sideFiles.propertiesOutcome].every(
      (outcome) => outcome === undefined || outcome.status === "Completed",
    );
  return isComplete ? "Completed" : "CompletedWithErrors";
}

/** Side files of a blob that was never made were not applied either. */
function sideFileOutcome(
  outcome: SideFileOutcome | undefined,
  wasMade: boolean,
): SideFileOutcome | undefined {
  return outcome?.status === "Completed" && !wasMade ? { ...outcome, status: "Cancelled" } : outcome;
}

function bytesOf(ranges: readonly RangeOutcome[]): number {
  return ranges.reduce(
    (sum, { status, lengthInBytes }) =>
      status === "Completed" || status === "Committed" ? sum + lengthInBytes : sum,
    0,
  );
}

/** Everything of a blob whose file cannot be opened is cancelled. */
function unopenedOutcome(blob: AnnouncedBlob, status: FileProblem): BlobOutcome {
  const cancelled = (
    file: SideFileOutcome["file"],
    globalFile: SideFileOutcome["globalFile"],
  ): SideFileOutcome | undefined =>
    file === undefined && globalFile === undefined ? undefined : { file, globalFile, status: "Cancelled" };
  return Object.freeze({
    ...commonOutcome(blob),
    blobPath: `${blob.containerName}/${blob.blobName}`,
    status,
    dispositionStatus: "Cancelled",
    ranges: blob.ranges.map((range): RangeOutcome => ({ ...range, status: "Cancelled" })),
    metadata: cancelled(blob.metadata, blob.globalMetadata),
    properties: cancelled(blob.properties, blob.globalProperties),
    crc64: undefined,
    httpStatus: undefined,
    bytesSucceeded: 0,
  });
}

function commonOutcome(
  blob: AnnouncedBlob,
): Pick<BlobOutcome, "announcedBlobPath" | "disposition" | "filePath" | "kind" | "lengthInBytes"> {
  const { disposition, filePath, kind, lengthInBytes } = blob;
  const announcedBlobPath = `${blob.containerName}/${blob.blobName}`;
  return { announcedBlobPath, disposition, filePath, kind, lengthInBytes };
}
