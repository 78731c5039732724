/** `offline-seed adopt`: makes a seed of files that another program wrote, without copying a byte. */
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { formatBytes } from "../../diskprep/index.js";
import { adoptStagingFolder, openStagingLocation } from "../../staging/index.js";
import { CliError } from "../cli-error.js";
import type { CommandDefinition } from "../command-frame.js";
import { storageAccountNameOf } from "../settings/seed-settings.js";
import { counted } from "../words.js";
import { selectionOf, selectionOptions } from "./stage-command.js";

interface AdoptOptions {
  readonly folder?: string;
  readonly dataset?: string;
  readonly mapPath?: readonly (readonly [string, string])[];
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly prefix?: string;
  readonly hashing?: "now" | "during-copy";
  readonly allowFailures?: boolean;
}

export const adoptCommand: CommandDefinition<AdoptOptions> = {
  name: "adopt",
  summary: "make a seed of files that another program wrote, without copying them",
  description:
    "For the staging folder of a backup agent (*.AIBBlob, *.BaseBlob), any folder, or a WAImportExport dataset.csv. The files must stay as they are until the drives are verified.",
  usesSettings: true,
  options: [
    {
      flags: "--folder <folder>",
      explanation: "folder with the files (default: the source folder of the settings)",
    },
    { flags: "--dataset <file>", explanation: "dataset.csv that names the files, in place of a folder" },
    {
      flags: "--map-path <from=to>",
      explanation:
        "where a path of the data set is on this computer, for example F:\\=/mnt/f/ (may be repeated)",
      read: readMapping,
      isRepeatable: true,
    },
    ...selectionOptions,
    {
      flags: "--hashing <when>",
      explanation: "now (default), or during-copy: the data is read once instead of twice",
      choices: ["now", "during-copy"],
    },
    { flags: "--allow-failures", explanation: "seal the seed although files could not be read" },
  ],
  examples: ["offline-seed adopt --folder /mnt/agent-staging"],
  async run(session, options) {
    const settings = await session.settings();
    await mkdir(settings.stagingFolder, { recursive: true });
    const location = await openStagingLocation(settings.stagingFolder);
    const { mapPath } = options;
    const { catalog, failures } = await adoptStagingFolder(location, {
      jobName: settings.jobName,
      subscriptionId: settings.subscriptionId,
      storageAccountName: storageAccountNameOf(settings),
      containerName: settings.containerName,
      ...(options.dataset === undefined
        ? { folder: options.folder === undefined ? settings.sourceFolder : resolve(options.folder) }
        : { dataSetFile: resolve(options.dataset) }),
      ...(mapPath && { mapPath: (path: string) => mapped(path, mapPath) }),
      ...selectionOf(options),
      ...(options.hashing && { hashing: options.hashing }),
      ...(options.allowFailures && { allowFailures: true }),
      abortSignal: session.abortSignal,
      onProgress: session.display.listener("adopt"),
    });
    const { seedId, blobCount, totalBytes } = catalog;
    await catalog.close();
    return {
      json: { seedId, blobCount, totalBytes, failures },
      text: [
        ...failures.map(({ path, message }) => `  not adopted: ${path}: ${message}`),
        `Seed ${settings.jobName} is sealed: ${counted(blobCount, "blob")}, ${formatBytes(totalBytes)}; the files stay where they are.`,
      ],
    };
  },
};

function readMapping(text: string): readonly [string, string] {
  const equals = text.indexOf("=");
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new CliError("usage", `'${text}' is not of the form from=to.`);
}

/** The path behind the first mapping that fits, with forward slashes where the target is a path of this kind. */
function mapped(path: string, mappings: readonly (readonly [string, string])[]): string {
  const mapping = mappings.find(([from]) => path.toLowerCase().startsWith(from.toLowerCase()));
  if (!mapping) return path;
  const [from, to] = mapping;
  const rest = path.slice(from.length);
  return to + (to.includes("/") ? rest.replaceAll("\\", "/") : rest);
}
