/** A person at a terminal: runs a command line in a real pseudo-terminal (python3's `pty`) and gives what the screen showed. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { terminalText } from "./terminal-text.js";

/** One answer: typed when the text appears. `^C` is Ctrl-C. */
export interface TerminalStep {
  readonly expect: string;
  readonly send: string;
}

/** What is run, and where the recording goes. */
export interface TerminalSession {
  readonly command: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly steps: readonly TerminalStep[];
  /** File for the raw bytes the terminal got. */
  readonly recording: string;
}

/** What was seen. */
export interface TerminalOutcome {
  readonly exitCode: number;
  /** The text that never appeared; null when all did. */
  readonly missing: string | null;
  /** The screen as a person could read it from beginning to end. */
  readonly text: string;
}

/** Runs the session to its end. */
export async function runInTerminal(session: TerminalSession): Promise<TerminalOutcome> {
  const request = JSON.stringify({
    command: session.command,
    cwd: session.folder,
    environment: { TERM: "xterm", ...session.environment },
    steps: session.steps,
    recording: session.recording,
    timeoutInSeconds: 240,
  });
  const answer = await new Promise<string>((resolve, reject) => {
    const child = execFile("python3", ["test/cli/support/pty-driver.py"], (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(stdout);
    });
    child.stdin?.end(request);
  });
  const { exitCode, missing } = JSON.parse(answer) as { exitCode: number; missing: string | null };
  const text = terminalText(await readFile(session.recording, "utf8"));
  return { exitCode, missing, text };
}
