/** `offline-seed registry`: the entries by which the backup agent finds the seed's identity. */
import { dirname, resolve } from "node:path";
import { readOfflineApplicationParams } from "../../certs/index.js";
import {
  certificateThumbprintEntry,
  createWindowsRegistry,
  currentUserIdEntry,
  openRegFile,
  scratchFolderEntry,
} from "../../registry/index.js";
import { CliError } from "../cli-error.js";
import type { CommandDefinition, OptionDefinition } from "../command-frame.js";
import { addEntries, linesOfEntries } from "../registry/add-entries.js";
import { storageAccountNameOf } from "../settings/seed-settings.js";

interface RegistryOptions {
  readonly params?: string;
  readonly regFile?: string;
}

interface RegistryAddOptions extends RegistryOptions {
  readonly folder?: string;
  readonly replaceUser?: boolean;
  readonly dryRun?: boolean;
}

const placeOptions: readonly OptionDefinition[] = [
  {
    flags: "--params <file>",
    explanation: "parameters file (default: the seed's OfflineApplicationParams.xml)",
  },
  { flags: "--reg-file <file>", explanation: "a .reg file in place of this computer's registry" },
];

export const registryAddCommand: CommandDefinition<RegistryAddOptions> = {
  name: "add",
  summary: "write the agent's registry entries and bring the parameters file to where it looks for it",
  description: "On Windows in an elevated prompt; elsewhere with --reg-file, which the server imports.",
  usesSettings: true,
  options: [
    ...placeOptions,
    {
      flags: "--folder <folder>",
      explanation: "for the copy of the parameters file (with --reg-file: beside it)",
    },
    { flags: "--replace-user", explanation: "also when the agent is registered for another Azure user" },
    { flags: "--dry-run", explanation: "show what would be written" },
  ],
  examples: ["offline-seed registry add --reg-file seed.reg"],
  async run(session, options) {
    const settings = await session.settings();
    const regFile = options.regFile === undefined ? undefined : resolve(options.regFile);
    const folder = options.folder ?? (regFile === undefined ? undefined : dirname(regFile));
    const added = await addEntries(session, {
      subscriptionId: settings.subscriptionId,
      storageAccountName: storageAccountNameOf(settings),
      xmlFilePath: options.params === undefined ? settings.parametersFile : resolve(options.params),
      regFile,
      folder: folder === undefined ? undefined : resolve(folder),
      replaceUser: options.replaceUser === true,
      isDryRun: options.dryRun === true,
    });
    return { json: added, text: linesOfEntries(added) };
  },
};

export const registryShowCommand: CommandDefinition<RegistryOptions> = {
  name: "show",
  summary: "show the agent's registry entries as they are",
  usesSettings: true,
  options: placeOptions,
  examples: ["offline-seed registry show --reg-file seed.reg"],
  async run(session, options) {
    const parametersFile =
      options.params === undefined ? (await session.settings()).parametersFile : resolve(options.params);
    const { identity } = await readOfflineApplicationParams(parametersFile);
    if (options.regFile === undefined && session.computer.platform !== "win32") {
      throw new CliError("usage", "This computer has no Windows registry; name a .reg file with --reg-file.");
    }
    const registry =
      options.regFile === undefined
        ? createWindowsRegistry({ runCommand: session.computer.runCommand })
        : await openRegFile(resolve(options.regFile));
    const wanted = [certificateThumbprintEntry(identity.azureUserId), currentUserIdEntry, scratchFolderEntry];
    const entries = [];
    for (const { keyPath, name } of wanted) {
      const value = await registry.getValue(keyPath, name, { abortSignal: session.abortSignal });
      entries.push({ keyPath, name, type: value?.type, data: value && String(value.data) });
    }
    return {
      json: entries,
      text: entries.map(({ keyPath, name, data }) => `${keyPath}\\${name} = ${data ?? "(absent)"}`),
    };
  },
};
