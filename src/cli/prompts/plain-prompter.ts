/** Questions as plain lines, the way the original programs asked: works in every console and in a recording. */
import { createInterface } from "node:readline/promises";
import { AbortError } from "@azure/abort-controller";
import type { Prompter } from "./prompter.js";

/** What a plain prompter talks through. */
export interface PlainTerminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** A prompter over two streams. `signal` ends a waiting question. */
export function createPlainPrompter(terminal: PlainTerminal, signal: AbortSignal): Prompter {
  const ask = async (question: string): Promise<string> => {
    // A reader for each question: between questions the terminal is not read, and Ctrl-C is a signal again.
    const reader = createInterface({ input: terminal.input, output: terminal.output });
    const stopped = new AbortController();
    reader.once("SIGINT", () => stopped.abort());
    reader.once("close", () => stopped.abort());
    try {
      return (await reader.question(question, { signal: AbortSignal.any([signal, stopped.signal]) })).trim();
    } catch (cause) {
      if (signal.aborted || stopped.signal.aborted) throw new AbortError("The question was not answered.");
      throw cause;
    } finally {
      reader.close();
    }
  };
  const write = (line: string): void => {
    terminal.output.write(`${line}\n`);
  };
  return {
    async text({ question, initial, problemOf }) {
      const hint = initial === undefined || initial === "" ? "" : ` [${initial}]`;
      for (;;) {
        const answer = (await ask(`${question}${hint}: `)) || (initial ?? "");
        const problem = problemOf?.(answer);
        if (problem === undefined) return answer;
        write(problem);
      }
    },
    async choose(question, choices) {
      choices.forEach(({ label, hint }, position) => {
        write(`  ${position + 1}. ${label}${hint === undefined ? "" : ` (${hint})`}`);
      });
      for (;;) {
        const answer = await ask(`${question} (1-${choices.length}): `);
        const chosen = choices[Number(answer) - 1];
        if (chosen && /^\d+$/.test(answer)) return chosen.value;
        write(`Type a number from 1 to ${choices.length}.`);
      }
    },
    async confirm(question) {
      for (;;) {
        const answer = (await ask(`${question} (y/n): `)).toLowerCase();
        if (["y", "yes"].includes(answer)) return true;
        if (["n", "no"].includes(answer)) return false;
      }
    },
    note: write,
  };
}
