/** Times the phases of the demo and shows a progress bar on a terminal. */
import { formatBytes } from "../src/diskprep/index.js";
import type { Progress, ProgressListener } from "../src/shared/index.js";

const barWidth = 30;

/** Runs phases one after the other. */
export interface PhaseDisplay {
  /** Runs a phase, timing it. The listener it is given draws the bar. */
  run<T>(name: string, title: string, work: (onProgress: ProgressListener) => Promise<T>): Promise<T>;
  /** Seconds of each finished phase by name. */
  seconds(): Readonly<Record<string, number>>;
}

/** A display on a stream; bars are drawn only when it is a terminal. */
export function createPhaseDisplay(output: NodeJS.WriteStream): PhaseDisplay {
  const seconds: Record<string, number> = {};
  const clearLine = (): void => {
    if (output.isTTY) output.write("\r\u001b[2K");
  };
  return {
    async run(name, title, work) {
      const startedAt = performance.now();
      const onProgress: ProgressListener = (progress) => {
        if (!output.isTTY) return;
        clearLine();
        output.write(
          barOf(title, progress, (performance.now() - startedAt) / 1000).slice(0, output.columns - 1),
        );
      };
      try {
        if (output.isTTY) output.write(title);
        return await work(onProgress);
      } finally {
        seconds[name] = Math.round(performance.now() - startedAt) / 1000;
        clearLine();
        output.write(`${title.padEnd(40)} ${seconds[name].toFixed(1).padStart(6)} s\n`);
      }
    },
    seconds: () => ({ ...seconds }),
  };
}

function barOf(title: string, progress: Progress, elapsedInSeconds: number): string {
  const { bytesDone, bytesTotal, itemsDone, itemsTotal } = progress;
  const fraction = bytesTotal ? bytesDone / bytesTotal : itemsTotal ? itemsDone / itemsTotal : undefined;
  const filled = Math.round(Math.min(1, fraction ?? 0) * barWidth);
  const bar = fraction === undefined ? "" : `[${"#".repeat(filled)}${".".repeat(barWidth - filled)}] `;
  const rate =
    elapsedInSeconds > 0.5 && bytesDone > 0 ? `, ${formatBytes(bytesDone / elapsedInSeconds)}/s` : "";
  return `${title} ${bar}${itemsDone} items, ${formatBytes(bytesDone)}${rate} ${progress.item ?? ""}`;
}
