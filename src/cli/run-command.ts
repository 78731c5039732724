/** The `offline-seed` program: one command line in, an exit code out. */
import { CommanderError } from "commander";
import { errorMessageOf, hasErrorName, systemErrorCode } from "../shared/index.js";
import { isCliError } from "./cli-error.js";
import type { Outcome } from "./command-frame.js";
import type { CommandIo } from "./command-io.js";
import { exitCode } from "./exit-codes.js";
import { createProgram } from "./program.js";
import { resumingCommandLine } from "./resuming-command-line.js";

/** Runs one command line (without `node` and the script) and returns the exit code. Never throws. */
export async function runCommand(commandLine: readonly string[], io: CommandIo): Promise<number> {
  const outcome: Outcome = { exitCode: exitCode.success };
  const wantsJson = commandLine.includes("--json");
  try {
    await createProgram(io, outcome).parseAsync([...commandLine], { from: "user" });
    return outcome.exitCode;
  } catch (error) {
    return showFailure(error, commandLine, wantsJson, io);
  }
}

function showFailure(
  error: unknown,
  commandLine: readonly string[],
  wantsJson: boolean,
  io: CommandIo,
): number {
  if (error instanceof CommanderError) {
    // Help and version are thrown as well; commander has printed what there is to say.
    if (error.exitCode === 0) return exitCode.success;
    if (wantsJson) printFailure(io, { code: "usage", message: error.message });
    return exitCode.usage;
  }
  if (hasErrorName(error, "AbortError")) {
    const resumeWith = resumingCommandLine(commandLine);
    io.printError(`Interrupted. What is done stays done. Go on with:\n  ${resumeWith}`);
    if (wantsJson) printFailure(io, { code: "interrupted", message: "Interrupted.", resumeWith });
    return exitCode.interrupted;
  }
  const message = errorMessageOf(error);
  io.printError(message);
  if (wantsJson) {
    const details =
      typeof error === "object" && error !== null && "details" in error ? error.details : undefined;
    printFailure(io, { code: systemErrorCode(error) ?? "failed", message, details });
  }
  const isUsage = isCliError(error) && (error.code === "usage" || error.code === "input-needed");
  return isUsage ? exitCode.usage : exitCode.failed;
}

function printFailure(io: CommandIo, failure: Readonly<Record<string, unknown>>): void {
  io.print(JSON.stringify({ error: failure }, undefined, 2));
}
