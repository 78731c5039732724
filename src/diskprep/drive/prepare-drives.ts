/**
 * Prepares several drives of a seed at once. A drive that fails does not stop the others, and drives can be added
 * while the work is running.
 */
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import { errorMessageOf } from "../../shared/error-message.js";
import { forEachConcurrently } from "../../shared/for-each-concurrently.js";
import { createProgressReporter, type Progress, type ProgressOptions } from "../../shared/progress.js";
import { untilAborted } from "../../shared/until-aborted.js";
import type { SeedCatalog } from "../../staging/index.js";
import { checkConfirmation } from "./drive-confirmation.js";
import { DriveError, isDriveError } from "./drive-error.js";
import {
  type DrivePlan,
  type DriveTarget,
  formatBytes,
  type SeedPlan,
  type UnplacedBlobs,
} from "./drive-plan.js";
import { checkDriveSet, type DriveToPrepare, matchDriveSet, type PlannedDrive } from "./drive-set.js";
import { shareOfThreads } from "./drive-workers.js";
import { maximumDrivesOfAJob, type PlanDrivesOptions, planDrives } from "./plan-drives.js";
import { prepareDrive } from "./prepare-drive.js";
import type { PrepareDriveOptions } from "./prepare-drive-options.js";
import type { PreparedDrive } from "./prepared-drive.js";
import { TotalProgress } from "./total-progress.js";

const defaultConcurrency = 4;
const maximumRefusals = 100;

/** A drive given while the work is running: what planning must know of it, and the device. */
export interface SuppliedDrive extends DriveToPrepare {
  readonly target: DriveTarget;
}

/** Options of {@link prepareDrives}. */
export interface PrepareDrivesOptions
  extends AbortOptions,
    ProgressOptions,
    Pick<PrepareDriveOptions, "resume" | "random" | "checkpointIntervalInBytes"> {
  /** How many drives are written at the same time. Default: 4. */
  readonly concurrency?: number;
  /** Worker threads for each drive. Default: what one drive would have, divided among those written at the same time. */
  readonly threadCount?: number;
  /** Receives the progress of each drive; `onProgress` receives the whole, its items being drives. */
  readonly onDriveProgress?: (driveId: string, progress: Progress) => void;
  /**
   * Asked for one more drive, while the others are being written, as long as blobs are without a place; undefined ends
   * the asking. Giving a drive is the permission to destroy what it holds. `refusal` tells why the drive given before
   * cannot be used. When work that was interrupted is resumed, the same drives must be given in the same order.
   */
  readonly supplyDrive?: (
    unplaced: UnplacedBlobs,
    refusal: DriveError | undefined,
  ) => Promise<SuppliedDrive | undefined>;
  /** For planning supplied drives. Default: as the drives of the plan. */
  readonly planOptions?: Omit<
    PlanDrivesOptions,
    "firstBlobIndex" | "endBlobIndex" | "abortSignal" | "onProgress"
  >;
}

/** A drive that could not be prepared, and the blobs that now lack one. Resume it, or plan them onto a spare. */
export interface FailedDrive {
  readonly driveId: string;
  readonly error: DriveError;
  readonly firstBlobIndex: number;
  readonly endBlobIndex: number;
  readonly journalPath: string;
}

/** What became of the drives. Plain frozen data but for the errors. */
export interface PreparedDrives {
  /** The finished drives in catalog order. */
  readonly drives: readonly PreparedDrive[];
  /** The failed ones in catalog order. */
  readonly failures: readonly FailedDrive[];
  /** Plans of all drives that were begun, supplied ones included. */
  readonly plans: readonly DrivePlan[];
  /** Blobs no drive was planned for; those of failed drives are not counted here. */
  readonly unplaced: UnplacedBlobs | undefined;
}

/**
 * Prepares the drives of a plan.
 *
 * DESTRUCTIVE, like {@link prepareDrive} on each of them. Before a byte is written all drives are compared with the
 * plan and their confirmations; one that does not match refuses the whole call. After an abort every begun drive can be
 * resumed by calling again with `resume: true`: finished drives are not written again.
 * Several tens of megabytes of memory for each drive being written, besides its layout.
 *
 * @param targets one for each drive of the plan, in any order
 * @throws DriveError `drive-set-invalid`, `not-confirmed`, `drive-changed`, `plan-mismatch`; AbortError
 */
export async function prepareDrives(
  seedPlan: SeedPlan,
  catalog: SeedCatalog,
  targets: readonly DriveToPrepare[],
  options: PrepareDrivesOptions = {},
): Promise<PreparedDrives> {
  const drives = matchDriveSet(seedPlan, targets);
  for (const { plan, target } of drives) checkConfirmation(plan, catalog, target.device, target.confirm);
  return await new DrivesRun(seedPlan, catalog, options).run(drives);
}

/** One call's drives, those running and those ended. */
class DrivesRun {
  readonly #seedPlan: SeedPlan;
  readonly #catalog: SeedCatalog;
  readonly #options: PrepareDrivesOptions;
  readonly #progress: TotalProgress;
  readonly #begun: PlannedDrive[] = [];
  readonly #prepared: PreparedDrive[] = [];
  readonly #failures: FailedDrive[] = [];
  #unplaced: UnplacedBlobs | undefined;

  constructor(seedPlan: SeedPlan, catalog: SeedCatalog, options: PrepareDrivesOptions) {
    this.#seedPlan = seedPlan;
    this.#catalog = catalog;
    this.#options = options;
    this.#progress = new TotalProgress(createProgressReporter(options.onProgress));
    this.#unplaced = seedPlan.unplaced;
  }

