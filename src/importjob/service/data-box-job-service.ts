/**
 * Adapter over `@azure/arm-databox` 5.0.0, the client of `Microsoft.DataBox` (api-version 2022-12-01), for orders of
 * SKU `DataBoxCustomerDisk`: the customer's own drives, the named successor of Azure Import/Export.
 *
 * The only file that knows the generated types. Answers are read from the raw body.
 */
import {
  DataBoxManagementClient,
  type DataBoxManagementClientOptionalParams,
  type JobResource,
  type JobResourceUpdateParameter,
} from "@azure/arm-databox";
import type { PagedAsyncIterableIterator } from "@azure/core-paging";
import { createRoomLogger, throwIfAborted } from "../../shared/index.js";
import { ImportJobError, isImportJobError } from "../import-job-error.js";
import { assertOrderable } from "../order/assert-orderable.js";
import { contactOf, type ImportOrder } from "../order/import-order.js";
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
import { toDataBoxAddress, toDataBoxReturnPackage } from "./data-box-addresses.js";
import { isCustomerDiskImport, readDataBoxDestination, readDataBoxJob } from "./data-box-status.js";
import { findExistingJob, readCreatedJob } from "./find-existing-job.js";
import { finishOperation } from "./finish-operation.js";
import type {
  CancelImportJobOptions,
  EnterShippingOptions,
  ImportJobPage,
  ImportJobService,
  ImportJobServiceOptions,
  ListImportJobsOptions,
  ShippingDestinationOptions,
} from "./import-job-service.js";
import type { DriveRecoveryKey, ImportJobRef, ImportJobStatus } from "./import-job-status.js";
import { listJobs } from "./list-jobs.js";
import { asObject, asObjects, asText, type JsonObject } from "./raw-json.js";
import { abortOf, captureBodies, captureBody } from "./raw-response.js";
import { isForbidden, statusCodeOf, withJobNotFound } from "./service-failure.js";
import { visibleJobs } from "./visible-jobs.js";

const logger = createRoomLogger("importjob");
const skuName = "DataBoxCustomerDisk" as const;

/** Options of {@link DataBoxJobService}. */
export interface DataBoxJobClientOptions extends ImportJobClientOptions {
  /** Pause between looks at a running create, update or delete when the service names none. Default: 5000. */
  readonly pollingIntervalInMs?: number;
}

/** Azure Data Box with the customer's own disks. */
export class DataBoxJobService implements ImportJobService {
  readonly kind = "data-box" as const;
  readonly #client: DataBoxManagementClient;
  readonly #access: ArmAccess;
  readonly #pollingIntervalInMs: number;

