#!/usr/bin/env node
/** Entry of the `offline-seed` program. */
import { createClackPrompter } from "./prompts/clack-prompter.js";
import { createPlainPrompter } from "./prompts/plain-prompter.js";
import { runCommand } from "./run-command.js";

const interruption = new AbortController();
// Once: a second Ctrl-C ends the program where it is.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interruption.abort());
const { signal } = interruption;
const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;

// Idle threads and pauses do not keep a process alive, but a command that has not ended does.
const alive = setInterval(() => undefined, 60_000);

process.exitCode = await runCommand(process.argv.slice(2), {
  print: (line) => console.log(line),
  printError: (line) => console.error(line),
  abortSignal: signal,
  screen: {
    isTerminal: process.stderr.isTTY === true,
    columns: process.stderr.columns || 100,
    write: (text) => process.stderr.write(text),
  },
  prompter: isTerminal ? createClackPrompter(signal) : undefined,
  plainPrompter: isTerminal
    ? createPlainPrompter({ input: process.stdin, output: process.stdout }, signal)
    : undefined,
  environment: process.env,
});
clearInterval(alive);
