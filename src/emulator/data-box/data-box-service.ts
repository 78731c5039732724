/** The resource provider `Microsoft.DataBox`, api-version 2022-12-01, for customers' own disks. */
import { createGuid, type RandomSource } from "../../shared/index.js";
import { armError, invalidBodyResponse } from "../arm/arm-error.js";
import type { ArmOperation, ArmRequest } from "../arm/arm-gateway.js";
import { createBodyChecker, isJsonObject } from "../arm/body-checker.js";
import { createJobStore } from "../arm/job-store.js";
import { createLongRunningOperations } from "../arm/long-running-operations.js";
import { pageOf } from "../arm/paging.js";
import type { SubscriptionInventory } from "../arm/subscription-inventory.js";
import type { EmulatorResponse } from "../http.js";
import { normalizeLocationName } from "../import-export/locations.js";
import type { Timeline } from "../timeline.js";
import { createDataBoxJob, type DataBoxJob } from "./data-box-job.js";
import {
  customerDiskSku,
  dataBoxJobNamePattern,
  readDataBoxChanges,
  readDataBoxOrder,
  readParcel,
} from "./data-box-request.js";
import { dataBoxJobResource } from "./data-box-resource.js";
import { dataBoxRegionOperations } from "./region-operations.js";

/** What the provider needs of its surroundings. */
export interface DataBoxServiceOptions {
  readonly inventory: SubscriptionInventory;
  readonly timeline: Timeline;
  readonly random: RandomSource;
  readonly endpoint: string;
  /** How many polls find a long-running operation still running. Default: 1. */
  readonly runningPolls?: number;
  /** Called when a job begins to wait for its package. */
  readonly onShipping: (job: DataBoxJob) => void;
}

/** The provider. */
export interface DataBoxService {
  readonly operations: readonly ArmOperation[];
  jobs(): readonly DataBoxJob[];
}

const apiVersions = ["2021-12-01", "2022-02-01", "2022-09-01", "2022-10-01", "2022-12-01"];
const jobsInGroup =
  "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/Microsoft.DataBox/jobs";

