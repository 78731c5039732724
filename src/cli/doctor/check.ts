/** A check of the doctor: one question with a code, a verdict, and what to do. */
import { errorMessageOf, hasErrorName } from "../../shared/index.js";
import type { DoctorContext } from "./doctor-context.js";

/** What a check found. */
export type CheckVerdict = "ok" | "warning" | "failed" | "skipped";

/** The answer of a check. */
export interface CheckFinding {
  readonly verdict: CheckVerdict;
  /** What was found, with names and numbers. */
  readonly message: string;
  /** Only where something is not as it should be. */
  readonly whatToDo?: string;
}

/** One check. */
export interface Check<Code extends string = CheckCode> {
  readonly code: Code;
  /** When one of these checks has failed, this one is skipped. */
  readonly needs?: readonly Code[];
  /** Uses the network. */
  readonly isOnline?: boolean;
  readonly ask: (context: DoctorContext) => Promise<CheckFinding>;
}

/** The codes of all checks. */
export type CheckCode =
  | "node-version"
  | "source-folder"
  | "staging-space"
  | "tools"
  | "disks"
  | "elevation"
  | "copy-machine"
  | "return-address"
  | "certificate"
  | "parameters-file"
  | "clock"
  | "sign-in"
  | "subscription"
  | "offer"
  | "rights"
  | "providers"
  | "storage-account"
  | "container"
  | "datacentre"
  | "job-name";

/** A check with its answer. */
export interface CheckResult extends CheckFinding {
  readonly code: CheckCode;
}

/** Constructors of findings. */
export const found = Object.freeze({
  ok: (message: string): CheckFinding => ({ verdict: "ok", message }),
  warning: (message: string, whatToDo: string): CheckFinding => ({ verdict: "warning", message, whatToDo }),
  failed: (message: string, whatToDo: string): CheckFinding => ({ verdict: "failed", message, whatToDo }),
  skipped: (message: string): CheckFinding => ({ verdict: "skipped", message }),
});

/**
 * Asks one check after the other. A check that throws has failed; the others are asked all the same.
 *
 * @throws AbortError
 */
export async function runChecks(
  checks: readonly Check[],
  context: DoctorContext,
  onResult: (result: CheckResult) => void = () => undefined,
): Promise<readonly CheckResult[]> {
  const results = new Map<CheckCode, CheckResult>();
  for (const check of checks) {
    const result = Object.freeze({ code: check.code, ...(await answerOf(check, context, results)) });
    results.set(check.code, result);
    onResult(result);
  }
  return [...results.values()];
}

async function answerOf(
  check: Check,
  context: DoctorContext,
  results: ReadonlyMap<CheckCode, CheckResult>,
): Promise<CheckFinding> {
  if (check.isOnline && context.isOffline) return found.skipped("Azure was not to be asked.");
  const missing = check.needs?.find((code) => results.get(code)?.verdict === "failed");
  if (missing !== undefined) return found.skipped(`It cannot be told before '${missing}' is in order.`);
  try {
    return await check.ask(context);
  } catch (error) {
    if (hasErrorName(error, "AbortError")) throw error;
    // The messages of this library say what to do.
    return { verdict: "failed", message: errorMessageOf(error) };
  }
}
