/** The command line that goes on with interrupted work: the same one, without what would begin anew. */

const beginsAnew = new Set(["--overwrite"]);

/** A line for a POSIX shell or PowerShell. Pure. */
export function resumingCommandLine(commandLine: readonly string[]): string {
  const kept = commandLine.filter((word) => !beginsAnew.has(word));
  return ["offline-seed", ...kept].map(quoted).join(" ");
}

/** A word as both shells take it. Single quotes mean the same in both, but for a quote within. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
