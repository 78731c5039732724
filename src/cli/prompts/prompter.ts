/** Asking a person. Two ways of showing the questions implement it; tests answer from a list. */

/** One thing that can be chosen. */
export interface Choice<Value> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string | undefined;
}

/** A question for a line of text. */
export interface TextQuestion {
  readonly question: string;
  /** Taken when nothing is typed. */
  readonly initial?: string | undefined;
  /** Says what is wrong with an answer; the question is then repeated. */
  readonly problemOf?: ((answer: string) => string | undefined) | undefined;
}

/** Asks the person at the terminal. Every method rejects with an `AbortError` when the person stops (Ctrl-C). */
export interface Prompter {
  text(question: TextQuestion): Promise<string>;
  choose<Value>(question: string, choices: readonly Choice<Value>[]): Promise<Value>;
  confirm(question: string): Promise<boolean>;
  /** Shows something between questions. */
  note(text: string): void;
}
