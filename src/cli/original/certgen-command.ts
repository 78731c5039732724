/** `offline-seed certgen`: the command line of `AzureOfflineBackupCertGen.exe`. */
import { dirname, resolve } from "node:path";
import {
  azureRoleIds,
  createSeedCertificate,
  createSeedIdentity,
  offlineApplicationParamsFileName,
  writeOfflineApplicationParams,
} from "../../certs/index.js";
import { CliError } from "../cli-error.js";
import type { CommandDefinition, CommandResult } from "../command-frame.js";
import { addEntries, linesOfEntries } from "../registry/add-entries.js";
import type { Session } from "../session.js";
import { writeCertificateFile } from "../settings/certificate-file.js";
import { parseNameValueArguments, requiredValue } from "./name-value-arguments.js";

export const certgenCommand: CommandDefinition<object> = {
  name: "certgen",
  summary: "as AzureOfflineBackupCertGen.exe: CreateNewApplication, AddRegistryEntries",
  description: [
    "CreateNewApplication SubscriptionId:<id>",
    "  makes the certificate and the application, and writes OfflineApplicationParams.xml, .cer and .pem here",
    "AddRegistryEntries SubscriptionId:<id> xmlfilepath:<path> storageaccountname:<name> [regfile:<path>]",
    "  copies the file to the agent and writes its registry entries; regfile: writes them to a .reg file instead",
  ].join("\n"),
  operands: {
    "<action>": "CreateNewApplication or AddRegistryEntries",
    "[arguments...]": "name:value",
  },
  usesAzure: true,
  examples: [
    "offline-seed certgen CreateNewApplication SubscriptionId:21111111-2222-4333-8444-555555555555",
    "offline-seed certgen AddRegistryEntries SubscriptionId:21111111-2222-4333-8444-555555555555 xmlfilepath:OfflineApplicationParams.xml storageaccountname:seedaccount",
  ],
  async run(session, _options, [action = "", ...words]) {
    switch (action.toLowerCase()) {
      case "createnewapplication":
        return await createNewApplication(session, words);
      case "addregistryentries":
        return await addRegistryEntries(session, words);
      default:
        throw new CliError(
          "usage",
          `'${action}' is not an action of certgen; write CreateNewApplication or AddRegistryEntries.`,
        );
    }
  },
};

async function createNewApplication(session: Session, words: readonly string[]): Promise<CommandResult> {
  const values = parseNameValueArguments(words, ["SubscriptionId"]);
  const subscriptionId = requiredValue(values, "SubscriptionId");
  const azure = await session.azure();
  const nowInMs = session.computer.clock.nowInMs();
  // Without the agent's resource id the name ends with a time stamp, as the original's does.
  const certificate = await createSeedCertificate({ resourceId: String(Math.floor(nowInMs / 1000)) });
  const pemFile = resolve(`${certificate.name}.pem`);
  const cerFile = resolve(`${certificate.name}.cer`);
  await writeCertificateFile(pemFile, certificate, "pem");
  await writeCertificateFile(cerFile, certificate, "cer");
  const { identity, isApplicationCreated } = await createSeedIdentity(await azure.administrator(), {
    cloud: azure.cloud,
    subscriptionId,
    certificate,
    roles: [{ scope: `/subscriptions/${subscriptionId}`, roleId: azureRoleIds.contributor }],
    clientOptions: azure.clientOptions,
    abortSignal: session.abortSignal,
  });
  const parametersFile = resolve(offlineApplicationParamsFileName);
  await writeOfflineApplicationParams(parametersFile, {
    identity,
    storageAccountName: undefined,
    createdAt: new Date(nowInMs),
  });
  const { displayName, applicationId } = identity.application;
  return {
    json: { application: identity.application, isApplicationCreated, parametersFile, pemFile, cerFile },
    text: [
      `${isApplicationCreated ? "Created" : "Found"} application ${displayName} (${applicationId}); its certificates were kept and this one was added.`,
      `Certificate ${certificate.name}, thumbprint ${certificate.thumbprint}`,
      `  without private key: ${cerFile}`,
      `  with private key, keep it secret: ${pemFile}`,
      `Parameters: ${parametersFile}`,
      "Copy the parameters file to the server and run AddRegistryEntries there.",
    ],
  };
}

async function addRegistryEntries(session: Session, words: readonly string[]): Promise<CommandResult> {
  const values = parseNameValueArguments(words, [
    "SubscriptionId",
    "xmlfilepath",
    "storageaccountname",
    "regfile",
  ]);
  const regFile = values.get("regfile");
  const added = await addEntries(session, {
    subscriptionId: requiredValue(values, "SubscriptionId"),
    xmlFilePath: resolve(requiredValue(values, "xmlfilepath")),
    storageAccountName: requiredValue(values, "storageaccountname"),
    regFile: regFile === undefined ? undefined : resolve(regFile),
    folder: regFile === undefined ? undefined : dirname(resolve(regFile)),
    replaceUser: false,
    isDryRun: false,
  });
  return { json: added, text: linesOfEntries(added) };
}
