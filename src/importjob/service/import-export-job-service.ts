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
import { createRoomLogger, throwIfAborted } from "../../shared/index.js";
import { ImportJobError, isImportJobError } from "../import-job-error.js";
import { assertOrderable } from "../order/assert-orderable.js";
import type { ImportOrder, ReturnAddress } from "../order/import-order.js";
import { readStorageAccountFacts } from "../order/read-storage-account-facts.js";
import { normalizeLocation } from "../order/storage-account-id.js";
import { checkTrackingNumber } from "../shipping/check-tracking-number.js";
import type { ShippingDestination } from "../shipping/shipping-destination.js";
import { assertShippingDetails, type ShippingDetails } from "../shipping/shipping-details.js";
import {
  type ArmAccess,
  type ImportJobClientOptions,
  pipelineOptionsOf,
  type TokenCredential,
} from "./client-options.js";
import { compareOrderWithJob } from "./compare-order.js";
import { alternateLocationNames, isOpenSite, readShippingDestination } from "./import-export-destination.js";
import { readImportExportJob } from "./import-export-status.js";
import type {
  CancelImportJobOptions,
  EnterShippingOptions,
  ImportJobPage,
  ImportJobService,
  ImportJobServiceOptions,
  ListImportJobsOptions,
} from "./import-job-service.js";
import type { DriveRecoveryKey, ImportJobRef, ImportJobStatus } from "./import-job-status.js";
import { createPagedIterator, toPage } from "./paged-iterator.js";
import { asObjects, asText, type JsonObject, parseJsonBody } from "./raw-json.js";
import { differentOrderError, statusCodeOf, withJobNotFound } from "./service-failure.js";
import { assertCanEnterShipping, isSameParcel } from "./shipping-rules.js";

const logger = createRoomLogger("importjob");

/** What of a raw response is looked at. */
interface RawResponse {
  readonly bodyAsText?: string | null;
}

/** Options of a generated operation with the raw answer handed to `onResponse`. */
interface CapturingOptions {
  abortSignal?: NonNullable<ImportJobServiceOptions["abortSignal"]>;
  onResponse: (rawResponse: RawResponse) => void;
}

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
    assertOrderable(order);
    this.#assertOwnSubscription(order);
    const existing = await this.#findJob(order, options);
    if (existing) {
      const keys = await this.listRecoveryKeys(order, options);
      const differences = compareOrderWithJob(order, existing, keys);
      if (differences.length > 0) throw differentOrderError(order, differences);
      return existing;
    }
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
    return this.getImportJob(order, options);
  }

  async getImportJob(ref: ImportJobRef, options: ImportJobServiceOptions = {}): Promise<ImportJobStatus> {
    const body = await withJobNotFound(ref, () =>
      capture(`import job '${ref.jobName}'`, options, (capturing) =>
        this.#client.jobs.get(ref.jobName, ref.resourceGroupName, capturing),
      ),
    );
    return readImportExportJob(body, ref);
  }

  listImportJobs(
    options: ListImportJobsOptions = {},
  ): PagedAsyncIterableIterator<ImportJobStatus, ImportJobPage> {
    const { resourceGroupName } = options;
    const jobs = this.#client.jobs;
    return createPagedIterator<ImportJobStatus, ImportJobPage>(async function* pages(continuationToken) {
      let bodyAsText: string | null | undefined;
      const capturing: CapturingOptions = {
        ...abortOf(options),
        onResponse: (rawResponse) => {
          bodyAsText = rawResponse.bodyAsText;
        },
      };
      const iterator =
        resourceGroupName === undefined
          ? jobs.listBySubscription(capturing)
          : jobs.listByResourceGroup(resourceGroupName, capturing);
      const settings = continuationToken === undefined ? {} : { continuationToken };
      for await (const _page of iterator.byPage(settings)) {
        throwIfAborted(options.abortSignal);
        const body = parseJsonBody(bodyAsText, "the list of import jobs");
        const statuses = (asObjects(body["value"]) ?? []).map((job) => readImportExportJob(job));
        yield toPage(statuses, asText(body["nextLink"]));
      }
    });
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
    assertShippingDetails(details);
    const job = await this.getImportJob(ref, options);
    if (job.state !== "creating" && isSameParcel(job, details)) return job;
    assertCanEnterShipping(job);
    const { deliveryPackage, returnAddress, returnShipping } = details;
    if (!options.allowSharedTrackingNumber) {
      await checkTrackingNumber(ref, deliveryPackage.trackingNumber, this.listImportJobs(abortOf(options)));
    }
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
    const body = await withJobNotFound(ref, () =>
      capture(`the keys of import job '${ref.jobName}'`, options, async (capturing) => {
        // The operation has one page; its raw body is what counts.
        for await (const _page of this.#client.bitLockerKeys
          .list(ref.jobName, ref.resourceGroupName, capturing)
          .byPage()) {
          throwIfAborted(options.abortSignal);
        }
      }),
    );
    return Object.freeze(
      (asObjects(body["value"]) ?? []).map((entry) =>
        Object.freeze({
          driveId: asText(entry["driveId"]) ?? "",
          bitLockerKey: asText(entry["bitLockerKey"]) ?? "",
        }),
      ),
    );
  }

  #assertOwnSubscription(order: ImportOrder): void {
    const { subscriptionId } = this.#access;
    if (order.subscriptionId.toLowerCase() === subscriptionId.toLowerCase()) return;
    throw new ImportJobError(
      "invalid-order",
      `The order is for subscription ${order.subscriptionId}, but this service was opened for ${subscriptionId}; nothing was sent.`,
      { details: { subscriptionId: "differs from the subscription of the service" } },
    );
  }

  async #findJob(ref: ImportJobRef, options: ImportJobServiceOptions): Promise<ImportJobStatus | undefined> {
    try {
      return await this.getImportJob(ref, options);
    } catch (error) {
      if (isImportJobError(error) && error.code === "job-not-found") return undefined;
      throw error;
    }
  }

  async #findLocation(name: string, options: ImportJobServiceOptions): Promise<JsonObject | undefined> {
    try {
      return await capture(`location '${name}'`, options, (capturing) =>
        this.#client.locations.get(normalizeLocation(name), capturing),
      );
    } catch (error) {
      if (statusCodeOf(error) === 404) return undefined;
      throw error;
    }
  }
}

function abortOf(options: ImportJobServiceOptions): {
  abortSignal?: NonNullable<ImportJobServiceOptions["abortSignal"]>;
} {
  return options.abortSignal ? { abortSignal: options.abortSignal } : {};
}

async function capture(
  what: string,
  options: ImportJobServiceOptions,
  send: (capturing: CapturingOptions) => Promise<unknown>,
): Promise<JsonObject> {
  let bodyAsText: string | null | undefined;
  await send({
    ...abortOf(options),
    onResponse: (rawResponse) => {
      bodyAsText = rawResponse.bodyAsText;
    },
  });
  return parseJsonBody(bodyAsText, what);
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

function toShippingInformation(destination: ShippingDestination): PutJobShippingInformation {
  const {
    recipientName,
    streetAddress1,
    streetAddress2,
    city,
    stateOrProvince,
    postalCode,
    countryOrRegion,
    phone,
  } = destination;
  const fields = {
    recipientName,
    streetAddress1,
    streetAddress2,
    city,
    stateOrProvince,
    postalCode,
    countryOrRegion,
    phone,
  };
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as PutJobShippingInformation;
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
