/** `offline-seed init`: asks for what a seed needs and writes the settings file. */
import { access, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { azureClouds } from "../../certs/index.js";
import { type EmulatorAccess, parseEmulatorAccess } from "../../emulator/index.js";
import { CliError } from "../cli-error.js";
import type { CommandDefinition } from "../command-frame.js";
import { emulatorFileOf, type Session } from "../session.js";
import {
  type AddressOptions,
  addressFromOptions,
  addressOptions,
  askReturnAddress,
  askReturnShipping,
} from "../settings/address-options.js";
import type { SeedSettings, ServiceChoice } from "../settings/seed-settings.js";
import { writeSettingsFile } from "../settings/settings-file.js";

interface InitOptions extends AddressOptions {
  readonly source?: string;
  readonly staging?: string;
  readonly drives?: string;
  readonly job?: string;
  readonly container?: string;
  readonly cloud?: string;
  readonly subscription?: string;
  readonly resourceGroup?: string;
  readonly location?: string;
  readonly storageAccount?: string;
  readonly service?: ServiceChoice;
  readonly overwrite?: boolean;
}

export const initCommand: CommandDefinition<InitOptions> = {
  name: "init",
  summary: "ask for what a seed needs and write the settings file",
  description:
    "What is not given as an option is asked for. With a local Azure its subscription and account are taken. The file holds no secrets.",
  usesSettings: true,
  usesAzure: true,
  options: [
    { flags: "--source <folder>", explanation: "folder to be seeded" },
    { flags: "--staging <folder>", explanation: "staging location (default: staging)" },
    {
      flags: "--drives <folder>",
      explanation: "for journals, recovery passwords and images (default: drives)",
    },
    { flags: "--job <name>", explanation: "name of the import job" },
    { flags: "--container <name>", explanation: "container the seed goes to (default: seed)" },
    {
      flags: "--cloud <name>",
      explanation: "Azure cloud (default: public)",
      choices: Object.keys(azureClouds),
    },
    { flags: "--subscription <id>", explanation: "subscription of the storage account" },
    { flags: "--resource-group <name>", explanation: "resource group of account and import job" },
    { flags: "--location <region>", explanation: "region of the storage account" },
    { flags: "--storage-account <name>", explanation: "name, or ARM id, of the storage account" },
    {
      flags: "--service <kind>",
      explanation: "import service (default: auto)",
      choices: ["auto", "data-box", "import-export"],
    },
    ...addressOptions,
    { flags: "--overwrite", explanation: "replace an existing settings file" },
  ],
  examples: [
    "offline-seed init",
    "offline-seed init --yes --emulator emulator.json --source photos --job first-backup",
  ],
  async run(session, options) {
    await refuseExisting(session, options);
    const settings = await collectSettings(session, options);
    await writeSettingsFile(session.settingsFile, settings);
    return {
      json: { settingsFile: session.settingsFile, settings },
      text: [
        `Settings written to ${session.settingsFile}.`,
        "Next: 'offline-seed cert create' and 'offline-seed app create' for an identity, then 'offline-seed doctor'.",
      ],
    };
  },
};

async function refuseExisting({ settingsFile }: Session, options: InitOptions): Promise<void> {
  const exists = await access(settingsFile).then(
    () => true,
    () => false,
  );
  if (!exists || options.overwrite) return;
  throw new CliError(
    "usage",
    `There are settings in ${settingsFile} already. Edit them, name another file with --config, or give --overwrite.`,
    { details: { path: settingsFile } },
  );
}

async function collectSettings(session: Session, options: InitOptions): Promise<SeedSettings> {
  const emulatorFile = emulatorFileOf(session.options, session.environment);
  const emulator = emulatorFile === undefined ? undefined : await readEmulator(emulatorFile);
  const folder = dirname(session.settingsFile);
  const answer = answersOf(session);
  const sourceFolder = resolve(await answer("--source", options.source, "Folder to be seeded"));
  const jobName = await answer("--job", options.job, "Name of the import job", jobNameFrom(sourceFolder));
  const subscriptionId = await answer(
    "--subscription",
    options.subscription ?? emulator?.subscriptionId,
    "Subscription id",
  );
  const resourceGroup = await answer(
    "--resource-group",
    options.resourceGroup ?? emulator?.resourceGroup,
    "Resource group",
  );
  const account = await answer(
    "--storage-account",
    options.storageAccount ?? emulator?.storageAccountId,
    "Storage account (name or ARM id)",
  );
  const location = await answer(
    "--location",
    options.location ?? emulator?.location,
    "Region of the account",
  );
  const containerName = await answer("--container", options.container, "Container", "seed");
  const stagingFolder = await answer(
    "--staging",
    options.staging,
    "Staging location",
    join(folder, "staging"),
  );
  return {
    cloud: emulator ? "emulator" : (options.cloud ?? "public"),
    emulatorFile,
    subscriptionId,
    resourceGroup,
    location,
    storageAccountId: account.startsWith("/")
      ? account
      : `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Storage/storageAccounts/${account}`,
    containerName,
    jobName,
    service: options.service ?? "auto",
    sourceFolder,
    stagingFolder: resolve(stagingFolder),
    drivesFolder: resolve(options.drives ?? join(folder, "drives")),
    reportsFolder: join(folder, "reports"),
    certificateFile: join(folder, "seed-certificate.pem"),
    parametersFile: join(folder, "OfflineApplicationParams.xml"),
    ...(await collectAddress(session, options)),
    contact: undefined,
  };
}

/** A question that an option answers beforehand; where a default is known, `--yes` and a missing terminal take it. */
function answersOf(session: Session) {
  return async (
    option: string,
    given: string | undefined,
    question: string,
    initial?: string,
  ): Promise<string> => {
    if (given !== undefined) return given;
    const canAsk = session.io.prompter !== undefined && !session.options.yes;
    if (!canAsk && initial !== undefined) return initial;
    return await session.ask(option, {
      question,
      initial,
      problemOf: (typed) => (typed === "" ? "This is needed." : undefined),
    });
  };
}

async function collectAddress(
  session: Session,
  options: InitOptions,
): Promise<Pick<SeedSettings, "returnAddress" | "returnShipping">> {
  const given = addressFromOptions(options);
  const { prompter } = session.io;
  if (given.returnAddress || given.returnShipping || !prompter || session.options.yes) return given;
  if (!(await prompter.confirm("Enter the return address now? (It is needed for the import job.)")))
    return given;
  return {
    returnAddress: await askReturnAddress(prompter),
    returnShipping: await askReturnShipping(prompter),
  };
}

async function readEmulator(path: string): Promise<EmulatorAccess> {
  return parseEmulatorAccess(await readFile(path, "utf8"));
}

/** A valid job name that resembles the folder's. */
function jobNameFrom(sourceFolder: string): string {
  const name = basename(sourceFolder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-+$/g, "")
    .slice(0, 19)
    .replaceAll(/-+$/g, "");
  return `${name === "" ? "backup" : name}-seed`;
}
