/** The `offline-seed` program: a thin skin over the public API. */
import { parseArgs } from "node:util";
import type { CommandIo } from "./command-io.js";
import { runEmulator } from "./emulator-command.js";
import { exitCode } from "./exit-codes.js";
import { runVerify } from "./verify-command.js";

const usage = `offline-seed COMMAND [--json]

  verify LIST   read the drive images named in LIST (drives.json) back and compare them with their manifests
  emulator      run the local Azure until Ctrl-C and print where it is

  --json        print JSON instead of text
  --help        this text

Exit codes: 0 good, 1 a check failed, 2 wrong command line, 3 could not be done.`;

/** Runs one command line (without `node` and the script) and returns the exit code. Never throws. */
export async function runCommand(commandLine: readonly string[], io: CommandIo): Promise<number> {
  const parsed = readCommandLine(commandLine);
  if (typeof parsed === "string") {
    io.printError(`${parsed}\n\n${usage}`);
    return exitCode.usage;
  }
  const [command, ...operands] = parsed.positionals;
  const { json, help } = parsed.values;
  if (help) {
    io.print(usage);
    return exitCode.success;
  }
  try {
    if (command === "verify" && operands.length === 1) return await runVerify(operands[0]!, json, io);
    if (command === "emulator" && operands.length === 0) return await runEmulator(json, io);
  } catch (error) {
    io.printError(error instanceof Error ? error.message : String(error));
    return exitCode.failed;
  }
  io.printError(usage);
  return exitCode.usage;
}

function readCommandLine(commandLine: readonly string[]) {
  try {
    return parseArgs({
      args: [...commandLine],
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
