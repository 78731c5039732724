/** What a command is given of the outside, so that tests can stand in for a terminal. */
export interface CommandIo {
  /** Writes a line to standard output. */
  readonly print: (line: string) => void;
  /** Writes a line to standard error. */
  readonly printError: (line: string) => void;
  /** Aborted by Ctrl-C. */
  readonly abortSignal: AbortSignal;
}
