/** `offline-seed doctor`: checks every prerequisite of the workflow before it begins. */
import type { CommandDefinition } from "../command-frame.js";
import { type Check, type CheckResult, runChecks } from "../doctor/check.js";
import { computerChecks } from "../doctor/computer-checks.js";
import { doctorContextOf } from "../doctor/doctor-context.js";
import { identityChecks } from "../doctor/identity-checks.js";
import { serviceChecks } from "../doctor/service-checks.js";
import { exitCode } from "../exit-codes.js";
import { counted } from "../words.js";

interface DoctorOptions {
  readonly offline?: boolean;
}

/** All checks in their order. */
export const allChecks: readonly Check[] = [...computerChecks, ...identityChecks, ...serviceChecks];

export const doctorCommand: CommandDefinition<DoctorOptions> = {
  name: "doctor",
  summary: "check every prerequisite of the workflow, and say what to do",
  description:
    "Changes nothing. Each check has a code, a verdict (ok, warning, failed, skipped) and what to do. Exit code 1 when one has failed.",
  usesSettings: true,
  usesAzure: true,
  options: [{ flags: "--offline", explanation: "leave out the checks that ask Azure" }],
  examples: ["offline-seed doctor", "offline-seed doctor --offline --json"],
  async run(session, options) {
    const settings = await session.settings();
    const context = await doctorContextOf(session, settings, options.offline === true);
    const checks = await runChecks(allChecks, context);
    const failed = checks.filter(({ verdict }) => verdict === "failed").length;
    const warnings = checks.filter(({ verdict }) => verdict === "warning").length;
    return {
      json: { failed, warnings, checks },
      text: [...checks.flatMap(linesOfCheck), `${failed} failed, ${counted(warnings, "warning")}`],
      exitCode: failed > 0 ? exitCode.checkFailed : exitCode.success,
    };
  },
};

function linesOfCheck({ verdict, code, message, whatToDo }: CheckResult): readonly string[] {
  return [
    `${verdict.padEnd(8)} ${code.padEnd(16)} ${message}`,
    ...(whatToDo === undefined ? [] : [`${" ".repeat(26)}-> ${whatToDo}`]),
  ];
}
