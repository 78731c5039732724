/** `offline-seed job watch`: follows the job and says what changes, for as long as it takes. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ImportJobChange, isEndState, monitorImportJob } from "../../importjob/index.js";
import { publishFile, systemErrorCode } from "../../shared/index.js";
import type { CommandDefinition } from "../command-frame.js";
import { exitCode } from "../exit-codes.js";
import { linesOfJob } from "../jobs/describe-job.js";
import { openJob } from "../jobs/open-job-service.js";
import { parseSeconds } from "../parse/numbers.js";

interface JobWatchOptions {
  readonly interval?: number;
  readonly until?: "copied" | "ended";
}

const goodEnds = ["completed", "completed-with-warnings", "packaging", "shipped-to-customer"];

export const jobWatchCommand: CommandDefinition<JobWatchOptions> = {
  name: "watch",
  summary: "follow the job until its end and say what changes",
  description:
    "What was said is remembered in the reports folder, so that stopping and starting again repeats nothing. Stopping ends the watching, never the job. Exit code 1 when the job ended with errors.",
  usesSettings: true,
  usesAzure: true,
  options: [
    {
      flags: "--interval <seconds>",
      explanation: "pause between two looks (default: 900)",
      read: parseSeconds,
    },
    {
      flags: "--until <moment>",
      explanation: "copied: when nothing more is copied; ended: when the job is over (default)",
      choices: ["copied", "ended"],
    },
  ],
  examples: ["offline-seed job watch", "offline-seed job watch --until copied --interval 60"],
  async run(session, options) {
    const settings = await session.settings();
    const { service, ref } = await openJob(session, settings);
    const memoryPath = join(settings.reportsFolder, `${ref.jobName}.watch.json`);
    const restoreFrom = await readMemory(memoryPath);
    const monitor = monitorImportJob(service, ref, {
      abortSignal: session.abortSignal,
      clock: session.computer.clock,
      ...(options.interval === undefined ? {} : { intervalInMs: options.interval }),
      ...(options.until && { until: options.until }),
      ...(restoreFrom === undefined ? {} : { restoreFrom }),
    });
    const changes: ImportJobChange[] = [];
    await mkdir(settings.reportsFolder, { recursive: true });
    for await (const change of monitor) {
      changes.push(change);
      session.note(lineOfChange(change));
      await publishFile(memoryPath, await monitor.serialize());
    }
    const job = await monitor;
    const isGood = goodEnds.includes(job.state) || !isEndState(job.state);
    return {
      json: { job, changes: changes.map(({ status, ...shown }) => shown) },
      text: linesOfJob(job, session.computer.clock.nowInMs()),
      exitCode: isGood ? exitCode.success : exitCode.checkFailed,
    };
  },
};

async function readMemory(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** One line for one change, with its time. */
export function lineOfChange(change: ImportJobChange): string {
  const time = change.at.toISOString().replace("T", " ").slice(0, 19);
  return `${time}  ${textOfChange(change)}`;
}

function textOfChange(change: ImportJobChange): string {
  switch (change.type) {
    case "job-state":
      return change.from === undefined
        ? `the job is ${change.to}`
        : `the job went from ${change.from} to ${change.to}`;
    case "drive-state":
      return `drive ${change.driveId} is ${change.to}`;
    case "job-progress":
      return `${change.percentComplete} % of the job are done`;
    case "drive-progress":
      return `drive ${change.driveId}: ${change.percentComplete} %`;
    case "drive-log":
      return `drive ${change.driveId} has a log: ${change.errorLogUri ?? change.verboseLogUri}`;
    case "cancel-requested":
      return "cancelling was asked for";
    case "return-package":
      return `the drives come back with ${change.carrierName}, tracking number ${change.trackingNumber}`;
    case "deadline-soon":
      return `DEADLINE ${change.deadline.at.toISOString().slice(0, 10)}: ${change.deadline.whatToDo}`;
    case "deadline-passed":
      return `DEADLINE PASSED ${change.deadline.at.toISOString().slice(0, 10)}: ${change.deadline.consequence}`;
    case "unreachable":
      return `${change.message} Looking again in ${Math.round(change.retryInMs / 1000)} s.`;
  }
}
