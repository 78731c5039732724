/** `offline-seed report`: one HTML file about the job, with a packing slip for each parcel. */
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import {
  loadShippingDetails,
  type SavedShippingDetails,
  type SeedReport,
  type ShippingDestination,
} from "../../importjob/index.js";
import { type JobReportInput, type ReportedJob, renderJobReport } from "../../report/index.js";
import { publishFile, systemErrorCode } from "../../shared/index.js";
import { isCliError } from "../cli-error.js";
import type { CommandDefinition } from "../command-frame.js";
import { readDriveList } from "../drives/drive-list.js";
import { openJob } from "../jobs/open-job-service.js";
import { findDestination } from "../jobs/show-destination.js";
import type { Session } from "../session.js";
import type { SeedSettings } from "../settings/seed-settings.js";
import { reportFileOf } from "./reconcile-command.js";

interface ReportOptions {
  readonly out?: string;
  readonly timeZone?: string;
  readonly offline?: boolean;
}

export const reportCommand: CommandDefinition<ReportOptions> = {
  name: "report",
  summary: "write one HTML file about the job: drives, deadlines, proof, packing slips",
  description:
    "Takes what is known so far: finished drives, the job as the service sees it, shipping details, the last comparison. Holds no recovery passwords.",
  usesSettings: true,
  usesAzure: true,
  options: [
    { flags: "--out <file>", explanation: "file to write (default: <job>.html in the reports folder)" },
    { flags: "--time-zone <name>", explanation: "for dates, for example Europe/Amsterdam (default: UTC)" },
    { flags: "--offline", explanation: "do not ask Azure" },
  ],
  examples: ["offline-seed report", "offline-seed report --out job.html --time-zone Europe/Amsterdam"],
  async run(session, options) {
    const settings = await session.settings();
    const input = await inputOf(session, settings, options.offline === true);
    const timeZone = options.timeZone === undefined ? {} : { timeZone: options.timeZone };
    const page = renderJobReport(input, timeZone);
    const path =
      options.out === undefined
        ? join(settings.reportsFolder, `${settings.jobName}.html`)
        : resolve(options.out);
    await mkdir(dirname(path), { recursive: true });
    await publishFile(path, page);
    return { json: { file: path }, text: [`Report written to ${path}.`] };
  },
};

async function inputOf(
  session: Session,
  settings: SeedSettings,
  isOffline: boolean,
): Promise<JobReportInput> {
  const shipping = await loadShippingDetails(settings.stagingFolder, settings.jobName);
  const online = isOffline ? undefined : await askService(session, settings);
  return {
    reportedAt: new Date(session.computer.clock.nowInMs()),
    job: online?.job ?? { jobName: settings.jobName },
    containerName: settings.containerName,
    drives: await drivesOf(settings),
    seedReport: await seedReportOf(settings),
    destination: online?.destination,
    shipping: shippingOf(settings, shipping),
    shippingEnteredAt: shipping?.sentAt,
  };
}

/** What the service says; undefined before the order. */
async function askService(
  session: Session,
  settings: SeedSettings,
): Promise<{ readonly job: ReportedJob; readonly destination: ShippingDestination | undefined } | undefined> {
  try {
    const { service, ref } = await openJob(session, settings);
    const job = await service.getImportJob(ref, { abortSignal: session.abortSignal });
    const { location } = settings;
    const { resourceGroupName } = ref;
    return { job, destination: await findDestination(session, service, { location, resourceGroupName }) };
  } catch (error) {
    if (isCliError(error) && error.code === "step-missing") return undefined;
    throw error;
  }
}

function shippingOf(
  settings: SeedSettings,
  saved: SavedShippingDetails | undefined,
): NonNullable<JobReportInput["shipping"]> {
  return {
    ...(settings.returnAddress && { returnAddress: settings.returnAddress }),
    ...(settings.returnShipping && { returnShipping: settings.returnShipping }),
    ...saved?.details,
  };
}

/** Without their recovery passwords. */
async function drivesOf(settings: SeedSettings): Promise<JobReportInput["drives"]> {
  try {
    const drives = await readDriveList(settings.drivesFolder);
    return drives.map(({ bitLockerKey, ...shown }) => shown);
  } catch (error) {
    if (isCliError(error) && error.code === "step-missing") return undefined;
    throw error;
  }
}

async function seedReportOf(settings: SeedSettings): Promise<SeedReport | undefined> {
  try {
    return JSON.parse(await readFile(reportFileOf(settings), "utf8")) as SeedReport;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
