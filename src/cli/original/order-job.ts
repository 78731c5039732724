/** Third part of the original conversation: return address, the order, and where to send the drives. */
import type { FoundStorageAccount, ImportJobService } from "../../importjob/index.js";
import { planImportJob } from "../../importjob/index.js";
import type { SeedCatalog } from "../../staging/index.js";
import { CliError } from "../cli-error.js";
import type { ListedDrive } from "../drives/drive-list.js";
import { buildOrder } from "../jobs/build-order.js";
import { saveJobRecord } from "../jobs/job-record.js";
import { findDestination, linesOfDestination } from "../jobs/show-destination.js";
import { askReturnAddress, askReturnShipping } from "../settings/address-options.js";
import type { ChosenSeed, Conversation } from "./conversation.js";

/** What an order is made from. */
export interface OrderJob extends ChosenSeed {
  readonly catalog: SeedCatalog;
  readonly drives: readonly ListedDrive[];
  readonly service: ImportJobService;
  readonly account: FoundStorageAccount;
}

/** Asks for the return address and orders the job. Uses the network. May be repeated: the same order is found. */
export async function orderJob(conversation: Conversation, order: OrderJob): Promise<void> {
  const { prompter, session, azure } = conversation;
  const { seed, drivesFolder, catalog, drives, service, account } = order;
  prompter.note("Where the datacentre sends the drives back to, and whom it may ask:");
  const returnAddress = await askReturnAddress(prompter);
  const returnShipping = await askReturnShipping(prompter);
  const facts = {
    jobName: seed.jobName,
    subscriptionId: seed.subscriptionId,
    containerName: seed.containerName,
    resourceGroup: account.resourceGroupName,
    location: account.location,
    storageAccountId: account.id,
    returnAddress,
    returnShipping,
  };
  const importOrder = await buildOrder(facts, drives, catalog, session.abortSignal);
  const { problems, canBeOrdered } = planImportJob(importOrder);
  if (!canBeOrdered) {
    const lines = problems.map(({ field, message }) => `  ${field}: ${message}`);
    throw new CliError("usage", `The job cannot be ordered:\n${lines.join("\n")}\nRun the command again.`);
  }
  const container = await azure.openContainer(seed.storageAccountName, seed.containerName);
  await container.createIfNotExists({ abortSignal: session.abortSignal }).catch(() => {
    session.abortSignal.throwIfAborted();
    prompter.note(`See in the portal that the container ${seed.containerName} exists.`);
  });
  const job = await service.createImportJob(importOrder, { abortSignal: session.abortSignal });
  await saveJobRecord(drivesFolder, job);
  prompter.note(`Import job ${job.jobName} was created.`);
  const destination = await findDestination(session, service, {
    location: account.location,
    resourceGroupName: account.resourceGroupName,
  });
  prompter.note(linesOfDestination(destination).join("\n"));
}
