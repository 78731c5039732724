/** How the datacentre sees a job of either provider: what it must know, and what it reports back. */
import type { StorageAccountDefinition } from "../arm/subscription-inventory.js";
import type { DriveOutcome } from "./import-outcome.js";

/** A drive that a job announced. */
export interface ExpectedDrive {
  /** Serial number, without spaces. */
  readonly driveId: string;
  /** SECRET. */
  readonly bitLockerKey: string;
  readonly manifestFile: string;
  readonly manifestHash: string;
}

/** How far the copy of a drive has come. */
export interface DriveProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly blobsDone: number;
  readonly blobsTotal: number;
  readonly blobsWithErrors: number;
}

/** A job whose drives travel to the datacentre. */
export interface ShippedJob {
  readonly name: string;
  /** GUID, part of the log names of Data Box. */
  readonly jobId: string;
  readonly logFormat: "copy-log" | "drive-log";
  readonly logContainer: string;
  readonly isVerbose: boolean;
  readonly backsUpManifests: boolean;
  readonly storageAccount: StorageAccountDefinition;
  readonly drives: readonly ExpectedDrive[];
  /** Undefined until the customer entered one. */
  readonly trackingNumber: string | undefined;
  /** Whether the job is on its way: the datacentre books its package in. */
  readonly isAwaitingPackage: boolean;
  /** A cancelled job still walks through the states, but nothing is copied. */
  readonly isCancelled: boolean;

  packageBooked(atInMs: number, receivedDriveIds: ReadonlySet<string>): void;
  transferStarted(atInMs: number): void;
  driveStarted(driveId: string): void;
  driveProgressed(driveId: string, progress: DriveProgress): void;
  driveFinished(driveId: string, outcome: DriveOutcome): void;
  transferFinished(atInMs: number): void;
  drivesReturned(atInMs: number): void;
}