  /** Creates the adapter; nothing is sent. `options` go to the pipeline; see {@link DataBoxJobClientOptions}. */
  constructor(subscriptionId: string, credential: TokenCredential, options: DataBoxJobClientOptions = {}) {
    const pipelineOptions = pipelineOptionsOf(options);
    this.#access = { subscriptionId, credential, options: pipelineOptions };
    this.#pollingIntervalInMs = options.pollingIntervalInMs ?? 5000;
    this.#client = new DataBoxManagementClient(
      credential,
      subscriptionId,
      pipelineOptions as DataBoxManagementClientOptionalParams,
    );
  }

  async createImportJob(order: ImportOrder, options: ImportJobServiceOptions = {}): Promise<ImportJobStatus> {
    assertOrderable(order, undefined, this.#access.subscriptionId);
    const existing = await findExistingJob(this, order, options);
    if (existing) return existing;
    assertOrderable(order, await readStorageAccountFacts(this.#access, order.storageAccountId, options));
    // A region whose datacentre takes no customer disks is told before anything is ordered.
    await this.getShippingDestination(order.location, {
      ...options,
      resourceGroupName: order.resourceGroupName,
    });
    logger.info(`creating Data Box job ${order.jobName} with ${order.drives.length} drives`);
    await finishOperation(`creating import job '${order.jobName}'`, options, () =>
      this.#client.jobs.beginCreate(order.resourceGroupName, order.jobName, toRequestBody(order), {
        ...abortOf(options),
        updateIntervalInMs: this.#pollingIntervalInMs,
      }),
    ).catch((error: unknown) => {
      // The name is taken: by a repetition of this request whose first answer was lost, or by somebody just now.
      if (statusCodeOf(error) !== 409) throw error;
      logger.info(`the service already has a job ${order.jobName}`);
      return readCreatedJob(this, order, options).then(
        () => undefined,
        (found: unknown) => {
          throw isImportJobError(found) && found.code === "different-order-exists" ? found : error;
        },
      );
    });
    return readCreatedJob(this, order, options);
  }

  async getImportJob(ref: ImportJobRef, options: ImportJobServiceOptions = {}): Promise<ImportJobStatus> {
    const body = await withJobNotFound(ref, () =>
      captureBody(`import job '${ref.jobName}'`, options, (capturing) =>
        this.#client.jobs.get(ref.resourceGroupName, ref.jobName, { ...capturing, expand: "details" }),
      ),
    );
    return readDataBoxJob(body, ref);
  }

  listImportJobs(
    options: ListImportJobsOptions = {},
  ): PagedAsyncIterableIterator<ImportJobStatus, ImportJobPage> {
    const { resourceGroupName } = options;
    const { jobs } = this.#client;
    return listJobs(
      {
        what: "the list of Data Box jobs",
        begin: (capturing) =>
          resourceGroupName === undefined
            ? jobs.list(capturing)
            : jobs.listByResourceGroup(resourceGroupName, capturing),
        isImport: isCustomerDiskImport,
        read: (resource) => readDataBoxJob(resource),
      },
      options,
    );
  }

  async getShippingDestination(
    location: string,
    options: ShippingDestinationOptions = {},
  ): Promise<ShippingDestination> {
    const storageLocation = normalizeLocation(location);
    const question = { datacenterAddressRequest: { storageLocation, skuName } };
    const { service } = this.#client;
    const { resourceGroupName } = options;
    const what = `the datacentre of region '${location}'`;
    let body: JsonObject = {};
    try {
      body = await captureBody(what, options, (capturing) =>
        service.regionConfiguration(storageLocation, question, capturing),
      ).catch((error: unknown) => {
        if (resourceGroupName === undefined || !isForbidden(error)) throw error;
        return captureBody(what, options, (capturing) =>
          service.regionConfigurationByResourceGroup(resourceGroupName, storageLocation, question, capturing),
        );
      });
    } catch (error) {
      const statusCode = statusCodeOf(error);
      if (statusCode !== 400 && statusCode !== 404) throw error;
      throw noDestination(location, error);
    }
    const destination = readDataBoxDestination(body, location);
    if (!destination) throw noDestination(location);
    return destination;
  }

  async enterShipping(
    ref: ImportJobRef,
    details: ShippingDetails,
    options: EnterShippingOptions = {},
  ): Promise<ImportJobStatus> {
    const { job, isEntered } = await beginShipping(this, ref, details, options, () =>
      this.#jobsWithPackages(ref, options),
    );
    if (isEntered) return job;
    const { carrierName, trackingNumber } = details.deliveryPackage;
    const update = toReturnUpdate(details);
    if (update) {
      await finishOperation(`updating import job '${ref.jobName}'`, options, () =>
        this.#client.jobs.beginUpdate(ref.resourceGroupName, ref.jobName, update, {
          ...abortOf(options),
          updateIntervalInMs: this.#pollingIntervalInMs,
        }),
      );
    }
    await this.#client.jobs.markDevicesShipped(
      ref.jobName,
      ref.resourceGroupName,
      { deliverToDcPackageDetails: { carrierName, trackingId: trackingNumber } },
      abortOf(options),
    );
    return this.getImportJob(ref, options);
  }

  async cancelImportJob(ref: ImportJobRef, options: CancelImportJobOptions = {}): Promise<ImportJobStatus> {
    const reason = options.reason ?? "Cancelled by the customer";
    await withJobNotFound(ref, () =>
      this.#client.jobs.cancel(ref.resourceGroupName, ref.jobName, { reason }, abortOf(options)),
    );
    return this.getImportJob(ref, options);
  }

  async deleteImportJob(ref: ImportJobRef, options: ImportJobServiceOptions = {}): Promise<void> {
    try {
      await finishOperation(`deleting import job '${ref.jobName}'`, options, () =>
        this.#client.jobs.beginDelete(ref.resourceGroupName, ref.jobName, {
          ...abortOf(options),
          updateIntervalInMs: this.#pollingIntervalInMs,
        }),
      );
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
        this.#client.jobs.listCredentials(ref.resourceGroupName, ref.jobName, capturing).byPage(),
      );
      for await (const body of bodies) {
        for (const credentials of asObjects(body["value"]) ?? []) {
          const secrets = asObjects(asObject(credentials["jobSecrets"])?.["diskSecrets"]) ?? [];
          for (const secret of secrets) {
            const driveId = asText(secret["diskSerialNumber"]) ?? "";
            keys.push(Object.freeze({ driveId, bitLockerKey: asText(secret["bitLockerKey"]) ?? "" }));
          }
        }
      }
    });
    return Object.freeze(keys);
  }

  /** Lists leave the parcels out, so the jobs that can have one are asked for one by one. */
  async *#jobsWithPackages(
    ref: ImportJobRef,
    options: ImportJobServiceOptions,
  ): AsyncGenerator<ImportJobStatus> {
    for await (const job of visibleJobs(this, ref, abortOf(options))) {
      throwIfAborted(options.abortSignal);
      if (job.state === "creating") continue;
      if (
        job.jobName === ref.jobName &&
        job.resourceGroupName.toLowerCase() === ref.resourceGroupName.toLowerCase()
      )
        continue;
      yield await this.getImportJob(job, options);
    }
  }
}

