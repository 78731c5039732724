/** One thing wrong with an order, said so that a person can mend it and a program can mark the field. */

/** How bad it is: an error stops the order, a warning is shown. */
export type OrderProblemSeverity = "error" | "warning";

/** A problem of an order. Never contains a recovery password. */
export interface OrderProblem {
  readonly severity: OrderProblemSeverity;
  /** Path of the field, for example `drives[1].driveId`. */
  readonly field: string;
  /** What is wrong, why it matters, what to do. */
  readonly message: string;
}

/** Collects problems while an order is looked through. */
export interface OrderProblemCollector {
  error(field: string, message: string): void;
  warning(field: string, message: string): void;
  readonly problems: readonly OrderProblem[];
}

/** An empty collector. */
export function collectOrderProblems(): OrderProblemCollector {
  const problems: OrderProblem[] = [];
  const add = (severity: OrderProblemSeverity) => (field: string, message: string) => {
    problems.push(Object.freeze({ severity, field, message }));
  };
  return { error: add("error"), warning: add("warning"), problems };
}
