#!/usr/bin/env node
/** Entry of the `offline-seed` program. */
import { runCommand } from "./run-command.js";

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interruption.abort());

process.exitCode = await runCommand(process.argv.slice(2), {
  print: (line) => console.log(line),
  printError: (line) => console.error(line),
  abortSignal: interruption.signal,
});
