/** What the exit code of `offline-seed` means. */
export const exitCode = Object.freeze({
  /** Everything asked for was done, and every check passed. */
  success: 0,
  /** The work was done, and something checked is not as it should be. */
  checkFailed: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** The work could not be done; the message says why. */
  failed: 3,
} as const);
