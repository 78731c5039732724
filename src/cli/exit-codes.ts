/** What the exit code of `offline-seed` means. */
export const exitCode = Object.freeze({
  /** Everything asked for was done, and every check passed. */
  success: 0,
  /** The work was done, and something checked is not as it should be. */
  checkFailed: 1,
  /** The command line cannot be understood, or something has to be given on it because nobody can be asked. */
  usage: 2,
  /** The work could not be done; the message says why. */
  failed: 3,
  /** Stopped by Ctrl-C; the message says how to go on. */
  interrupted: 130,
} as const);

/** The exit codes for the help text. */
export const exitCodeHelp: string = [
  "Exit codes: 0 good, 1 a check failed, 2 wrong or incomplete command line, 3 could not be done, 130 interrupted.",
].join("\n");
