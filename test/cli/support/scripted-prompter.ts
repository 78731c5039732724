/** A person who answers from a list and remembers what was asked. */
import { AbortError } from "@azure/abort-controller";
import type { Prompter } from "../../../src/cli/prompts/prompter.js";

/** A prompter and the questions it was asked. */
export interface ScriptedPrompter extends Prompter {
  readonly questions: string[];
}

/** Answers in order; when they run out the person has gone (Ctrl-C). Choices are answered by their label. */
export function createScriptedPrompter(answers: readonly (string | boolean)[]): ScriptedPrompter {
  const questions: string[] = [];
  const left = [...answers];
  const next = (question: string): string | boolean => {
    questions.push(question);
    const answer = left.shift();
    if (answer === undefined) throw new AbortError("The question was not answered.");
    return answer;
  };
  return {
    questions,
    async text({ question, initial, problemOf }) {
      for (;;) {
        const answer = String(next(question)) || (initial ?? "");
        if (problemOf?.(answer) === undefined) return answer;
      }
    },
    async choose(question, choices) {
      const label = next(question);
      return choices.find((choice) => choice.label === label)!.value;
    },
    confirm: async (question) => next(question) === true,
    note: () => undefined,
  };
}
