/** Runs a command line in this process and collects what it prints. */
import type { CommandIo } from "../../../src/cli/command-io.js";
import { runCommand } from "../../../src/cli/run-command.js";

/** What a run left. */
export interface ProgramRun {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs the program without a terminal, unless `io` brings one. */
export async function runProgram(
  commandLine: readonly string[],
  io: Partial<CommandIo> = {},
): Promise<ProgramRun> {
  const output: string[] = [];
  const errors: string[] = [];
  const code = await runCommand(commandLine, {
    print: (line) => output.push(line),
    printError: (line) => errors.push(line),
    abortSignal: new AbortController().signal,
    ...io,
  });
  return { code, output: output.join("\n"), errors: errors.join("\n") };
}
