/** The port to an import service. Two adapters implement it; callers choose explicitly or with `detectImportService`. */
import type { PagedAsyncIterableIterator } from "@azure/core-paging";
import type { AbortOptions } from "../../shared/index.js";
import type { ImportOrder } from "../order/import-order.js";
import type { ShippingDestination } from "../shipping/shipping-destination.js";
import type { ShippingDetails } from "../shipping/shipping-details.js";
import type {
  DriveRecoveryKey,
  ImportJobRef,
  ImportJobStatus,
  ImportServiceKind,
} from "./import-job-status.js";

/** Options of every call. */
export interface ImportJobServiceOptions extends AbortOptions {}

/** Options of {@link ImportJobService.listImportJobs}. */
export interface ListImportJobsOptions extends ImportJobServiceOptions {
  /** Only jobs of this resource group. Default: the whole subscription. */
  readonly resourceGroupName?: string;
}

/** Options of {@link ImportJobService.getShippingDestination}. */
export interface ShippingDestinationOptions extends ImportJobServiceOptions {
  /** Where to ask when the caller's rights do not reach beyond this resource group. Default: the subscription only. */
  readonly resourceGroupName?: string;
}

/** One page of a list; its token lets `byPage` go on after it, also in another process. */
export interface ImportJobPage extends Array<ImportJobStatus> {
  /** Undefined on the last page. */
  readonly continuationToken: string | undefined;
}

/** Options of {@link ImportJobService.enterShipping}. */
export interface EnterShippingOptions extends ImportJobServiceOptions {
  /**
   * Whether another job may name the same tracking number. Azure Backup wants one package per job.
   * Default: false.
   */
  readonly allowSharedTrackingNumber?: boolean;
}

/** Options of {@link ImportJobService.cancelImportJob}. */
export interface CancelImportJobOptions extends ImportJobServiceOptions {
  /** Default: `Cancelled by the customer`. */
  readonly reason?: string;
}

/**
 * One of the two Azure services that take drives. All calls use the network; failures of the service itself are
 * the pipeline's `RestError` with `statusCode` and `code`.
 */
export interface ImportJobService {
  readonly kind: ImportServiceKind;

  /**
   * Places the order, or finds that it is placed already: the same order may be sent again at any time and gives the
   * job's present status. Two orders are the same when storage account, drive ids, and per drive manifest path,
   * manifest hash and BitLocker key agree (see `compareOrderWithJob`).
   *
   * @throws ImportJobError `invalid-order`, `different-order-exists`, `unexpected-response`
   */
  createImportJob(order: ImportOrder, options?: ImportJobServiceOptions): Promise<ImportJobStatus>;

  /** @throws ImportJobError `job-not-found`, `unexpected-response` */
  getImportJob(ref: ImportJobRef, options?: ImportJobServiceOptions): Promise<ImportJobStatus>;

  /** Import jobs, page by page. Lists leave `drives` undefined. */
  listImportJobs(options?: ListImportJobsOptions): PagedAsyncIterableIterator<ImportJobStatus, ImportJobPage>;

  /**
   * The datacentre that takes drives for a region now, and its carriers; when a site is closed, the alternate it names.
   *
   * @throws ImportJobError `no-shipping-destination`
   */
  getShippingDestination(
    location: string,
    options?: ShippingDestinationOptions,
  ): Promise<ShippingDestination>;

  /**
   * Tells the service that the parcel is under way and so moves the job to `shipping`. May be repeated with the same
   * details, and with corrected ones as long as the parcel has not been received.
   *
   * @throws ImportJobError `invalid-shipping-details`, `tracking-number-in-use`, `wrong-state`, `job-not-found`
   */
  enterShipping(
    ref: ImportJobRef,
    details: ShippingDetails,
    options?: EnterShippingOptions,
  ): Promise<ImportJobStatus>;

  /**
   * Asks the service to cancel and reports what it says. Documents disagree on how late that is possible, so the
   * request is always sent; a shipped job still walks its states, without copying.
   */
  cancelImportJob(ref: ImportJobRef, options?: CancelImportJobOptions): Promise<ImportJobStatus>;

  /** Removes the job from the service. Fine when it is already gone. */
  deleteImportJob(ref: ImportJobRef, options?: ImportJobServiceOptions): Promise<void>;

  /** The drives' BitLocker keys as the service holds them. SECRET; never log them. */
  listRecoveryKeys(
    ref: ImportJobRef,
    options?: ImportJobServiceOptions,
  ): Promise<readonly DriveRecoveryKey[]>;
}
