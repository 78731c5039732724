/** Questions drawn by `@clack/prompts`, on standard error so that standard output stays for results. */
import { AbortError } from "@azure/abort-controller";
import { confirm, isCancel, log, select, text } from "@clack/prompts";
import type { Prompter } from "./prompter.js";

/** A prompter for a terminal. `signal` ends a waiting question. */
export function createClackPrompter(signal: AbortSignal): Prompter {
  const common = { output: process.stderr, signal };
  return {
    async text({ question, initial, problemOf }) {
      const answer = await text({
        ...common,
        message: question,
        ...(initial === undefined ? {} : { initialValue: initial }),
        validate: (typed) => problemOf?.((typed ?? "").trim()),
      });
      return given(answer).trim();
    },
    async choose(question, choices) {
      // The library's generic cannot be told that every choice has a label, so positions are chosen.
      const options = choices.map(({ label, hint }, value) => ({
        value,
        label,
        ...(hint === undefined ? {} : { hint }),
      }));
      const position = given(await select<number>({ ...common, message: question, options }));
      return choices[position]!.value;
    },
    confirm: async (question) => given(await confirm({ ...common, message: question, initialValue: false })),
    note: (lines) => log.message(lines, { output: process.stderr }),
  };
}

function given<Value>(answer: Value | symbol): Exclude<Value, symbol> {
  if (isCancel(answer) || typeof answer === "symbol") {
    throw new AbortError("The question was not answered.");
  }
  return answer as Exclude<Value, symbol>;
}
