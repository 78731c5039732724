/** The resource provider `Microsoft.ImportExport`, api-version 2021-01-01. */
import { createGuid, type RandomSource } from "../../shared/index.js";
import { armError, invalidBodyResponse } from "../arm/arm-error.js";
import type { ArmOperation, ArmRequest } from "../arm/arm-gateway.js";
import { type BodyChecker, createBodyChecker, isJsonObject, type JsonObject } from "../arm/body-checker.js";
import { createJobStore } from "../arm/job-store.js";
import { pageOf } from "../arm/paging.js";
import type { SubscriptionInventory } from "../arm/subscription-inventory.js";
import type { EmulatorResponse } from "../http.js";
import type { Timeline } from "../timeline.js";
import { createImportExportJob, type ImportExportJob } from "./import-export-job.js";
import { jobNamePattern, readJobChanges } from "./job-request.js";
import { importExportJobResource } from "./job-resource.js";
import { checkTransition } from "./job-transition.js";
import {
  findImportExportLocation,
  importExportLocations,
  locationResource,
  normalizeLocationName,
} from "./locations.js";
import { importExportOperationList } from "./operation-list.js";

/** What the provider needs of its surroundings. */
export interface ImportExportServiceOptions {
  readonly inventory: SubscriptionInventory;
  readonly timeline: Timeline;
  readonly random: RandomSource;
  /** Base of the links to further pages. */
  readonly endpoint: string;
  /** Called when a job begins to wait for its package. */
  readonly onShipping: (job: ImportExportJob) => void;
}

/** The provider. */
export interface ImportExportService {
  readonly operations: readonly ArmOperation[];
  jobs(): readonly ImportExportJob[];
}

const apiVersions = ["2016-11-01", "2020-08-01", "2021-01-01"];
const jobsInGroup =
  "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/Microsoft.ImportExport/jobs";

