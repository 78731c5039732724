/** Running the programs that judge, for tests that want their words or a failure. */
import { type CommandOptions, systemCommandRunner } from "../../src/shared/command-runner.js";

/**
 * Runs a program and returns what it printed on both streams.
 *
 * @throws Error with that text when the exit code is not 0
 */
export async function runProgram(
  program: string,
  programArguments: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await systemCommandRunner(program, programArguments, {
    timeoutInMs: 300_000,
    ...options,
  });
  const output = `${stdout}${stderr}`;
  if (exitCode !== 0) throw new Error(`${program} ended with ${exitCode}: ${output.slice(0, 2000)}`);
  return output;
}
