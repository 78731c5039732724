/** The most memory that this process has held. Linux only. */
import { readFileSync } from "node:fs";

/** The system's count of this process alone; `resourceUsage` begins with the parent's. */
export function peakMemoryInMiB(): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
  return Number(line?.[1]) / 1024;
}
