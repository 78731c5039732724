/** Measuring in a process of its own, so that start-up and peak memory are counted. */
import { spawnSync } from "node:child_process";

/** Runs a program of this Node, waits, and gives back what it printed as JSON. @throws Error with what it said when it failed */
export function runApart<Result>(program: string, programArguments: readonly string[]): Result {
  const run = spawnSync(process.execPath, [program, ...programArguments], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`${program} failed: ${run.stderr}`);
  return JSON.parse(run.stdout) as Result;
}
