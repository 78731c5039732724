/** What sgdisk says about a partition table. */
import { runProgram } from "./run-program.js";

/**
 * Both copies of a GUID partition table on a disk or image with 512-byte sectors, or on a device with its own.
 *
 * @throws Error with the program's words
 */
export async function judgeBySgdisk(path: string): Promise<void> {
  const output = await runProgram("sgdisk", ["-v", path]);
  // It repairs a damaged copy in memory, with a word of caution, before it looks for problems.
  if (!output.includes("No problems found") || /caution|warning|error|corrupt/i.test(output))
    throw new Error(`sgdisk: ${output}`);
}