/** Makes the provider without jobs. */
export function createDataBoxService(options: DataBoxServiceOptions): DataBoxService {
  const { inventory, timeline, random, endpoint } = options;
  const { subscriptionId } = inventory;
  const jobs = createJobStore<DataBoxJob>("Microsoft.DataBox/jobs", timeline);
  const { withJob } = jobs;
  const longRunning = createLongRunningOperations({
    namespace: "Microsoft.DataBox",
    apiVersions,
    subscriptionId,
    endpoint,
    random,
    runningPolls: options.runningPolls ?? 1,
  });

  const resource = (job: DataBoxJob): EmulatorResponse => ({
    status: 200,
    headers: { ETag: job.etag },
    body: dataBoxJobResource(subscriptionId, job, true),
  });
  const conflict = (message: string): EmulatorResponse => armError(409, "Conflict", message);

  const list = (request: ArmRequest): EmulatorResponse => {
    const inScope = jobs.inScopeOf(request);
    return pageOf(request, endpoint, inScope, (job) => dataBoxJobResource(subscriptionId, job, false));
  };

  const create = async (request: ArmRequest): Promise<EmulatorResponse> => {
    const body = await request.json();
    if (!isJsonObject(body)) return missingBody();
    const check = createBodyChecker();
    const name = request.parameters["jobName"]!;
    if (!dataBoxJobNamePattern.test(name)) {
      check.report(
        "InvalidJobName",
        "name",
        "A job name has 3 to 24 letters, digits, hyphens, underscores and dots.",
      );
    }
    const { storageAccount, ...order } = readDataBoxOrder(check, body, inventory);
    if (check.problems.length > 0 || storageAccount === undefined) return invalidBodyResponse(check.problems);
    if (jobs.find(request)) {
      return conflict(`The job '${name}' exists already; existing jobs are changed with PATCH.`);
    }
    const job = createDataBoxJob({
      ...order,
      storageAccount,
      name,
      jobId: createGuid(random),
      resourceGroup: request.parameters["resourceGroup"]!,
      createdAtInMs: timeline.nowInMs(),
      createdBy: request.caller.objectId,
    });
    jobs.put(request, job);
    return longRunning.begin(normalizeLocationName(job.location), () => resource(job));
  };

  const update = async (job: DataBoxJob, request: ArmRequest): Promise<EmulatorResponse> => {
    const body = await request.json();
    if (!isJsonObject(body)) return missingBody();
    const expected = request.headers["if-match"];
    if (expected !== undefined && expected !== "*" && expected !== job.etag) {
      return armError(412, "PreconditionFailed", `The job '${job.name}' was changed in the meantime.`);
    }
    const check = createBodyChecker();
    const changes = readDataBoxChanges(check, body);
    if (check.problems.length > 0) return invalidBodyResponse(check.problems);
    if (changes.shippingAddress !== undefined && !job.isShippingAddressEditable) {
      return conflict(`The return address cannot be changed in stage '${job.status}'.`);
    }
    job.update(changes, timeline.nowInMs());
    return longRunning.begin(normalizeLocationName(job.location), () => resource(job));
  };

  const remove = (job: DataBoxJob, request: ArmRequest): EmulatorResponse => {
    if (!job.isDeletable)
      return conflict(`The job '${job.name}' cannot be deleted in stage '${job.status}'.`);
    return longRunning.begin(normalizeLocationName(job.location), () => {
      jobs.remove(request);
      return { status: 204 };
    });
  };

  const markShipped = async (job: DataBoxJob, request: ArmRequest): Promise<EmulatorResponse> => {
    const check = createBodyChecker();
    const parcel = readParcel(check, await request.json());
    if (check.problems.length > 0) return invalidBodyResponse(check.problems);
    if (job.status !== "AwaitingShipmentDetails") {
      return conflict(`The drives of '${job.name}' cannot be marked as shipped in stage '${job.status}'.`);
    }
    job.markShipped(parcel, timeline.nowInMs());
    options.onShipping(job);
    return { status: 204 };
  };

  const cancel = async (job: DataBoxJob, request: ArmRequest): Promise<EmulatorResponse> => {
    const check = createBodyChecker();
    const body = await request.json();
    const reason = check.text(isJsonObject(body) ? body : {}, "reason", { required: true });
    if (check.problems.length > 0) return invalidBodyResponse(check.problems);
    if (!job.isCancellable)
      return conflict(`The job '${job.name}' cannot be cancelled in stage '${job.status}'.`);
    job.cancel(reason ?? "", timeline.nowInMs());
    return { status: 204 };
  };

  const listCredentials = (job: DataBoxJob): EmulatorResponse => {
    const { carrierAccountNumber } = job.settings.returnToCustomerPackageDetails as {
      carrierAccountNumber?: unknown;
    };
    return {
      status: 200,
      body: {
        value: [
          {
            jobName: job.name,
            jobSecrets: {
              jobSecretsType: customerDiskSku,
              diskSecrets: job.drives.map(({ driveId, bitLockerKey }) => ({
                diskSerialNumber: driveId,
                bitLockerKey,
              })),
              ...(carrierAccountNumber === undefined ? {} : { carrierAccountNumber }),
            },
          },
        ],
      },
    };
  };

  const operation = (
    method: ArmOperation["method"],
    path: string,
    action: string,
    handle: ArmOperation["handle"],
  ): ArmOperation => ({ method, path, action: `Microsoft.DataBox/${action}`, apiVersions, handle });
  return {
    jobs: () => jobs.all(),
    operations: [
      {
        ...operation("GET", "/providers/Microsoft.DataBox/operations", "", () => ({
          status: 200,
          body: { value: operationList },
        })),
        action: undefined,
      },
      operation("GET", "/subscriptions/{subscriptionId}/providers/Microsoft.DataBox/jobs", "jobs/read", list),
      operation("GET", jobsInGroup, "jobs/read", list),
      operation(
        "GET",
        `${jobsInGroup}/{jobName}`,
        "jobs/read",
        withJob((job, request) => ({
          status: 200,
          headers: { ETag: job.etag },
          body: dataBoxJobResource(subscriptionId, job, request.query.get("$expand") === "details"),
        })),
      ),
      operation("PUT", `${jobsInGroup}/{jobName}`, "jobs/write", create),
      operation("PATCH", `${jobsInGroup}/{jobName}`, "jobs/write", withJob(update)),
      operation("DELETE", `${jobsInGroup}/{jobName}`, "jobs/delete", withJob(remove)),
      operation("POST", `${jobsInGroup}/{jobName}/cancel`, "jobs/cancel/action", withJob(cancel)),
      operation(
        "POST",
        `${jobsInGroup}/{jobName}/markDevicesShipped`,
        "jobs/markDevicesShipped/action",
        withJob(markShipped),
      ),
      operation(
        "POST",
        `${jobsInGroup}/{jobName}/listCredentials`,
        "jobs/listCredentials/action",
        withJob(listCredentials),
      ),
      operation(
        "POST",
        `${jobsInGroup}/{jobName}/mitigate`,
        "jobs/mitigate/action",
        withJob((job) => conflict(`The job '${job.name}' waits for no action of the customer.`)),
      ),
      longRunning.operation,
      ...dataBoxRegionOperations(inventory, apiVersions),
    ],
  };
}

const operationList: readonly object[] = [
  "register/action",
  "jobs/read",
  "jobs/write",
  "jobs/delete",
  "jobs/cancel/action",
  "jobs/markDevicesShipped/action",
  "jobs/listCredentials/action",
  "jobs/mitigate/action",
  "locations/availableSkus/action",
  "locations/regionConfiguration/action",
  "locations/validateInputs/action",
].map((name) => ({
  name: `Microsoft.DataBox/${name}`,
  display: {
    provider: "Microsoft Data Box",
    resource: name.split("/")[0],
    operation: name,
    description: `Microsoft.DataBox/${name}`,
  },
}));

function missingBody(): EmulatorResponse {
  return armError(400, "InvalidRequestContent", "The request content must be a JSON object.");
}
