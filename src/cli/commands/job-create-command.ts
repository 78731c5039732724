/** `offline-seed job create`: orders the import job for the finished drives. */
import { formatImportJobPlan, type ImportOrder, planImportJob } from "../../importjob/index.js";
import type { AzureConnection } from "../azure/azure-connection.js";
import { CliError } from "../cli-error.js";
import type { CommandDefinition } from "../command-frame.js";
import { readDriveList } from "../drives/drive-list.js";
import { openCatalog } from "../drives/open-catalog.js";
import { exitCode } from "../exit-codes.js";
import { buildOrder } from "../jobs/build-order.js";
import { linesOfJob } from "../jobs/describe-job.js";
import { saveJobRecord } from "../jobs/job-record.js";
import { openService } from "../jobs/open-job-service.js";
import { findDestination, linesOfDestination } from "../jobs/show-destination.js";
import type { Session } from "../session.js";
import {
  type AddressOptions,
  addressFromOptions,
  addressOptions,
  askReturnAddress,
  askReturnShipping,
} from "../settings/address-options.js";
import { type SeedSettings, storageAccountNameOf } from "../settings/seed-settings.js";
import { writeSettingsFile } from "../settings/settings-file.js";

interface JobCreateOptions extends AddressOptions {
  readonly dryRun?: boolean;
}

export const jobCreateCommand: CommandDefinition<JobCreateOptions> = {
  name: "create",
  summary: "order the import job for the finished drives",
  description:
    "Shows the order and asks before it is sent. May be repeated: the same order is found, a different one of that name is refused.",
  usesSettings: true,
  usesAzure: true,
  options: [
    { flags: "--dry-run", explanation: "show the order and its problems; send nothing" },
    ...addressOptions,
  ],
  examples: ["offline-seed job create --dry-run", "offline-seed job create --yes"],
  async run(session, options) {
    const settings = await withAddress(session, await session.settings(), options);
    const order = await orderOf(session, settings);
    const plan = planImportJob(order);
    const planText = formatImportJobPlan(plan).trimEnd().split("\n");
    if (options.dryRun || !plan.canBeOrdered) {
      return {
        json: { ordered: false, plan },
        text: planText,
        exitCode: plan.canBeOrdered ? exitCode.success : exitCode.checkFailed,
      };
    }
    for (const line of planText) session.note(line);
    await session.confirm("Place this order?", "Nothing was ordered.");
    const azure = await session.azure(settings);
    await ensureContainer(session, azure, settings);
    const service = await openService(session, azure, settings);
    const job = await service.createImportJob(order, { abortSignal: session.abortSignal });
    await saveJobRecord(settings.drivesFolder, job);
    const { location, resourceGroup: resourceGroupName } = settings;
    const destination = await findDestination(session, service, { location, resourceGroupName });
    return {
      json: { ordered: true, job, destination },
      text: [
        ...linesOfJob(job, session.computer.clock.nowInMs()),
        ...linesOfDestination(destination),
        "Next: 'offline-seed job ship' when the parcel has a tracking number.",
      ],
    };
  },
};

/** Settings with an address: from the options, the file, or by asking; a new one is kept in the file. */
async function withAddress(
  session: Session,
  settings: SeedSettings,
  options: AddressOptions,
): Promise<SeedSettings> {
  const given = addressFromOptions(options);
  const { prompter } = session.io;
  const returnAddress =
    given.returnAddress ?? settings.returnAddress ?? (prompter && (await askReturnAddress(prompter)));
  const returnShipping =
    given.returnShipping ?? settings.returnShipping ?? (prompter && (await askReturnShipping(prompter)));
  if (!returnAddress || !returnShipping) {
    throw new CliError(
      "input-needed",
      "The return address or its carrier is missing and nobody can be asked here; give --recipient, --street, --city, --postal-code, --country, --phone, --email, --return-carrier and --return-account.",
    );
  }
  if (returnAddress === settings.returnAddress && returnShipping === settings.returnShipping) return settings;
  const complete = { ...settings, returnAddress, returnShipping };
  await writeSettingsFile(session.settingsFile, complete);
  return complete;
}

async function orderOf(session: Session, settings: SeedSettings): Promise<ImportOrder> {
  const drives = await readDriveList(settings.drivesFolder);
  const catalog = await openCatalog(settings, session.abortSignal);
  try {
    const { returnAddress, returnShipping } = settings;
    const facts = { ...settings, returnAddress: returnAddress!, returnShipping: returnShipping! };
    return await buildOrder(facts, drives, catalog, session.abortSignal);
  } finally {
    await catalog.close();
  }
}

/** The datacentre writes into a container that is there. Without the right to make one, it has to be made by hand. */
async function ensureContainer(
  session: Session,
  azure: AzureConnection,
  settings: SeedSettings,
): Promise<void> {
  const { containerName } = settings;
  const { abortSignal } = session;
  try {
    const container = await azure.openContainer(storageAccountNameOf(settings), containerName);
    if (await container.exists({ abortSignal })) return;
    await container.create({ abortSignal });
    session.note(`Container ${containerName} was made.`);
  } catch (error) {
    if (abortSignal.aborted) throw error;
    session.note(
      `Container ${containerName} could not be looked at or made here. See in the portal that it exists before the drives arrive.`,
    );
  }
}
