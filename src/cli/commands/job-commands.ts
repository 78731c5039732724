/** `offline-seed job status`, `cancel` and `keys`. */
import { resolve } from "node:path";
import { publishFile, secretFileMode } from "../../shared/index.js";
import type { CommandDefinition } from "../command-frame.js";
import { linesOfJob } from "../jobs/describe-job.js";
import { openJob } from "../jobs/open-job-service.js";
import { findDestination, linesOfDestination } from "../jobs/show-destination.js";
import { counted } from "../words.js";

interface JobCancelOptions {
  readonly reason?: string;
}

interface JobKeysOptions {
  readonly save?: string;
}

export const jobStatusCommand: CommandDefinition<object> = {
  name: "status",
  summary: "show state, drives, parcels and deadlines of the job, and where the drives go",
  usesSettings: true,
  usesAzure: true,
  examples: ["offline-seed job status", "offline-seed job status --json"],
  async run(session) {
    const settings = await session.settings();
    const { service, ref } = await openJob(session, settings);
    const job = await service.getImportJob(ref, { abortSignal: session.abortSignal });
    const destination =
      job.state === "creating"
        ? await findDestination(session, service, {
            location: settings.location,
            resourceGroupName: ref.resourceGroupName,
          })
        : undefined;
    return {
      json: { job, destination },
      text: [...linesOfJob(job, session.computer.clock.nowInMs()), ...linesOfDestination(destination)],
    };
  },
};

export const jobCancelCommand: CommandDefinition<JobCancelOptions> = {
  name: "cancel",
  summary: "ask the service to cancel the job",
  description: "How late that is possible is up to the service; drives that are there are sent back.",
  usesSettings: true,
  usesAzure: true,
  options: [{ flags: "--reason <text>", explanation: "told to the service" }],
  examples: ["offline-seed job cancel --yes"],
  async run(session, options) {
    const { service, ref } = await openJob(session, await session.settings());
    await session.confirm(`Cancel import job ${ref.jobName}?`, "The job was not cancelled.");
    const job = await service.cancelImportJob(ref, {
      abortSignal: session.abortSignal,
      ...(options.reason === undefined ? {} : { reason: options.reason }),
    });
    return { json: { job }, text: linesOfJob(job, session.computer.clock.nowInMs()) };
  },
};

export const jobKeysCommand: CommandDefinition<JobKeysOptions> = {
  name: "keys",
  summary: "fetch the recovery passwords of the drives as the service holds them",
  description:
    "SECRET: whoever has a drive and its password has the data. With --save they go to a file only.",
  usesSettings: true,
  usesAzure: true,
  options: [
    { flags: "--save <file>", explanation: "write them to a file (mode 0600) instead of the screen" },
  ],
  examples: ["offline-seed job keys --save keys.json --yes"],
  async run(session, options) {
    const { service, ref } = await openJob(session, await session.settings());
    const isShown = options.save === undefined;
    if (isShown) await session.confirm("Show the recovery passwords on the screen?", "Nothing was shown.");
    const keys = await service.listRecoveryKeys(ref, { abortSignal: session.abortSignal });
    if (isShown) {
      return { json: keys, text: keys.map(({ driveId, bitLockerKey }) => `${driveId}: ${bitLockerKey}`) };
    }
    const path = resolve(options.save!);
    await publishFile(path, `${JSON.stringify(keys, undefined, 2)}\n`, { mode: secretFileMode });
    return {
      json: { file: path, driveIds: keys.map(({ driveId }) => driveId) },
      text: [`${counted(keys.length, "recovery password")} written to ${path}; keep it secret.`],
    };
  },
};
