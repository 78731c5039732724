/**
 * Checks a whole NTFS volume against the format. Written from the format's description alone: nothing of the writer's
 * layout or encoding is used here, so a mistake there cannot hide itself.
 */
import { type AbortOptions, throwIfAborted } from "../../../shared/abort.js";
import {
  createProgressReporter,
  type ProgressOptions,
  type ProgressReporter,
} from "../../../shared/progress.js";
import type { BlockDevice } from "../../device/index.js";
import { isNtfsError } from "../ntfs-error.js";
import { openNtfsVolume } from "../reader/ntfs-volume.js";
import { checkBootSectors } from "./check-boot-sector.js";
import { type CheckContext, type CheckedFile, seenFlag } from "./check-context.js";
import { checkDirectory, checkNames } from "./check-directories.js";
import { checkFile } from "./check-file.js";
import { checkSecurityIndexes, readSecurityIds } from "./check-security.js";
import { checkSystemFiles } from "./check-system-files.js";
import { createFindingList, type FindingList, type NtfsFinding } from "./finding.js";
import { type InspectedRecord, inspectRecord } from "./inspect-record.js";
import { openContext } from "./open-context.js";

/** Options of {@link checkNtfsVolume}. */
export interface CheckNtfsOptions extends AbortOptions, ProgressOptions {
  /** Findings kept in the report. Default: 1000. */
  readonly maxFindings?: number;
  /** Largest number of MFT records that is checked; a guard against absurd volumes. Default: 100,000,000. */
  readonly maxRecords?: number;
  /**
   * Says whether the content of a file is right, for example by hashing it. Called for every file in order of path;
   * false makes a finding `content`. Default: contents are not looked at.
   */
  readonly isContentRight?: (path: string, content: AsyncIterable<Uint8Array>) => Promise<boolean>;
}

/** Result of a check. */
export interface NtfsCheckReport {
  /** Whether the check reached its end and found nothing. */
  readonly isClean: boolean;
  /** Whether everything could be looked at. */
  readonly isComplete: boolean;
  readonly findings: readonly NtfsFinding[];
  /** Findings beyond `maxFindings`. */
  readonly omittedFindings: number;
  readonly recordCount: number;
  readonly fileCount: number;
  readonly directoryCount: number;
}

const secureRecord = 9;
const recordsPerRead = 1024;

/**
 * Checks the NTFS volume that fills `device`: boot sectors, every MFT record, every cluster, every directory, the
 * system files. Strict: meant for volumes nobody has mounted for writing since they were made. Other drivers update
 * sizes in names lazily and move security indexes; on such volumes findings need not mean damage.
 *
 * Only reads. Memory: about 60 bytes a file. Damage never throws; it is reported.
 *
 * @throws DeviceError when the device fails; AbortError
 */
export async function checkNtfsVolume(
  device: BlockDevice,
  options: CheckNtfsOptions = {},
): Promise<NtfsCheckReport> {
  const list = createFindingList(options.maxFindings ?? 1000);
  const progress = createProgressReporter(options.onProgress);
  const geometry = await checkBootSectors(device, list, options);
  const context = geometry && (await openContext(device, geometry, list, options));
  if (!context) return reportOf(list, undefined, false);

  progress.begin("checking records", { items: context.recordCount });
  const counts = await checkRecords(context, progress);
  progress.begin("checking clusters");
  context.clusters.reportOverlaps(list);
  const bitmapFile = await context.readFile(6);
  const bitmap = bitmapFile && context.open(bitmapFile, 0x80, "");
  const isInClusters = bitmapFile?.attributes.some(
    ({ attribute }) => attribute.type === 0x80 && !attribute.value,
  );
  if (!bitmap || isInClusters !== true)
    list.add("bitmap-size", 6, bitmapFile?.record.offset ?? 0, "$Bitmap is not in clusters");
  if (bitmap) await context.clusters.compareWith(bitmap, list, options);
  progress.begin("checking directories", { items: counts.directoryCount });
  await checkDirectories(context, progress);
  await checkSystemFiles(context);
  await checkSecurity(context);
  if (options.isContentRight) {
    progress.begin("checking contents", { items: counts.fileCount });
    await checkContents(device, context, options.isContentRight, progress);
  }
  progress.flush();
  return reportOf(list, { ...counts, recordCount: context.recordCount }, true);
}

function reportOf(
  list: FindingList,
  counts: Pick<NtfsCheckReport, "recordCount" | "fileCount" | "directoryCount"> | undefined,
  isComplete: boolean,
): NtfsCheckReport {
  return Object.freeze({
    isClean: isComplete && list.findings.length === 0,
    isComplete,
    findings: Object.freeze([...list.findings]),
    omittedFindings: list.omittedCount,
    recordCount: counts?.recordCount ?? 0,
    fileCount: counts?.fileCount ?? 0,
    directoryCount: counts?.directoryCount ?? 0,
  });
}

