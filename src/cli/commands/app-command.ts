/** `offline-seed app create`: registers the seed's application, gives it its rights and writes the parameters file. */
import {
  azureRoleIds,
  createSeedIdentity,
  isCertsError,
  manualSteps,
  writeOfflineApplicationParams,
} from "../../certs/index.js";
import { detectImportService, type ImportServiceKind } from "../../importjob/index.js";
import { CliError } from "../cli-error.js";
import type { CommandDefinition } from "../command-frame.js";
import { passwordVariable, type Session } from "../session.js";
import { readCertificateFile } from "../settings/certificate-file.js";
import { type SeedSettings, storageAccountNameOf } from "../settings/seed-settings.js";
import { writeSettingsFile } from "../settings/settings-file.js";

interface AppCreateOptions {
  readonly userId?: string;
}

export const appCreateCommand: CommandDefinition<AppCreateOptions> = {
  name: "create",
  summary:
    "register the application with the certificate, give it its rights, write OfflineApplicationParams.xml",
  description:
    "Needs somebody who may register applications and assign roles. May be repeated: what is there stays, certificates of others too.",
  usesSettings: true,
  usesAzure: true,
  options: [
    {
      flags: "--user-id <guid>",
      explanation: "Azure user in the application's name (default: whoever signs in)",
    },
  ],
  examples: ["offline-seed app create", "offline-seed app create --sign-in device-code"],
  async run(session, options) {
    const settings = await session.settings();
    const azure = await session.azure(settings);
    const certificate = await readCertificateFile(
      settings.certificateFile,
      session.environment[passwordVariable],
    );
    const groupScope = `/subscriptions/${settings.subscriptionId}/resourceGroups/${settings.resourceGroup}`;
    try {
      const created = await createSeedIdentity(await azure.administrator(), {
        cloud: azure.cloud,
        subscriptionId: settings.subscriptionId,
        certificate,
        ...(options.userId === undefined ? {} : { azureUserId: options.userId }),
        roles: [
          { scope: groupScope, roleId: azureRoleIds.contributor },
          // Reading the logs and comparing the container is a right of its own.
          { scope: settings.storageAccountId, roleId: azureRoleIds.storageBlobDataReader },
        ],
        providers: providersOf(settings),
        clientOptions: azure.clientOptions,
        abortSignal: session.abortSignal,
      });
      const { identity, isApplicationCreated, isCertificateAdded } = created;
      await writeOfflineApplicationParams(settings.parametersFile, {
        identity,
        storageAccountName: storageAccountNameOf(settings),
        createdAt: new Date(session.computer.clock.nowInMs()),
      });
      const service = await chooseService(session, settings);
      const { application, tenantId, azureUserId } = identity;
      return {
        json: {
          tenantId,
          azureUserId,
          application,
          isApplicationCreated,
          isCertificateAdded,
          parametersFile: settings.parametersFile,
          service,
        },
        text: [
          `${isApplicationCreated ? "Registered" : "Found"} application ${application.displayName} (${application.applicationId}).`,
          `The certificate was ${isCertificateAdded ? "added" : "there already"}.`,
          `Parameters written to ${settings.parametersFile}.`,
          `The drives go to ${service === "data-box" ? "Azure Data Box" : "Azure Import/Export"}.`,
        ],
      };
    } catch (error) {
      if (isCertsError(error) && error.code === "permission-missing") {
        showManualSteps(session, settings, azure.cloud, certificate, options.userId);
      }
      throw error;
    }
  },
};

/** `auto` may come to use either service. */
function providersOf({ service }: SeedSettings): readonly string[] {
  if (service === "data-box") return ["Microsoft.DataBox"];
  if (service === "import-export") return ["Microsoft.ImportExport"];
  return ["Microsoft.DataBox", "Microsoft.ImportExport"];
}

/**
 * Settles `auto` now: the application's rights are on the resource group, and which providers a subscription has can be
 * read with rights on the subscription only.
 */
async function chooseService(session: Session, settings: SeedSettings): Promise<ImportServiceKind> {
  if (settings.service !== "auto") return settings.service;
  const azure = await session.azure(settings);
  const { subscriptionId, location } = settings;
  const { preferred, explanation } = await detectImportService(subscriptionId, await azure.administrator(), {
    client: azure.armOptions,
    location,
    abortSignal: session.abortSignal,
  });
  if (preferred === undefined)
    throw new CliError("step-missing", explanation, { details: { subscriptionId } });
  await writeSettingsFile(session.settingsFile, { ...settings, service: preferred });
  return preferred;
}

function showManualSteps(
  session: Session,
  settings: SeedSettings,
  cloud: Parameters<typeof manualSteps>[0]["cloud"],
  certificate: Parameters<typeof manualSteps>[0]["certificate"],
  azureUserId: string | undefined,
): void {
  session.note("The rights for this are missing. Somebody who has them can do it by hand:");
  const steps = manualSteps({
    cloud,
    subscriptionId: settings.subscriptionId,
    azureUserId: azureUserId ?? "00000000-0000-0000-0000-000000000000",
    certificate,
    cerFilePath: "seed.cer (offline-seed cert export --format cer --out seed.cer)",
    pfxFilePath: "seed.pfx (offline-seed cert export --format pfx --out seed.pfx)",
  });
  for (const [position, { title, place, instructions }] of steps.entries()) {
    session.note(`${position + 1}. ${title} (${place})`);
    for (const instruction of instructions) session.note(`   ${instruction}`);
  }
}
