/** `offline-seed repair`: uploads over the network what did not arrive, from a report or from the datacentre's logs. */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { formatBytes } from "../../diskprep/index.js";
import { type DriveLog, readImportLog, repairSeed, type SeedReport } from "../../importjob/index.js";
import { systemErrorCode } from "../../shared/index.js";
import { CliError } from "../cli-error.js";
import type { CommandDefinition } from "../command-frame.js";
import { readDriveList } from "../drives/drive-list.js";
import { openCatalog } from "../drives/open-catalog.js";
import { exitCode } from "../exit-codes.js";
import { type SeedSettings, storageAccountNameOf } from "../settings/seed-settings.js";
import { counted } from "../words.js";
import { keepReport, linesOfReport, reportFileOf } from "./reconcile-command.js";

interface RepairOptions {
  readonly log?: readonly string[];
}

export const repairCommand: CommandDefinition<RepairOptions> = {
  name: "repair",
  summary: "upload over the network what is missing or different, and compare again",
  description:
    "Takes the last report of 'reconcile', or logs of the datacentre. Every blob is looked at again before anything is sent; damaged blobs are overwritten.",
  usesSettings: true,
  usesAzure: true,
  options: [
    {
      flags: "--log <file>",
      explanation: "log of the datacentre, in place of the report (may be repeated)",
      isRepeatable: true,
    },
  ],
  examples: ["offline-seed repair", "offline-seed repair --log copylog.xml"],
  async run(session, options) {
    const settings = await session.settings();
    const { abortSignal } = session;
    const source = options.log ? await readLogs(options.log, abortSignal) : await readReport(settings);
    const azure = await session.azure(settings);
    const container = await azure.openContainer(storageAccountNameOf(settings), settings.containerName);
    const catalog = await openCatalog(settings, abortSignal);
    try {
      const repair = await repairSeed(container, catalog, source, {
        ...(options.log && { drives: await readDriveList(settings.drivesFolder) }),
        abortSignal,
        onProgress: session.display.listener("repair"),
      });
      await keepReport(settings, repair.after);
      return {
        json: repair,
        text: [
          ...repair.failures.map(({ name, message }) => `not repaired: ${name}: ${message}`),
          `${counted(repair.replaced, "blob")} sent whole, ${repair.mended} mended in part, ${formatBytes(repair.bytesSent)} sent.`,
          ...linesOfReport(repair.after),
        ],
        exitCode: repair.after.isProven ? exitCode.success : exitCode.checkFailed,
      };
    } finally {
      await catalog.close();
    }
  },
};

async function readLogs(paths: readonly string[], abortSignal: AbortSignal): Promise<readonly DriveLog[]> {
  const logs: DriveLog[] = [];
  for (const path of paths) logs.push(await readImportLog(createReadStream(resolve(path)), { abortSignal }));
  return logs;
}

async function readReport(settings: SeedSettings): Promise<SeedReport> {
  const path = reportFileOf(settings);
  try {
    return JSON.parse(await readFile(path, "utf8")) as SeedReport;
  } catch (cause) {
    if (systemErrorCode(cause) !== "ENOENT") throw cause;
    throw new CliError(
      "step-missing",
      `There is no report ${path} yet. Run 'offline-seed reconcile' first, or name logs with --log.`,
      { details: { path }, cause },
    );
  }
}
