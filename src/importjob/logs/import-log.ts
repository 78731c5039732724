/** What the datacentre's logs say, in one vocabulary for the three generations that exist. */
import type { LogFinding } from "./log-statuses.js";

/**
 * The three generations: classic `DriveLog` (2014-11-01 or no version), `DriveLog` of early disk jobs (2018-10-01),
 * and the several-rooted `CopyLog` of Data Box jobs (2021-08-01).
 */
export type ImportLogGeneration = "2014-11-01" | "2018-10-01" | "2021-08-01";

/** A stretch of a blob that has one status; neighbours with equal status are joined. */
export interface ImportLogRange {
  readonly offsetInBytes: number;
  readonly lengthInBytes: number;
  /** The service's own word, for example `Corrupted`. */
  readonly status: string;
}

/** One blob or file of a log. */
export interface ImportLogEntry {
  /** Blob path beginning with the container, as in the manifest; the new name when it was renamed. */
  readonly blobPath: string;
  /** Path on the drive, where the log has it. */
  readonly filePath: string | undefined;
  readonly lengthInBytes: number | undefined;
  /** The service's own word for the outcome, for example `Completed` or `UploadErrorCloudHttp`. */
  readonly status: string;
  readonly finding: LogFinding;
  /** What happened to a blob that was there before, for example `Skipped`. */
  readonly dispositionStatus: string | undefined;
  /** The ranges or blocks that did not complete, ascending; empty when all did or the log has none. */
  readonly failedRanges: readonly ImportLogRange[];
  /** True when a blob had more failed stretches than are kept: treat it as failed as a whole. */
  readonly hasMoreFailedRanges: boolean;
  /** Whether the log lists the blob's ranges or blocks at all. */
  readonly listsRanges: boolean;
  /** Trouble with the blob's metadata or properties file, in the service's words. */
  readonly metadataStatus: string | undefined;
  readonly propertiesStatus: string | undefined;
  /** Error code and text of the cloud, where the log has them. */
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
}

/** A count the log sums up, for example 3 × `BlobRenamed`. */
export interface ImportLogCount {
  readonly status: string;
  readonly count: number;
  readonly description: string | undefined;
  readonly finding: LogFinding;
}

/** What a log says about the drive as a whole. */
export interface ImportLogSummary {
  readonly generation: ImportLogGeneration;
  /** `Version` or `DriveLogVersion` as written; undefined when the log has none. */
  readonly version: string | undefined;
  readonly driveId: string | undefined;
  /** The service's own word for the drive; undefined in verbose logs of the newest generation. */
  readonly driveStatus: string | undefined;
  readonly driveFinding: LogFinding | undefined;
  readonly totalItems: number | undefined;
  readonly erroredItems: number | undefined;
  readonly counts: readonly ImportLogCount[];
}

/** A log as a stream: entries as they come, the summary last. */
export type ImportLogEvent =
  | { readonly type: "entry"; readonly entry: ImportLogEntry }
  | { readonly type: "summary"; readonly summary: ImportLogSummary };

/** A whole log, its entries bounded. Plain frozen data. */
export interface DriveLog extends ImportLogSummary {
  /** Entries in log order; at most `maximumEntries`. */
  readonly entries: readonly ImportLogEntry[];
  /** All entries of the log, kept or not. */
  readonly entryCount: number;
  /** Entries whose outcome is a failure, kept or not. */
  readonly failedCount: number;
}