  /** Settles only when no drive is being written any more, so that the caller may close the devices. */
  async run(drives: readonly PlannedDrive[]): Promise<PreparedDrives> {
    for (const drive of drives) this.#begin(drive);
    const concurrency = Math.floor(this.#options.concurrency ?? defaultConcurrency);
    const drivesAtOnce = Math.max(1, Math.min(concurrency, drives.length));
    await forEachConcurrently(this.#drives(drives, this.#ask()), concurrency, (drive) =>
      this.#prepare(drive, drivesAtOnce),
    );
    throwIfAborted(this.#options.abortSignal);
    this.#progress.flush();
    return Object.freeze({
      drives: inCatalogOrder(this.#prepared),
      failures: inCatalogOrder(this.#failures),
      plans: inCatalogOrder(this.#begun.map(({ plan }) => plan)),
      unplaced: this.#unplaced,
    });
  }

  /** The drives given, then those supplied. The next one is asked for at once, not when a drive has ended. */
  async *#drives(
    drives: readonly PlannedDrive[],
    firstAnswer: Promise<PlannedDrive | undefined>,
  ): AsyncGenerator<PlannedDrive> {
    yield* drives;
    for (let answer = firstAnswer; ; ) {
      const supplied = await answer;
      if (!supplied) return;
      answer = this.#ask();
      yield supplied;
    }
  }

  #begin(drive: PlannedDrive): void {
    this.#begun.push(drive);
    this.#progress.addDrive(drive.plan);
  }

  /** Never rejects: one failing drive does not stop the others. */
  async #prepare({ plan, target }: PlannedDrive, drivesAtOnce: number): Promise<void> {
    const { abortSignal, resume, random, checkpointIntervalInBytes, onDriveProgress } = this.#options;
    try {
      throwIfAborted(abortSignal);
      const prepared = await prepareDrive(plan, this.#catalog, target.device, {
        confirm: target.confirm,
        journalPath: target.journalPath,
        abortSignal,
        ...(resume === undefined ? {} : { resume }),
        ...(random === undefined ? {} : { random }),
        ...(checkpointIntervalInBytes === undefined ? {} : { checkpointIntervalInBytes }),
        threadCount: this.#options.threadCount ?? shareOfThreads(plan, drivesAtOnce),
        onProgress: (progress) => {
          this.#progress.note(plan, progress);
          onDriveProgress?.(plan.driveId, progress);
        },
      });
      this.#prepared.push(prepared);
      this.#progress.finish(plan);
    } catch (error) {
      const { firstBlobIndex, endBlobIndex, driveId } = plan;
      this.#failures.push(
        Object.freeze({
          driveId,
          error: driveErrorOf(plan, error),
          firstBlobIndex,
          endBlobIndex,
          journalPath: target.journalPath,
        }),
      );
    }
  }

  /** Asks for one more drive and plans it; undefined when none is needed or given. */
  #ask(): Promise<PlannedDrive | undefined> {
    const answer = this.#askUntilUsable();
    // Awaited later; until then a rejection is not unhandled.
    answer.catch(() => undefined);
    return answer;
  }

  async #askUntilUsable(): Promise<PlannedDrive | undefined> {
    const { supplyDrive, abortSignal } = this.#options;
    let refusal: DriveError | undefined;
    // A caller that gives the same unusable drive for ever must not hang the drives that work.
    for (let asked = 0; supplyDrive && asked < maximumRefusals; asked += 1) {
      if (!this.#unplaced || this.#begun.length >= maximumDrivesOfAJob) return undefined;
      throwIfAborted(abortSignal);
      const supplied = await untilAborted(supplyDrive(this.#unplaced, refusal), abortSignal);
      if (!supplied) return undefined;
      try {
        return await this.#planSupplied(this.#unplaced, supplied);
      } catch (error) {
        if (!isDriveError(error)) throw error;
        refusal = error;
      }
    }
    return undefined;
  }

  async #planSupplied(unplaced: UnplacedBlobs, target: SuppliedDrive): Promise<PlannedDrive> {
    const model = this.#seedPlan.drives[0];
    const planned = await planDrives(this.#catalog, [target.target], {
      ...(model && {
        encryptionMethod: model.encryptionMethod,
        volumeLabel: model.volumeLabel,
        createdAtInMs: model.createdAtInMs,
        importDisposition: model.importDisposition,
        wipeFreeSpace: model.wipeFreeSpace,
      }),
      ...this.#options.planOptions,
      firstBlobIndex: unplaced.firstBlobIndex,
      endBlobIndex: unplaced.firstBlobIndex + unplaced.blobCount,
      abortSignal: this.#options.abortSignal,
    });
    const drive = { plan: planned.drives[0]!, target };
    checkDriveSet([...this.#begun, drive]);
    checkConfirmation(drive.plan, this.#catalog, target.device, target.confirm);
    this.#begin(drive);
    this.#unplaced = planned.unplaced;
    return drive;
  }
}

function driveErrorOf(plan: DrivePlan, error: unknown): DriveError {
  if (isDriveError(error)) return error;
  return new DriveError(
    "preparation-failed",
    `Drive ${plan.driveId} (${formatBytes(plan.sizeInBytes)}) could not be prepared: ${errorMessageOf(error)} The drive is not usable yet; resume from its journal when the cause is gone.`,
    { details: { driveId: plan.driveId }, cause: error },
  );
}

function inCatalogOrder<T extends { readonly firstBlobIndex: number }>(items: readonly T[]): readonly T[] {
  return Object.freeze([...items].sort((left, right) => left.firstBlobIndex - right.firstBlobIndex));
}
