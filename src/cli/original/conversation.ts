/** What all parts of the original conversation share: who is asked, and where the seed is and goes. */
import { join } from "node:path";
import {
  type FoundStorageAccount,
  findStorageAccount,
  type ImportJobRef,
  type ImportJobService,
} from "../../importjob/index.js";
import type { SeedSummary, StagingLocation } from "../../staging/index.js";
import type { AzureConnection } from "../azure/azure-connection.js";
import { CliError } from "../cli-error.js";
import { loadJobRecord } from "../jobs/job-record.js";
import { openService } from "../jobs/open-job-service.js";
import type { Prompter } from "../prompts/prompter.js";
import type { Session } from "../session.js";

/** A conversation about the seeds of one staging location. */
export interface Conversation {
  readonly session: Session;
  readonly prompter: Prompter;
  readonly location: StagingLocation;
  readonly azure: AzureConnection;
  /** The arguments that name the staging location, for commands that are suggested. */
  readonly stagingArguments: string;
}

/** The seed that was chosen. */
export interface ChosenSeed {
  readonly seed: SeedSummary;
  /** Journals and recovery passwords of its drives. */
  readonly drivesFolder: string;
}

/** The folder of a seed's drives, in the staging location so that every computer that reaches it goes on. */
export function drivesFolderOf(location: StagingLocation, jobName: string): string {
  return join(location.folder, ".offline-seed-drives", jobName);
}

/** The storage account of a seed. Uses the network. @throws CliError `step-missing` when it cannot be found */
export async function findAccount(
  { azure, session }: Conversation,
  { subscriptionId, storageAccountName }: SeedSummary,
): Promise<FoundStorageAccount> {
  const access = await azure.armAccess(subscriptionId);
  const { abortSignal } = session;
  const account = await findStorageAccount(access, storageAccountName, { abortSignal });
  if (account) return account;
  throw new CliError(
    "step-missing",
    `Subscription ${subscriptionId} has no storage account '${storageAccountName}' that may be seen. Check the account, and who is signed in.`,
    { details: { subscriptionId, storageAccountName } },
  );
}

/** The service that has, or will get, the seed's job. Uses the network. */
export async function openSeedService(
  conversation: Conversation,
  { seed, drivesFolder }: ChosenSeed,
): Promise<{
  readonly service: ImportJobService;
  readonly ref: ImportJobRef;
  readonly account: FoundStorageAccount;
}> {
  const { azure, session } = conversation;
  const account = await findAccount(conversation, seed);
  const record = await loadJobRecord(drivesFolder);
  const service = await openService(session, azure, {
    subscriptionId: seed.subscriptionId,
    location: account.location,
    service: record?.kind ?? "auto",
  });
  const resourceGroupName = record?.resourceGroupName ?? account.resourceGroupName;
  return { service, ref: { jobName: seed.jobName, resourceGroupName }, account };
}