/** First pass: every record on its own, every file, every run. */
async function checkRecords(
  context: CheckContext,
  progress: ProgressReporter,
): Promise<{ readonly fileCount: number; readonly directoryCount: number }> {
  const { geometry, mft, list, options, recordCount } = context;
  const { recordSize } = geometry;
  const buffer = new Uint8Array(recordsPerRead * recordSize);
  let fileCount = 0;
  let directoryCount = 0;
  for (let first = 0; first < recordCount; first += recordsPerRead) {
    throwIfAborted(options.abortSignal);
    const count = Math.min(recordsPerRead, recordCount - first);
    await mft.read(first * recordSize, buffer.subarray(0, count * recordSize), options);
    for (let index = 0; index < count; index++) {
      const record = first + index;
      const bytes = buffer.subarray(index * recordSize, (index + 1) * recordSize);
      const inspected = inspectRecord(
        bytes,
        record,
        mft.offsetOf(record * recordSize),
        geometry,
        context.upcase,
        list,
      );
      if (!inspected) continue;
      const isInUse = (inspected.flags & 1) !== 0;
      const isDirectory = (inspected.flags & 2) !== 0;
      const isExtension = inspected.base.record !== 0;
      context.sequences[record] = inspected.sequence;
      context.seen[record] =
        seenFlag.readable |
        (isInUse ? seenFlag.inUse : 0) |
        (isDirectory ? seenFlag.directory : 0) |
        (isExtension ? seenFlag.extension : 0);
      if (!isInUse) continue;
      enterRuns(context, inspected);
      if (isExtension) continue;
      if (isDirectory) directoryCount++;
      else if (record >= 16) fileCount++;
      const hasList = inspected.attributes.some((attribute) => attribute.type === 0x20);
      const file = hasList ? await context.readFile(record) : undefined;
      checkFile(context, file ?? fileOf(inspected));
    }
    progress.advance(0, count);
  }
  return { fileCount, directoryCount };
}

function fileOf(record: InspectedRecord): CheckedFile {
  return { record, attributes: record.attributes.map((attribute) => ({ attribute, owner: record })) };
}

function enterRuns(context: CheckContext, { record, offset, attributes }: InspectedRecord): void {
  for (const attribute of attributes) {
    for (const run of attribute.runs) {
      if (run.lcn !== undefined)
        context.clusters.add(run.lcn, run.count, record, offset + attribute.valuePosition);
    }
  }
}

/** Second pass: every directory, then every name. */
async function checkDirectories(context: CheckContext, progress: ProgressReporter): Promise<void> {
  const wanted = seenFlag.inUse | seenFlag.directory;
  for (let record = 0; record < context.recordCount; record++) {
    if ((context.seen[record]! & (wanted | seenFlag.extension)) !== wanted) continue;
    throwIfAborted(context.options.abortSignal);
    const file = await context.readFile(record);
    if (file) await checkDirectory(context, file);
    progress.advance(0, 1);
  }
  checkNames(context, (record) => context.mft.offsetOf(record * context.geometry.recordSize));
}

async function checkSecurity(context: CheckContext): Promise<void> {
  const secure = await context.readFile(secureRecord);
  if (!secure) return;
  // Damage to the stream was reported when the ids were read.
  const descriptors = await readSecurityIds({ ...context, list: createFindingList(0) }, secure);
  if (descriptors) await checkSecurityIndexes(context, secure, descriptors);
}

async function checkContents(
  device: BlockDevice,
  context: CheckContext,
  isContentRight: NonNullable<CheckNtfsOptions["isContentRight"]>,
  progress: ProgressReporter,
): Promise<void> {
  const { list, options, geometry } = context;
  const complain = (path: string, record: number | undefined, offset: number, why: string): void =>
    list.add("content", record, offset, `the content of ${path} ${why}`);
  try {
    const volume = await openNtfsVolume(device, options);
    for await (const entry of volume.walk("\\", options)) {
      if (entry.isDirectory) continue;
      const file = await context.readFile(entry.record);
      const data = file && context.open(file, 0x80, "");
      const offset = data?.offsetOf(0) ?? entry.record * geometry.recordSize;
      try {
        const opened = await volume.openFile(entry.path, options);
        if (!(await isContentRight(entry.path, opened.stream(options)))) {
          complain(entry.path, entry.record, offset, "is not what it should be");
        }
      } catch (error) {
        if (!isNtfsError(error)) throw error;
        complain(entry.path, entry.record, offset, `cannot be read: ${error.message}`);
      }
      progress.advance(0, 1, entry.path);
    }
  } catch (error) {
    if (!isNtfsError(error)) throw error;
    complain("the volume", undefined, 0, `cannot be listed: ${error.message}`);
  }
}
