/** What a command is given of the outside, so that tests can stand in for a terminal, a computer and a clock. */
import { type Disk, listDisks, openDisk } from "../diskprep/index.js";
import { type Clock, type CommandRunner, systemClock, systemCommandRunner } from "../shared/index.js";
import type { Prompter } from "./prompts/prompter.js";

/** Where progress is shown. */
export interface ProgressScreen {
  /** Whether bars can be drawn over themselves. Otherwise a line is written now and then. */
  readonly isTerminal: boolean;
  readonly columns: number;
  /** Writes to standard error, as it is. */
  readonly write: (text: string) => void;
}

/** The outside of one run. */
export interface CommandIo {
  /** Writes a line to standard output. */
  readonly print: (line: string) => void;
  /** Writes a line to standard error. */
  readonly printError: (line: string) => void;
  /** Aborted by Ctrl-C. */
  readonly abortSignal: AbortSignal;
  /** Undefined when nothing is to be drawn. */
  readonly screen?: ProgressScreen | undefined;
  /** Asks the person at the terminal; undefined when there is none. */
  readonly prompter?: Prompter | undefined;
  /** The same in plain lines, for the original conversation. */
  readonly plainPrompter?: Prompter | undefined;
  /** Default: none. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly computer?: Partial<Computer>;
}

/** What differs between computers. */
export interface Computer {
  readonly platform: NodeJS.Platform;
  readonly clock: Clock;
  readonly runCommand: CommandRunner;
  readonly listDisks: () => Promise<readonly Disk[]>;
  readonly openDisk: typeof openDisk;
}

/** This computer, where `replaced` does not say otherwise. */
export function computerOf(replaced: Partial<Computer> = {}): Computer {
  return {
    platform: process.platform,
    clock: systemClock,
    runCommand: systemCommandRunner,
    listDisks: () => listDisks(),
    openDisk,
    ...replaced,
  };
}
