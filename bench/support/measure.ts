/**
 * Measures several ways of doing the same work against each other. Absolute times belong to one machine on one day, so
 * only ratios within one run are told: the ways take turns, and the median (or the best) of each is compared.
 */

/** One value for each repetition of a way, in milliseconds. */
export interface Timings {
  readonly wallInMs: readonly number[];
  /** Time on the processor, all threads of the process together. A busy machine hardly changes it. */
  readonly processorInMs: readonly number[];
}

/** Runs every way once to warm up, then `repetitions` times in turns. */
export async function measureInTurns<Way extends string>(
  ways: Readonly<Record<Way, () => void | Promise<void>>>,
  repetitions: number,
): Promise<Readonly<Record<Way, Timings>>> {
  const names = Object.keys(ways) as Way[];
  const timings = Object.fromEntries(
    names.map((name) => [name, { wallInMs: [] as number[], processorInMs: [] as number[] }]),
  ) as Record<Way, { wallInMs: number[]; processorInMs: number[] }>;
  for (let repetition = -1; repetition < repetitions; repetition++) {
    for (const name of names) {
      // One way must not pay for the garbage of another.
      (globalThis as { readonly gc?: () => void }).gc?.();
      const startInMs = performance.now();
      const before = process.cpuUsage();
      await ways[name]();
      const { user, system } = process.cpuUsage(before);
      if (repetition < 0) continue;
      timings[name].wallInMs.push(performance.now() - startInMs);
      timings[name].processorInMs.push((user + system) / 1000);
    }
  }
  return timings;
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

/** A measurement of so many things. */
export interface MeasuredCount {
  readonly count: number;
  readonly timeInMs: number;
}

/** A cell that says how time grew with the count; empty for the first one. */
export function growthCell(before: MeasuredCount | undefined, now: MeasuredCount): string {
  if (!before) return "";
  return `${(now.timeInMs / before.timeInMs).toFixed(1)} for ${now.count / before.count}`;
}

/** Lines of cells as a Markdown table whose columns stand under each other. */
export function formatTable(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const format = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [format(lines[0]!), rule, ...lines.slice(1).map(format)].join("\n");
}
