/** What a log of the import must do, whatever its format; and where logs are put. */
import type { ContainerClient } from "@azure/storage-blob";
import type { BlobOutcome, DriveStatus } from "./import-outcome.js";

/** Facts for the end of a log. */
export interface DriveSummary {
  readonly status: DriveStatus;
  readonly blobCount: number;
  readonly blobsWithErrors: number;
}

/** Where the finished logs are. */
export interface ImportLogAddresses {
  readonly errorLogUri: string | undefined;
  readonly verboseLogUri: string | undefined;
}

/** The logs of one drive. */
export interface ImportLog {
  /** Must be awaited one by one; the order is the order of the log. */
  append(outcome: BlobOutcome): Promise<void>;
  /** Publishes the logs that are due. */
  finish(summary: DriveSummary): Promise<ImportLogAddresses>;
}

/** What a log is made with. */
export interface ImportLogOptions {
  readonly container: ContainerClient;
  readonly jobName: string;
  readonly jobId: string;
  readonly driveId: string;
  readonly isVerbose: boolean;
  readonly startedAtInMs: number;
}
