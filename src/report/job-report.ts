/** What a job report is made of: the plain results of the other rooms, all of them optional but the job's name. */
import type { DriveReport, PreparedDrive } from "../diskprep/index.js";
import type {
  DeliveryPackage,
  ImportJobStage,
  ImportJobStatus,
  SeedReport,
  ShippingDestination,
  ShippingDetails,
} from "../importjob/index.js";

/** The job: its status as the service gave it or, before the order is placed, no more than its name. */
export type ReportedJob = Partial<ImportJobStatus> & Pick<ImportJobStatus, "jobName">;

/**
 * A drive: a {@link PreparedDrive}, of which only what may be public is read, or just these fields. Its recovery
 * password is never read.
 */
export type ReportedDrive = Pick<PreparedDrive, "driveId" | "sizeInBytes" | "blobCount" | "blobBytes"> &
  Partial<Pick<PreparedDrive, "manifestFile" | "manifestHash">>;

/** One parcel to the datacentre, each with a packing slip of its own. */
export interface ReportedPackage {
  /** Carrier and tracking number; undefined while they are not known: the slip then leaves lines to fill in by hand. */
  readonly deliveryPackage?: DeliveryPackage | undefined;
  /** Serial numbers of the drives inside. Default: all drives of the report. */
  readonly driveIds?: readonly string[] | undefined;
}

/** All that a report can show. What is left out is left out of the report, never guessed. */
export interface JobReportInput {
  /** When the report is made; deadlines are judged by it. */
  readonly reportedAt: Date;
  readonly job: ReportedJob;
  /** Container the seed goes to. Default: the one of the seed report. */
  readonly containerName?: string | undefined;
  /** Drives as they were prepared. Drives only the service knows are shown as well. */
  readonly drives?: readonly ReportedDrive[] | undefined;
  /** What reading the drives back found, from `verifyDrive`. */
  readonly driveReports?: readonly DriveReport[] | undefined;
  /** The comparison of the container with the catalog, from `reconcileSeed`. */
  readonly seedReport?: SeedReport | undefined;
  /** Where the parcels go, from `getShippingDestination`. */
  readonly destination?: ShippingDestination | undefined;
  /** Return address, return carrier and parcel, as entered; the parcel may still be missing. */
  readonly shipping?: Partial<ShippingDetails> | undefined;
  /** Default: one package with all drives. */
  readonly packages?: readonly ReportedPackage[] | undefined;
  /** States a monitor saw, with times, for services that keep none. */
  readonly observedStages?: readonly ImportJobStage[] | undefined;
  /** See `DeadlineEvidence`. */
  readonly shippingEnteredAt?: Date | undefined;
  /** See `DeadlineEvidence`. */
  readonly copyingOverAt?: Date | undefined;
}

/** Options of `renderJobReport`. */
export interface JobReportOptions {
  /** IANA name of the time zone dates are shown in, for example `Europe/Amsterdam`. Default: `UTC`. */
  readonly timeZone?: string;
  /** Most findings listed of each drive and of the seed; all are counted. Default: 50. */
  readonly maximumFindings?: number;
}
