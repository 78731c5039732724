/** `offline-seed extract`: turns the container, or the staged seed, back into files. */
import { resolve } from "node:path";
import { formatBytes } from "../../diskprep/index.js";
import { type ExistingFilePolicy, type ExtractSeedReport, extractSeed } from "../../staging/index.js";
import type { CommandDefinition } from "../command-frame.js";
import { openCatalog } from "../drives/open-catalog.js";
import { exitCode } from "../exit-codes.js";
import { storageAccountNameOf } from "../settings/seed-settings.js";

interface ExtractOptions {
  readonly to: string;
  readonly from?: "container" | "staging";
  readonly prefix?: string;
  readonly stripPrefix?: string;
  readonly existing?: ExistingFilePolicy;
}

export const extractCommand: CommandDefinition<ExtractOptions> = {
  name: "extract",
  summary: "turn the container, or the staged seed, back into files",
  description: "Compression is undone, bundles are unpacked, times, modes and links are restored.",
  usesSettings: true,
  usesAzure: true,
  options: [
    { flags: "--to <folder>", explanation: "folder for the files", isRequired: true },
    {
      flags: "--from <source>",
      explanation: "what is read (default: container)",
      choices: ["container", "staging"],
    },
    { flags: "--prefix <text>", explanation: "only blobs whose names begin so" },
    { flags: "--strip-prefix <text>", explanation: "taken away from the beginning of names" },
    {
      flags: "--existing <policy>",
      explanation: "files that are there already (default: fail)",
      choices: ["fail", "skip", "overwrite"],
    },
  ],
  examples: ["offline-seed extract --to restored", "offline-seed extract --to restored --from staging"],
  async run(session, options) {
    const settings = await session.settings();
    const extractOptions = {
      ...(options.prefix !== undefined && { prefix: options.prefix }),
      ...(options.stripPrefix !== undefined && { stripPrefix: options.stripPrefix }),
      ...(options.existing && { existing: options.existing }),
      abortSignal: session.abortSignal,
      onProgress: session.display.listener("extract"),
    };
    const folder = resolve(options.to);
    if (options.from === "staging") {
      const catalog = await openCatalog(settings, session.abortSignal);
      try {
        return resultOf(await extractSeed(catalog, folder, extractOptions), folder);
      } finally {
        await catalog.close();
      }
    }
    const azure = await session.azure(settings);
    const container = await azure.openContainer(storageAccountNameOf(settings), settings.containerName);
    return resultOf(await extractSeed(container, folder, extractOptions), folder);
  },
};

function resultOf(report: ExtractSeedReport, folder: string) {
  return {
    json: { folder, ...report },
    text: [
      ...report.failures.slice(0, 20).map(({ path, message }) => `not extracted: ${path}: ${message}`),
      `${report.filesExtracted} files (${formatBytes(report.bytesExtracted)}) extracted to ${folder}` +
        `${report.failureCount > 0 ? `, ${report.failureCount} could not be` : ""}.`,
    ],
    exitCode: report.failureCount > 0 ? exitCode.checkFailed : exitCode.success,
  };
}
