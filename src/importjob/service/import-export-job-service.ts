/**
 * Adapter over `@azure/arm-storageimportexport` 2.1.0, the client of `Microsoft.ImportExport` (api-version 2021-01-01).
 *
 * The only file that knows the generated types. Requests go through the client; answers are read from the raw body,
 * because the client invents a state and two flags when the service leaves them out.
 */
import {
  type DeliveryPackageInformation,
  type PutJobParameters,
  StorageImportExport,
  type StorageImportExportOptionalParams,
} from "@azure/arm-storageimportexport";
import type { PagedAsyncIterableIterator } from "@azure/core-paging";
import { createRoomLogger } from "../../shared/index.js";
import { ImportJobError } from "../import-job-error.js";
import { assertOrderable } from "../order/assert-orderable.js";
import type { ImportOrder, ReturnAddress } from "../order/import-order.js";
import { readStorageAccountFacts } from "../order/read-storage-account-facts.js";
import { normalizeLocation } from "../order/storage-account-id.js";
import type { ShippingDestination } from "../shipping/shipping-destination.js";
import type { ShippingDetails } from "../shipping/shipping-details.js";
import { beginShipping } from "./begin-shipping.js";
import {
  type ArmAccess,
  type ImportJobClientOptions,
  pipelineOptionsOf,
  type TokenCredential,
} from "./client-options.js";
import { findExistingJob, readCreatedJob } from "./find-existing-job.js";
import { alternateLocationNames, isOpenSite, readShippingDestination } from "./import-export-destination.js";
import { isImport, readImportExportJob } from "./import-export-status.js";
import type {
  CancelImportJobOptions,
  EnterShippingOptions,
  ImportJobPage,
  ImportJobService,
  ImportJobServiceOptions,
  ListImportJobsOptions,
} from "./import-job-service.js";
import type { DriveRecoveryKey, ImportJobRef, ImportJobStatus } from "./import-job-status.js";
import { listJobs } from "./list-jobs.js";
import { asObjects, asText, type JsonObject } from "./raw-json.js";
import { abortOf, captureBodies, captureBody } from "./raw-response.js";
import { statusCodeOf, withJobNotFound } from "./service-failure.js";
import { visibleJobs } from "./visible-jobs.js";

const logger = createRoomLogger("importjob");

/** Azure Import/Export, the classic service. Announced as retired in 2023; subscriptions may still be able to use it. */
export class ImportExportJobService implements ImportJobService {
  readonly kind = "import-export" as const;
  readonly #client: StorageImportExport;
  readonly #access: ArmAccess;

  /** Creates the adapter; nothing is sent. `options` go to the pipeline; see {@link ImportJobClientOptions}. */
  constructor(subscriptionId: string, credential: TokenCredential, options: ImportJobClientOptions = {}) {
    const pipelineOptions = pipelineOptionsOf(options);
    this.#access = { subscriptionId, credential, options: pipelineOptions };
    this.#client = new StorageImportExport(
      credential,
      subscriptionId,
      pipelineOptions as StorageImportExportOptionalParams,
    );
  }

  async createImportJob(order: ImportOrder, options: ImportJobServiceOptions = {}): Promise<ImportJobStatus> {
    assertOrderable(order, undefined, this.#access.subscriptionId);
    const existing = await findExistingJob(this, order, options);
    if (existing) return existing;
    assertOrderable(order, await readStorageAccountFacts(this.#access, order.storageAccountId, options));
    const destination = await this.getShippingDestination(order.location, options);
    logger.info(`creating import job ${order.jobName} with ${order.drives.length} drives`);
    await this.#client.jobs.create(
      order.jobName,
      order.resourceGroupName,
      toRequestBody(order, destination),
      {
        ...abortOf(options),
      },
    );
    // The echo of a PUT is not what the service keeps (it repeats the request's spelling), so the job is read back.
    return readCreatedJob(this, order, options);
  }

  async getImportJob(ref: ImportJobRef, options: ImportJobServiceOptions = {}): Promise<ImportJobStatus> {
    const body = await withJobNotFound(ref, () =>
      captureBody(`import job '${ref.jobName}'`, options, (capturing) =>
        this.#client.jobs.get(ref.jobName, ref.resourceGroupName, capturing),
      ),
    );
    return readImportExportJob(body, ref);
  }

  listImportJobs(
    options: ListImportJobsOptions = {},
  ): PagedAsyncIterableIterator<ImportJobStatus, ImportJobPage> {
    const { resourceGroupName } = options;
    const { jobs } = this.#client;
    return listJobs(
      {
        what: "the list of import jobs",
        begin: (capturing) =>
          resourceGroupName === undefined
            ? jobs.listBySubscription(capturing)
            : jobs.listByResourceGroup(resourceGroupName, capturing),
        isImport,
        read: (resource) => readImportExportJob(resource),
      },
      options,
    );
  }

  async getShippingDestination(
    location: string,
    options: ImportJobServiceOptions = {},
  ): Promise<ShippingDestination> {
    const site = await this.#findLocation(location, options);
    if (site && isOpenSite(site)) return readShippingDestination(site, location);
    for (const name of site ? alternateLocationNames(site) : []) {
      const alternate = await this.#findLocation(name, options);
      if (alternate) return readShippingDestination(alternate, location);
    }
    throw new ImportJobError(
      "no-shipping-destination",
      site
        ? `The datacentre for region '${location}' is closed and none of its alternates is known to the service; ask Azure support where to send drives.`
        : `Azure Import/Export takes no drives for region '${location}'. Check the region's name, or use a storage account in a region that is listed.`,
      { details: { location } },
    );
  }

  async enterShipping(
    ref: ImportJobRef,
    details: ShippingDetails,
    options: EnterShippingOptions = {},
  ): Promise<ImportJobStatus> {
    const { job, isEntered } = await beginShipping(this, ref, details, options, () =>
      visibleJobs(this, ref, abortOf(options)),
    );
    if (isEntered) return job;
    const { returnAddress, returnShipping } = details;
    await this.#client.jobs.update(
      ref.jobName,
      ref.resourceGroupName,
      {
        // A correction of a shipped job sends the parcel only: the state may be set once.
        ...(job.state === "creating" && { state: "Shipping" }),
        deliveryPackage: toDeliveryPackage(details, job.drives?.length),
        ...(returnAddress && { returnAddress: toReturnAddress(returnAddress) }),
        ...(returnShipping && { returnShipping: { ...returnShipping } }),
      },
      abortOf(options),
    );
    return this.getImportJob(ref, options);
  }

  async cancelImportJob(ref: ImportJobRef, options: CancelImportJobOptions = {}): Promise<ImportJobStatus> {
    await withJobNotFound(ref, () =>
      this.#client.jobs.update(
        ref.jobName,
        ref.resourceGroupName,
        { cancelRequested: true },
        abortOf(options),
      ),
    );
    return this.getImportJob(ref, options);
  }

  async deleteImportJob(ref: ImportJobRef, options: ImportJobServiceOptions = {}): Promise<void> {
    try {
      await this.#client.jobs.delete(ref.jobName, ref.resourceGroupName, abortOf(options));
    } catch (error) {
      if (statusCodeOf(error) !== 404) throw error;
    }
  }

  async listRecoveryKeys(
    ref: ImportJobRef,
    options: ImportJobServiceOptions = {},
  ): Promise<readonly DriveRecoveryKey[]> {
    const keys: DriveRecoveryKey[] = [];
    await withJobNotFound(ref, async () => {
      const bodies = captureBodies(`the keys of import job '${ref.jobName}'`, options, (capturing) =>
        this.#client.bitLockerKeys.list(ref.jobName, ref.resourceGroupName, capturing).byPage(),
      );
      for await (const body of bodies) {
        for (const entry of asObjects(body["value"]) ?? []) {
          const driveId = asText(entry["driveId"]) ?? "";
          keys.push(Object.freeze({ driveId, bitLockerKey: asText(entry["bitLockerKey"]) ?? "" }));
        }
      }
    });
    return Object.freeze(keys);
  }

  async #findLocation(name: string, options: ImportJobServiceOptions): Promise<JsonObject | undefined> {
    try {
      return await captureBody(`location '${name}'`, options, (capturing) =>
        this.#client.locations.get(normalizeLocation(name), capturing),
      );
    } catch (error) {
      if (statusCodeOf(error) === 404) return undefined;
      throw error;
    }
  }
}

