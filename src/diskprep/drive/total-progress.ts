/** One progress for several drives that are prepared at the same time; its items are drives. */
import type { Progress, ProgressReporter } from "../../shared/progress.js";
import type { DrivePlan } from "./drive-plan.js";

/** Sums the progress of the drives. */
export class TotalProgress {
  readonly #reporter: ProgressReporter;
  readonly #bytesDone = new Map<string, number>();
  #bytesTotal = 0;
  #drivesDone = 0;

  constructor(reporter: ProgressReporter) {
    this.#reporter = reporter;
  }

  addDrive(plan: DrivePlan): void {
    this.#bytesTotal += plan.partitionLengthInBytes;
    this.#bytesDone.set(plan.driveId, 0);
    this.#reporter.begin("preparing", { bytes: this.#bytesTotal, items: this.#bytesDone.size });
    const done = [...this.#bytesDone.values()].reduce((sum, bytes) => sum + bytes, 0);
    this.#reporter.advance(done, this.#drivesDone);
  }

  note(plan: DrivePlan, progress: Progress): void {
    if (progress.phase === "writing") this.#setBytes(plan, progress.bytesDone, 0);
  }

  finish(plan: DrivePlan): void {
    this.#drivesDone += 1;
    this.#setBytes(plan, plan.partitionLengthInBytes, 1);
  }

  flush(): void {
    this.#reporter.flush();
  }

  #setBytes({ driveId }: DrivePlan, bytesDone: number, drives: number): void {
    const before = this.#bytesDone.get(driveId) ?? 0;
    this.#bytesDone.set(driveId, bytesDone);
    this.#reporter.advance(bytesDone - before, drives, driveId);
  }
}
