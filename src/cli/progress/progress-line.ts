/** One line of progress as text. Pure. */
import { formatBytes } from "../../diskprep/index.js";
import type { Progress } from "../../shared/index.js";

const barWidth = 20;

/** What is known of a piece of work at one moment. */
export interface ProgressMoment {
  /** Drive, folder or job. */
  readonly title: string;
  readonly progress: Progress;
  /** Undefined until enough time has passed to tell. */
  readonly bytesPerSecond: number | undefined;
}

/** A line such as `SEED1 writing  [#####---------------]  25 %  1.00 GB of 4.00 GB  200.00 MB/s  15 s left`. */
export function formatProgressLine({ title, progress, bytesPerSecond }: ProgressMoment): string {
  const { phase, bytesDone, bytesTotal, itemsDone, itemsTotal } = progress;
  const fraction = fractionOf(progress);
  const parts = [`${title} ${phase}`.trim()];
  if (fraction !== undefined)
    parts.push(bar(fraction), `${String(Math.floor(fraction * 100)).padStart(3)} %`);
  if (bytesTotal) parts.push(`${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`);
  else if (bytesDone > 0) parts.push(formatBytes(bytesDone));
  if (itemsTotal !== undefined) parts.push(`${itemsDone} of ${itemsTotal}`);
  else if (itemsDone > 0) parts.push(`${itemsDone}`);
  if (bytesPerSecond !== undefined && bytesPerSecond > 0) {
    parts.push(`${formatBytes(Math.round(bytesPerSecond))}/s`);
    if (bytesTotal && bytesDone < bytesTotal) {
      parts.push(`${formatDuration((bytesTotal - bytesDone) / bytesPerSecond)} left`);
    }
  }
  return parts.join("  ");
}

/** Seconds for people: `15 s`, `3 min`, `2 h 05 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

function fractionOf({ bytesDone, bytesTotal, itemsDone, itemsTotal }: Progress): number | undefined {
  if (bytesTotal) return Math.min(1, bytesDone / bytesTotal);
  if (itemsTotal) return Math.min(1, itemsDone / itemsTotal);
  return undefined;
}

function bar(fraction: number): string {
  const filled = Math.floor(fraction * barWidth);
  return `[${"#".repeat(filled)}${"-".repeat(barWidth - filled)}]`;
}