/** Makes the provider without jobs. */
export function createImportExportService(options: ImportExportServiceOptions): ImportExportService {
  const { inventory, timeline, random, endpoint } = options;
  const { subscriptionId } = inventory;
  const jobs = createJobStore<ImportExportJob>("Microsoft.ImportExport/jobs", timeline);
  const { withJob } = jobs;

  const list = (request: ArmRequest): EmulatorResponse => {
    const inScope = jobs.inScopeOf(request);
    const filter = request.query.get("$filter");
    const condition = filter === null ? undefined : /^(state|jobType) eq '(\w+)'$/i.exec(filter.trim());
    if (condition === null) {
      return armError(400, "InvalidFilter", `The filter '${filter}' is not supported.`, {
        target: "$filter",
      });
    }
    const matching = inScope.filter((job) => {
      if (condition === undefined) return true;
      const value = condition[1]!.toLowerCase() === "state" ? job.state : "Import";
      return value.toLowerCase() === condition[2]!.toLowerCase();
    });
    return pageOf(request, endpoint, matching, (job) =>
      importExportJobResource(subscriptionId, job, { omitsDrives: true }),
    );
  };
  const create = async (request: ArmRequest): Promise<EmulatorResponse> => {
    const body = await request.json();
    if (!isJsonObject(body)) return missingBody();
    const check = createBodyChecker();
    const name = request.parameters["jobName"]!;
    if (!jobNamePattern.test(name)) {
      check.report(
        "InvalidJobName",
        "name",
        "A job name consists of lower-case letters, digits and hyphens and begins with a letter.",
      );
    }
    const properties = check.object(body, "properties", { required: true });
    const location = readLocation(check, body);
    const tags = check.textMap(body, "tags");
    const storageAccountId = check.text(properties, "properties.storageAccountId", { required: true });
    const storageAccount = inventory.findStorageAccount(storageAccountId ?? "");
    if (storageAccountId !== undefined && storageAccount === undefined) {
      check.report(
        "StorageAccountNotFound",
        "properties.storageAccountId",
        `The storage account '${storageAccountId}' was not found.`,
      );
    }
    const jobType = check.text(properties, "properties.jobType", {
      required: true,
      oneOf: ["Import", "Export"],
    });
    if (jobType === "Export") {
      check.report("NotSupported", "properties.jobType", "This emulator runs import jobs only.");
    }
    const changes = readJobChanges(check, properties);
    if (changes.drives === undefined && jobType === "Import") {
      check.objects(properties, "properties.driveList", { required: true });
    }
    if (changes.state !== undefined && changes.state !== "Creating") {
      check.report("InvalidPropertyValue", "properties.state", "A new job starts in state 'Creating'.");
    }
    if (changes.cancelRequested === true) {
      check.report("InvalidPropertyValue", "properties.cancelRequested", "A new job cannot be cancelled.");
    }
    const existing = jobs.find(request);
    if (check.problems.length > 0 || storageAccountId === undefined || storageAccount === undefined) {
      return invalidBodyResponse(check.problems);
    }
    if (existing && normalizeLocationName(existing.locationName) !== normalizeLocationName(location)) {
      return armError(
        409,
        "InvalidResourceLocation",
        `The resource '${name}' already exists in location '${existing.locationName}'; it cannot be created in '${location}'.`,
      );
    }
    if (existing && existing.state !== "Creating") {
      return armError(
        409,
        "Conflict",
        `The job '${name}' is in state '${existing.state}' and can be changed with PATCH only.`,
      );
    }
    const nowInMs = timeline.nowInMs();
    const job = createImportExportJob({
      name,
      jobId: existing?.jobId ?? createGuid(random),
      resourceGroup: request.parameters["resourceGroup"]!,
      locationName: location,
      storageAccountId,
      storageAccount,
      settings: {
        tags,
        returnAddress: changes.returnAddress,
        returnShipping: changes.returnShipping,
        deliveryPackage: changes.deliveryPackage,
        diagnosticsPath: changes.diagnosticsPath ?? "waimportexport",
        logLevel: changes.logLevel ?? "Error",
        backupDriveManifest: changes.backupDriveManifest ?? false,
        encryptionKey: changes.encryptionKey ?? { kekType: "MicrosoftManaged" },
        drives: changes.drives ?? [],
      },
      createdAtInMs: nowInMs,
      createdBy: request.caller.objectId,
    });
    jobs.put(request, job);
    return {
      status: existing ? 200 : 201,
      body: importExportJobResource(subscriptionId, job, { sentLocation: location }),
    };
  };

  const update = async (job: ImportExportJob, request: ArmRequest): Promise<EmulatorResponse> => {
    const body = await request.json();
    if (!isJsonObject(body)) return missingBody();
    const check = createBodyChecker();
    const tags = check.textMap(body, "tags");
    const changes = readJobChanges(check, check.object(body, "properties"));
    checkTransition(check, job, changes);
    if (check.problems.length > 0) return invalidBodyResponse(check.problems);
    const nowInMs = timeline.nowInMs();
    const { settings } = job;
    settings.tags = tags ?? settings.tags;
    settings.returnAddress = changes.returnAddress ?? settings.returnAddress;
    settings.returnShipping = changes.returnShipping ?? settings.returnShipping;
    settings.deliveryPackage = changes.deliveryPackage ?? settings.deliveryPackage;
    settings.logLevel = changes.logLevel ?? settings.logLevel;
    settings.backupDriveManifest = changes.backupDriveManifest ?? settings.backupDriveManifest;
    settings.drives = changes.drives ?? settings.drives;
    job.touch(nowInMs, request.caller.objectId);
    if (changes.cancelRequested) job.requestCancel();
    if (changes.state === "Shipping" && job.state === "Creating") {
      job.ship(nowInMs);
      options.onShipping(job);
    }
    return { status: 200, body: importExportJobResource(subscriptionId, job) };
  };

  const remove = (job: ImportExportJob, request: ArmRequest): EmulatorResponse => {
    if (job.state !== "Creating" && job.state !== "Completed") {
      return armError(
        409,
        "Conflict",
        `The job '${job.name}' is in state '${job.state}'; only jobs in state 'Creating' or 'Completed' can be deleted.`,
      );
    }
    jobs.remove(request);
    return { status: 200 };
  };

  const operation = (
    method: ArmOperation["method"],
    path: string,
    action: string,
    handle: ArmOperation["handle"],
  ): ArmOperation => ({ method, path, action: `Microsoft.ImportExport/${action}`, apiVersions, handle });
  // Facts of the provider lie above every subscription, where customers have no roles: any signed-in caller may read.
  const publicOperation = (path: string, handle: ArmOperation["handle"]): ArmOperation => ({
    method: "GET",
    path,
    action: undefined,
    apiVersions,
    handle,
  });
  return {
    jobs: () => jobs.all(),
    operations: [
      publicOperation("/providers/Microsoft.ImportExport/locations", () => ({
        status: 200,
        body: { value: importExportLocations.map(locationResource) },
      })),
      publicOperation("/providers/Microsoft.ImportExport/locations/{locationName}", (request) => {
        const name = request.parameters["locationName"] ?? "";
        const location = findImportExportLocation(name);
        return location === undefined
          ? armError(404, "LocationNotFound", `The location '${name}' was not found.`)
          : { status: 200, body: locationResource(location) };
      }),
      publicOperation("/providers/Microsoft.ImportExport/operations", () => ({
        status: 200,
        body: { value: importExportOperationList },
      })),
      operation(
        "GET",
        "/subscriptions/{subscriptionId}/providers/Microsoft.ImportExport/jobs",
        "jobs/read",
        list,
      ),
      operation("GET", jobsInGroup, "jobs/read", list),
      operation(
        "GET",
        `${jobsInGroup}/{jobName}`,
        "jobs/read",
        withJob((job) => ({ status: 200, body: importExportJobResource(subscriptionId, job) })),
      ),
      operation("PUT", `${jobsInGroup}/{jobName}`, "jobs/write", create),
      operation("PATCH", `${jobsInGroup}/{jobName}`, "jobs/write", withJob(update)),
      operation("DELETE", `${jobsInGroup}/{jobName}`, "jobs/delete", withJob(remove)),
      operation(
        "POST",
        `${jobsInGroup}/{jobName}/listBitLockerKeys`,
        "jobs/listBitLockerKeys/action",
        withJob((job) => ({
          status: 200,
          body: { value: job.drives.map(({ driveId, bitLockerKey }) => ({ driveId, bitLockerKey })) },
        })),
      ),
    ],
  };
}

function readLocation(check: BodyChecker, body: JsonObject): string {
  const location = check.text(body, "location", { required: true });
  if (location !== undefined && findImportExportLocation(location) === undefined) {
    check.report(
      "LocationNotAvailableForResourceType",
      "location",
      `The provided location '${location}' is not available for resource type 'Microsoft.ImportExport/jobs'.`,
    );
  }
  return location ?? "";
}

function missingBody(): EmulatorResponse {
  return armError(400, "InvalidRequestContent", "The request content must be a JSON object.");
}
