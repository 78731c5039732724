/** `offline-seed increment`: what changed at the source since the seed was staged, and uploading it. */
import { readFile } from "node:fs/promises";
import { formatBytes } from "../../diskprep/index.js";
import {
  applyIncrement,
  formatIncrementPlan,
  type PlanIncrementOptions,
  planIncrement,
} from "../../importjob/index.js";
import { systemErrorCode } from "../../shared/index.js";
import type { CommandDefinition } from "../command-frame.js";
import { openCatalog } from "../drives/open-catalog.js";
import { exitCode } from "../exit-codes.js";
import { type SeedSettings, storageAccountNameOf } from "../settings/seed-settings.js";
import { counted } from "../words.js";
import { selectionFileOf } from "./stage-command.js";

interface IncrementOptions {
  readonly apply?: boolean;
  readonly compare?: "time" | "content";
  readonly deleteRemoved?: string;
}

export const incrementCommand: CommandDefinition<IncrementOptions> = {
  name: "increment",
  summary: "show what changed at the source since the seed was staged; with --apply, upload it",
  description:
    "The patterns that were given to 'stage' hold here too. Nothing is deleted unless --delete-removed names the container.",
  usesSettings: true,
  usesAzure: true,
  options: [
    { flags: "--apply", explanation: "upload the changes (asks first)" },
    {
      flags: "--compare <how>",
      explanation: "time (default), or content: read every file",
      choices: ["time", "content"],
    },
    {
      flags: "--delete-removed <container>",
      explanation: "delete from the container what is gone from the source; name the container to confirm",
    },
  ],
  examples: ["offline-seed increment", "offline-seed increment --apply --yes"],
  async run(session, options) {
    const settings = await session.settings();
    const { abortSignal } = session;
    const catalog = await openCatalog(settings, abortSignal);
    try {
      const plan = await planIncrement(catalog, settings.sourceFolder, {
        ...(await readSelection(settings)),
        ...(options.compare && { compare: options.compare }),
        abortSignal,
        onProgress: session.display.listener("increment"),
      });
      const planText = formatIncrementPlan(plan).trimEnd().split("\n");
      if (!options.apply) return { json: { applied: false, plan }, text: planText };
      for (const line of planText) session.note(line);
      await session.confirm("Upload these changes?", "Nothing was uploaded.");
      const azure = await session.azure(settings);
      const container = await azure.openContainer(storageAccountNameOf(settings), settings.containerName);
      const report = await applyIncrement(container, catalog, plan, {
        ...(options.deleteRemoved !== undefined && { deleteRemoved: { confirm: options.deleteRemoved } }),
        abortSignal,
        onProgress: session.display.listener("increment"),
      });
      return {
        json: { applied: true, plan, report },
        text: [
          ...report.failures.map(({ path, message }) => `not uploaded: ${path}: ${message}`),
          `${counted(report.uploaded, "file")} uploaded, ${formatBytes(report.bytesSent)} sent, ${formatBytes(report.bytesReused)} were there already, ${report.deleted} deleted.`,
        ],
        exitCode: report.failures.length === 0 ? exitCode.success : exitCode.checkFailed,
      };
    } finally {
      await catalog.close();
    }
  },
};

/** The selection that `stage` used; without it names would not match. */
async function readSelection(settings: SeedSettings): Promise<PlanIncrementOptions> {
  try {
    return JSON.parse(await readFile(selectionFileOf(settings), "utf8")) as PlanIncrementOptions;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return {};
    throw error;
  }
}