function toRequestBody(order: ImportOrder, destination: ShippingDestination): PutJobParameters {
  return {
    location: order.location,
    ...(order.tags && { tags: { ...order.tags } }),
    properties: {
      storageAccountId: order.storageAccountId,
      jobType: "Import",
      returnAddress: toReturnAddress(order.returnAddress),
      returnShipping: { ...order.returnShipping },
      shippingInformation: toShippingInformation(destination),
      diagnosticsPath: order.diagnosticsPath ?? "waimportexport",
      logLevel: order.logLevel === "verbose" ? "Verbose" : "Error",
      backupDriveManifest: order.backUpDriveManifest ?? false,
      driveList: order.drives.map((drive) => ({
        driveId: drive.driveId,
        bitLockerKey: drive.bitLockerKey,
        manifestFile: drive.manifestFile,
        manifestHash: drive.manifestHash,
        driveHeaderHash: drive.driveHeaderHash,
      })),
    },
  };
}

/** Only the fields the service knows; a company goes in front of the street, where a carrier looks for it. */
function toReturnAddress(address: ReturnAddress): PutJobReturnAddress {
  const { companyName, streetAddress2, stateOrProvince, ...required } = address;
  const secondLine = [companyName, streetAddress2]
    .filter((part) => part !== undefined && part !== "")
    .join(", ");
  return {
    ...required,
    ...(secondLine !== "" && { streetAddress2: secondLine }),
    ...(stateOrProvince !== undefined && { stateOrProvince }),
  };
}

type PutJobReturnAddress = NonNullable<NonNullable<PutJobParameters["properties"]>["returnAddress"]>;
type PutJobShippingInformation = NonNullable<
  NonNullable<PutJobParameters["properties"]>["shippingInformation"]
>;

const shippingInformationFields = [
  "recipientName",
  "streetAddress1",
  "streetAddress2",
  "city",
  "stateOrProvince",
  "postalCode",
  "countryOrRegion",
  "phone",
] as const;

function toShippingInformation(destination: ShippingDestination): PutJobShippingInformation {
  const fields = shippingInformationFields.flatMap((name) =>
    destination[name] === undefined ? [] : [[name, destination[name]]],
  );
  return Object.fromEntries(fields) as PutJobShippingInformation;
}

function toDeliveryPackage(
  { deliveryPackage }: ShippingDetails,
  driveCountOfJob: number | undefined,
): DeliveryPackageInformation {
  const driveCount = deliveryPackage.driveCount ?? driveCountOfJob;
  return {
    carrierName: deliveryPackage.carrierName,
    trackingNumber: deliveryPackage.trackingNumber,
    ...(driveCount !== undefined && { driveCount }),
    ...(deliveryPackage.shipDate && { shipDate: deliveryPackage.shipDate.toISOString() }),
  };
}
