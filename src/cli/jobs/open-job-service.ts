/** The import service that the settings name, or that the subscription can use. */
import {
  DataBoxJobService,
  ImportExportJobService,
  type ImportJobRef,
  type ImportJobService,
  openImportService,
} from "../../importjob/index.js";
import type { AzureConnection } from "../azure/azure-connection.js";
import { CliError } from "../cli-error.js";
import type { Session } from "../session.js";
import type { SeedSettings, ServiceChoice } from "../settings/seed-settings.js";
import { loadJobRecord } from "./job-record.js";

/** A job and the service that has it. */
export interface OpenedJob {
  readonly service: ImportJobService;
  readonly ref: ImportJobRef;
}

/** Where a service is opened. */
export interface ServicePlace {
  readonly subscriptionId: string;
  readonly location: string;
  readonly service: ServiceChoice;
}

/** Opens the service; `auto` asks Resource Manager which one can be used. @throws ImportJobError `no-import-service` */
export async function openService(
  session: Session,
  azure: AzureConnection,
  { subscriptionId, location, service }: ServicePlace,
): Promise<ImportJobService> {
  const credential = await azure.credential();
  if (service === "data-box") return new DataBoxJobService(subscriptionId, credential, azure.armOptions);
  if (service === "import-export") {
    return new ImportExportJobService(subscriptionId, credential, azure.armOptions);
  }
  const { abortSignal } = session;
  // A local Azure lists no regions, and a real provider that lists none has not said no.
  return await openImportService(subscriptionId, credential, {
    client: azure.armOptions,
    location,
    abortSignal,
  });
}

/** The job of the settings at the service where it was ordered. @throws CliError `step-missing` before the order */
export async function openJob(session: Session, settings: SeedSettings): Promise<OpenedJob> {
  const record = await loadJobRecord(settings.drivesFolder);
  if (!record) {
    throw new CliError(
      "step-missing",
      `No import job was ordered from ${settings.drivesFolder} yet. Order it with 'offline-seed job create'.`,
      { details: { jobName: settings.jobName } },
    );
  }
  const azure = await session.azure(settings);
  const { subscriptionId, location } = settings;
  const service = await openService(session, azure, { subscriptionId, location, service: record.kind });
  return { service, ref: record };
}