function noDestination(location: string, cause?: unknown): ImportJobError {
  return new ImportJobError(
    "no-shipping-destination",
    `Azure Data Box takes no customer disks for region '${location}'. Check the region's name, or use a storage account in another region.`,
    { details: { location }, cause },
  );
}

function toRequestBody(order: ImportOrder): JobResource {
  const contact = contactOf(order);
  return {
    location: order.location,
    ...(order.tags && { tags: { ...order.tags } }),
    sku: { name: skuName },
    transferType: "ImportToAzure",
    details: {
      jobDetailsType: "DataBoxCustomerDisk",
      contactDetails: {
        contactName: contact.contactName,
        phone: contact.phone,
        emailList: [...contact.emails],
      },
      shippingAddress: toDataBoxAddress(order.returnAddress),
      dataImportDetails: [
        {
          accountDetails: { dataAccountType: "StorageAccount", storageAccountId: order.storageAccountId },
          logCollectionLevel: order.logLevel === "verbose" ? "Verbose" : "Error",
        },
      ],
      importDiskDetailsCollection: Object.fromEntries(
        order.drives.map(({ driveId, manifestFile, manifestHash, bitLockerKey }) => [
          driveId,
          { manifestFile, manifestHash, bitLockerKey },
        ]),
      ),
      returnToCustomerPackageDetails: toDataBoxReturnPackage(order.returnShipping),
      enableManifestBackup: order.backUpDriveManifest ?? false,
    },
  };
}

/** What an update must change; undefined when nothing. */
function toReturnUpdate({
  returnAddress,
  returnShipping,
}: ShippingDetails): JobResourceUpdateParameter | undefined {
  if (!returnAddress && !returnShipping) return undefined;
  return {
    details: {
      ...(returnAddress && {
        shippingAddress: toDataBoxAddress(returnAddress),
        contactDetails: {
          contactName: returnAddress.recipientName,
          phone: returnAddress.phone,
          emailList: [returnAddress.email],
        },
      }),
      ...(returnShipping && { returnToCustomerPackageDetails: toDataBoxReturnPackage(returnShipping) }),
    },
  };
}
