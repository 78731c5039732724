/** Shows the progress of long work: a bar for each drive on a terminal, a line now and then otherwise. Never on standard output. */
import type { Clock, Progress, ProgressListener } from "../../shared/index.js";
import type { ProgressScreen } from "../command-io.js";
import { formatProgressLine, type ProgressMoment } from "./progress-line.js";

/** Between two lines where nothing can be drawn. */
const lineIntervalInMs = 10_000;
/** Between two drawings of the bars. */
const drawIntervalInMs = 200;
/** The rate is that of about this time, so that it follows a drive that becomes slower. */
const rateWindowInMs = 15_000;

/** A display in use. */
export interface ProgressDisplay {
  /** Receives the progress of one piece of work; pieces have lines of their own. */
  listener(title: string): ProgressListener;
  /** Takes the bars away. May be repeated. */
  end(): void;
}

interface Line {
  readonly samples: { readonly atInMs: number; readonly bytesDone: number }[];
  moment: ProgressMoment;
  writtenAtInMs: number;
}

/** A display on a screen; without a screen nothing is shown. */
export function createProgressDisplay(
  screen: ProgressScreen | undefined,
  clock: Pick<Clock, "nowInMs">,
): ProgressDisplay {
  const lines = new Map<string, Line>();
  let drawnLineCount = 0;
  let drawnAtInMs = Number.NEGATIVE_INFINITY;

  const erase = (): void => {
    if (drawnLineCount > 0) screen?.write(`\u001b[${drawnLineCount}A\u001b[0J`);
    drawnLineCount = 0;
  };
  const draw = (nowInMs: number): void => {
    if (!screen) return;
    erase();
    for (const { moment } of lines.values()) {
      screen.write(`${formatProgressLine(moment).slice(0, Math.max(20, screen.columns - 1))}\n`);
    }
    drawnLineCount = lines.size;
    drawnAtInMs = nowInMs;
  };
  const show = (title: string, progress: Progress): void => {
    const nowInMs = clock.nowInMs();
    const isNewPhase = lines.get(title)?.moment.progress.phase !== progress.phase;
    const line = lineFor(lines, title, progress, nowInMs);
    line.moment = { title, progress, bytesPerSecond: rateOf(line, progress, nowInMs) };
    if (screen?.isTerminal) {
      if (isNewPhase || nowInMs - drawnAtInMs >= drawIntervalInMs) draw(nowInMs);
    } else if (nowInMs - line.writtenAtInMs >= lineIntervalInMs) {
      line.writtenAtInMs = nowInMs;
      screen?.write(`${formatProgressLine(line.moment)}\n`);
    }
  };
  return {
    listener: (title) => (progress) => show(title, progress),
    end() {
      if (screen?.isTerminal) erase();
      lines.clear();
    },
  };
}

/** The line of a piece of work, begun anew with each phase. */
function lineFor(lines: Map<string, Line>, title: string, progress: Progress, nowInMs: number): Line {
  const known = lines.get(title);
  if (known && known.moment.progress.phase === progress.phase) return known;
  const line: Line = {
    samples: [],
    moment: { title, progress, bytesPerSecond: undefined },
    writtenAtInMs: known?.writtenAtInMs ?? nowInMs,
  };
  lines.set(title, line);
  return line;
}

function rateOf({ samples }: Line, { bytesDone }: Progress, nowInMs: number): number | undefined {
  const last = samples.at(-1);
  if (!last || nowInMs - last.atInMs >= drawIntervalInMs) samples.push({ atInMs: nowInMs, bytesDone });
  while (samples.length > 2 && nowInMs - samples[1]!.atInMs > rateWindowInMs) samples.shift();
  const first = samples[0]!;
  const passedInMs = nowInMs - first.atInMs;
  return passedInMs < 1000 ? undefined : ((bytesDone - first.bytesDone) / passedInMs) * 1000;
}
