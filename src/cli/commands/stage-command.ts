/** `offline-seed stage`: puts the source folder into the staging location and seals the seed. Goes on where it was stopped. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { formatBytes } from "../../diskprep/index.js";
import { publishFile } from "../../shared/index.js";
import {
  type CompressionOption,
  openStagingLocation,
  type SeedWriter,
  type StageDirectoryReport,
  type StagingLocation,
  type SymlinkPolicy,
  stageDirectory,
} from "../../staging/index.js";
import { CliError } from "../cli-error.js";
import type { CommandDefinition, OptionDefinition } from "../command-frame.js";
import { exitCode } from "../exit-codes.js";
import { parseWholeNumber } from "../parse/numbers.js";
import { type SeedSettings, storageAccountNameOf } from "../settings/seed-settings.js";
import { counted } from "../words.js";

interface StageOptions {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly prefix?: string;
  readonly symlinks?: SymlinkPolicy;
  readonly compression?: CompressionOption;
  readonly bundle?: boolean;
  readonly threads?: number;
  readonly allowFailures?: boolean;
}

/** Options that decide which files are taken, shared with `adopt` and `increment`. */
export const selectionOptions: readonly OptionDefinition[] = [
  {
    flags: "--include <pattern>",
    explanation: "only files that match (may be repeated)",
    isRepeatable: true,
  },
  {
    flags: "--exclude <pattern>",
    explanation: "leave out what matches (may be repeated)",
    isRepeatable: true,
  },
  { flags: "--prefix <text>", explanation: "put before every blob name, for example srv01/" },
];

export const stageCommand: CommandDefinition<StageOptions> = {
  name: "stage",
  summary: "put the source folder into the staging location and seal the seed",
  description:
    "Interrupted, the same command goes on where it stopped. Files that cannot be read are listed and the seed is not sealed, unless --allow-failures is given.",
  usesSettings: true,
  options: [
    ...selectionOptions,
    {
      flags: "--symlinks <policy>",
      explanation: "what happens to symbolic links (default: store)",
      choices: ["store", "follow", "skip"],
    },
    {
      flags: "--compression <method>",
      explanation: "compress files (default: none)",
      choices: ["none", "auto", "gzip", "brotli", "zstd"],
    },
    { flags: "--bundle", explanation: "put small files together in tar blobs" },
    { flags: "--threads <number>", explanation: "threads that read and hash", read: parseWholeNumber(1, 64) },
    { flags: "--allow-failures", explanation: "seal the seed although files could not be read" },
  ],
  examples: ["offline-seed stage", "offline-seed stage --exclude '**/cache/**' --compression auto"],
  async run(session, options) {
    const settings = await session.settings();
    const location = await openStagingLocation(settings.stagingFolder, { create: true });
    const writer = await openWriter(location, settings, session.abortSignal);
    let report: StageDirectoryReport;
    try {
      report = await stageDirectory(writer, settings.sourceFolder, {
        ...selectionOf(options),
        ...(options.symlinks && { symlinks: options.symlinks }),
        ...(options.compression && { compression: options.compression }),
        ...(options.bundle && { bundle: true }),
        ...(options.threads && { threads: options.threads }),
        onProgress: session.display.listener("staging"),
        abortSignal: session.abortSignal,
      });
    } catch (error) {
      await writer.close();
      throw error;
    }
    const failures = report.failures.map(({ path, message }) => `  not staged: ${path}: ${message}`);
    if (report.failureCount > 0 && !options.allowFailures) {
      await writer.close();
      return {
        json: { isSealed: false, ...report },
        text: [
          ...failures,
          `${report.failureCount} files could not be staged and the seed is not sealed. Mend the cause and repeat the command, or give --allow-failures.`,
        ],
        exitCode: exitCode.checkFailed,
      };
    }
    const catalog = await writer.seal();
    const { seedId, blobCount, totalBytes } = catalog;
    await catalog.close();
    await rememberSelection(settings, options);
    return {
      json: { isSealed: true, seedId, blobCount, totalBytes, ...report },
      text: [
        ...failures,
        `Seed ${settings.jobName} is sealed: ${counted(blobCount, "blob")}, ${formatBytes(totalBytes)}, in ${settings.stagingFolder}.`,
      ],
    };
  },
};

/** The selection as the staging room takes it. */
export function selectionOf(options: Pick<StageOptions, "include" | "exclude" | "prefix">): {
  include?: readonly string[];
  exclude?: readonly string[];
  namePrefix?: string;
} {
  return {
    ...(options.include && { include: options.include }),
    ...(options.exclude && { exclude: options.exclude }),
    ...(options.prefix !== undefined && { namePrefix: options.prefix }),
  };
}

/** Where the selection of the staged seed is kept, for `increment`. */
export function selectionFileOf(settings: SeedSettings): string {
  return join(settings.reportsFolder, `${settings.jobName}.selection.json`);
}

async function rememberSelection(settings: SeedSettings, options: StageOptions): Promise<void> {
  await mkdir(settings.reportsFolder, { recursive: true });
  const { symlinks } = options;
  const selection = { ...selectionOf(options), ...(symlinks && { symlinks }) };
  await publishFile(selectionFileOf(settings), `${JSON.stringify(selection, undefined, 2)}\n`);
}

async function openWriter(
  location: StagingLocation,
  settings: SeedSettings,
  abortSignal: AbortSignal,
): Promise<SeedWriter> {
  const existing = (await location.listSeeds()).find(({ jobName }) => jobName === settings.jobName);
  if (existing && existing.state !== "staging") {
    throw new CliError(
      "usage",
      `The seed ${settings.jobName} in ${settings.stagingFolder} is ${existing.state} already; a sealed seed never changes. Go on with 'offline-seed plan', or choose another job name.`,
      { details: { jobName: settings.jobName, state: existing.state } },
    );
  }
  if (existing) return await location.resumeSeed(settings.jobName, { abortSignal });
  return await location.createSeed({
    jobName: settings.jobName,
    subscriptionId: settings.subscriptionId,
    storageAccountName: storageAccountNameOf(settings),
    containerName: settings.containerName,
    abortSignal,
  });
}
