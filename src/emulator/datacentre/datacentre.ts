/**
 * The datacentre: what happens to a package from the moment a carrier hands it over until the drives are on their way
 * back. States follow the documented order; how long each lasts is up to the owner of the clock.
 */
import type { AbortOptions, ProgressOptions } from "../../shared/index.js";
import { createProgressReporter } from "../../shared/index.js";
import { EmulatorError } from "../emulator-error.js";
import type { Timeline } from "../timeline.js";
import type { BlobAccount } from "./blob-account.js";
import { importDrive } from "./drive-import.js";
import { type DriveOpener, type DriveUnlocker, matchDrives, type ShippedDrive } from "./drive-in-hand.js";
import type { ShippedJob } from "./shipped-job.js";

/** What arrives at the door. */
export interface ShippedPackage {
  readonly carrierName: string;
  readonly trackingNumber: string;
  readonly drives: readonly ShippedDrive[];
}

/** What became of a package. */
export interface PackageReceipt {
  /** `held`: no job names this tracking number yet; the package waits for one. */
  readonly outcome: "booked" | "held";
  /** Job that the package belongs to; undefined when it is held. */
  readonly jobName: string | undefined;
}

/** How a carrier treats a package. */
export interface Journey {
  /** Default: 0. */
  readonly transitTimeInMs?: number;
  /** A lost package never arrives. Default: false. */
  readonly isLost?: boolean;
}

/** How long the steps take, in milliseconds of the injected clock. Each defaults to 0: as fast as the work is done. */
export interface HandlingTimes {
  /** From the carrier's delivery to state Received. */
  readonly bookingInMs?: number;
  /** From Received to Transferring. */
  readonly queueInMs?: number;
  /** From the last byte to the return shipment. */
  readonly packagingInMs?: number;
}

/** Options of {@link Datacentre.receivePackage}. */
export interface ReceivePackageOptions extends AbortOptions, ProgressOptions {}

/** The datacentre. */
export interface Datacentre {
  /**
   * A package arrives. Resolves when everything due by the clock is done: with the default handling times, when the
   * drives have been copied and sent back.
   *
   * Reads the images, never writes to them; writes to the blob service.
   *
   * @throws EmulatorError `package-invalid`; AbortError
   */
  receivePackage(shipped: ShippedPackage, options?: ReceivePackageOptions): Promise<PackageReceipt>;
  /** Hands a package to a carrier; it arrives by the clock, or never. Nothing is waited for. */
  sendPackage(shipped: ShippedPackage, journey?: Journey): void;
  /** Packages that no job has claimed. */
  heldPackages(): readonly ShippedPackage[];
}

/** What the datacentre is made of. */
export interface DatacentreOptions {
  readonly timeline: Timeline;
  readonly account: BlobAccount;
  readonly openDrive: DriveOpener;
  readonly jobs: () => readonly ShippedJob[];
  readonly handlingTimes?: HandlingTimes;
}

/** The datacentre and its door bell. */
export interface DatacentreService extends Datacentre {
  /** Looks for a held package when a job begins to wait for one. */
  jobShipped(job: ShippedJob): void;
}

/** Opens the datacentre. */
export function createDatacentre(options: DatacentreOptions): DatacentreService {
  const { timeline, account } = options;
  const { bookingInMs = 0, queueInMs = 0, packagingInMs = 0 } = options.handlingTimes ?? {};
  const held: ShippedPackage[] = [];

  const book = (
    job: ShippedJob,
    shipped: ShippedPackage,
    arrivedAtInMs: number,
    work: ReceivePackageOptions,
  ): void => {
    timeline.schedule(arrivedAtInMs + bookingInMs, async (bookedAtInMs) => {
      const arrived = await matchDrives(job.drives, shipped.drives, options.openDrive);
      job.packageBooked(bookedAtInMs, new Set(arrived.keys()));
      timeline.schedule(bookedAtInMs + queueInMs, async (startedAtInMs) => {
        const clockAtStartInMs = timeline.nowInMs();
        await transfer(job, arrived, startedAtInMs, work);
        const endedAtInMs = startedAtInMs + timeline.nowInMs() - clockAtStartInMs;
        job.transferFinished(endedAtInMs);
        timeline.schedule(endedAtInMs + packagingInMs, (returnedAtInMs) =>
          job.drivesReturned(returnedAtInMs),
        );
      });
    });
  };

  const transfer = async (
    job: ShippedJob,
    arrived: ReadonlyMap<string, DriveUnlocker>,
    startedAtInMs: number,
    work: ReceivePackageOptions,
  ): Promise<void> => {
    job.transferStarted(startedAtInMs);
    if (job.isCancelled) return;
    for (const drive of job.drives) {
      const unlock = arrived.get(drive.driveId);
      if (unlock === undefined) continue;
      job.driveStarted(drive.driveId);
      const reporter = createProgressReporter(work.onProgress);
      reporter.begin(`importing ${drive.driveId}`);
      let bytesReported = 0;
      let blobsReported = 0;
      let isTotalKnown = false;
      const outcome = await importDrive({
        job,
        drive,
        unlock,
        account,
        startedAtInMs,
        abortSignal: work.abortSignal,
        onProgress(progress) {
          job.driveProgressed(drive.driveId, progress);
          if (!isTotalKnown) {
            isTotalKnown = true;
            reporter.begin(`importing ${drive.driveId}`, {
              bytes: progress.bytesTotal,
              items: progress.blobsTotal,
            });
          }
          reporter.advance(progress.bytesDone - bytesReported, progress.blobsDone - blobsReported);
          bytesReported = progress.bytesDone;
          blobsReported = progress.blobsDone;
        },
      });
      reporter.flush();
      job.driveFinished(drive.driveId, outcome);
    }
  };

  const arrive = (
    shipped: ShippedPackage,
    arrivedAtInMs: number,
    work: ReceivePackageOptions,
  ): PackageReceipt => {
    const job = options
      .jobs()
      .find(
        ({ isAwaitingPackage, trackingNumber }) =>
          isAwaitingPackage && trackingNumber === shipped.trackingNumber,
      );
    if (job === undefined) {
      held.push(shipped);
      return Object.freeze({ outcome: "held", jobName: undefined });
    }
    book(job, shipped, arrivedAtInMs, work);
    return Object.freeze({ outcome: "booked", jobName: job.name });
  };

  return {
    async receivePackage(shipped, work = {}) {
      checkPackage(shipped);
      const receipt = arrive(shipped, timeline.nowInMs(), work);
      await timeline.settle();
      return receipt;
    },
    sendPackage(shipped, journey = {}) {
      checkPackage(shipped);
      if (journey.isLost) return;
      timeline.schedule(timeline.nowInMs() + (journey.transitTimeInMs ?? 0), (arrivedAtInMs) => {
        arrive(shipped, arrivedAtInMs, {});
      });
    },
    heldPackages: () => Object.freeze([...held]),
    jobShipped(job) {
      const index = held.findIndex(({ trackingNumber }) => trackingNumber === job.trackingNumber);
      if (index >= 0) book(job, held.splice(index, 1)[0]!, timeline.nowInMs(), {});
    },
  };
}

function checkPackage(shipped: ShippedPackage): void {
  if (shipped.trackingNumber === "" || shipped.carrierName === "") {
    throw new EmulatorError(
      "package-invalid",
      "A package needs the name of its carrier and a tracking number, so that it can be told which job it belongs to.",
    );
  }
}
