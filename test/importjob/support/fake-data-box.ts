/**
 * A small stand-in for `Microsoft.DataBox` behind the HTTP seam of the unmodified client: create, update and delete are
 * long-running operations, details come only with `$expand`, keys only by listCredentials.
 */
import { createHttpHeaders, type HttpClient, type PipelineRequest } from "@azure/core-rest-pipeline";
import type { Clock } from "../../../src/shared/index.js";

type Json = Record<string, unknown>;

/** What the stand-in keeps of a job. */
export interface FakeDataBoxJob {
  readonly id: string;
  readonly name: string;
  readonly resource: Json;
  readonly properties: Json & { details: Json };
}

/** The stand-in and its controls. */
export interface FakeDataBox extends HttpClient {
  readonly jobs: Map<string, FakeDataBoxJob>;
  readonly requests: { readonly method: string; readonly url: string; readonly body: unknown }[];
  /** Makes the next long-running operation fail after it was accepted. */
  failNextOperation: { code: string; message: string } | undefined;
  /** Whether the caller's rights end at the resource group. */
  subscriptionIsForbidden: boolean;
  /** What has the order's name by the time the next order arrives, made from that order's body. */
  placedMeanwhile: ((body: Json) => Json) | undefined;
  /** States providers report, by namespace. */
  readonly providers: Map<string, string>;
  /** Moves a job to a stage. */
  setStage(jobName: string, stageName: string, details?: Json): void;
}

/** Creates the stand-in. Pages of lists have two jobs. */
export function fakeDataBox(clock: Clock): FakeDataBox {
  const jobs = new Map<string, FakeDataBoxJob>();
  const operations = new Map<string, { polls: number; failure: FakeDataBox["failNextOperation"] }>();
  const requests: FakeDataBox["requests"] = [];
  const now = (): string => new Date(clock.nowInMs()).toISOString();

  const fake: FakeDataBox = {
    jobs,
    requests,
    failNextOperation: undefined,
    subscriptionIsForbidden: false,
    placedMeanwhile: undefined,
    providers: new Map([
      ["Microsoft.DataBox", "Registered"],
      ["Microsoft.ImportExport", "Registered"],
    ]),
    setStage(jobName, stageName, details = {}) {
      const { properties } = jobs.get(jobName)!;
      properties["status"] = stageName;
      Object.assign(properties.details, details);
      (properties.details["jobStages"] as Json[]).push({
        stageName,
        stageStatus: "InProgress",
        stageTime: now(),
      });
    },
    async sendRequest(request) {
      const body =
        typeof request.body === "string" && request.body !== "" ? JSON.parse(request.body) : undefined;
      requests.push({ method: request.method, url: request.url, body });
      const { status, answer, headers } = handle(request, body as Json);
      return {
        request,
        status,
        headers: createHttpHeaders({ "content-type": "application/json", ...headers }),
        bodyAsText: answer === undefined ? "" : JSON.stringify(answer),
      };
    },
  };

  interface Answer {
    readonly status: number;
    readonly answer?: unknown;
    readonly headers?: Record<string, string>;
  }
  const fail = (status: number, code: string, message: string): Answer => ({
    status,
    answer: { error: { code, message } },
  });
  const accept = (answer?: unknown): Answer => {
    const id = String(operations.size + 1);
    operations.set(id, { polls: 0, failure: fake.failNextOperation });
    fake.failNextOperation = undefined;
    return {
      status: 202,
      answer,
      headers: {
        "azure-asyncoperation": `https://management.azure.com/operations/${id}?api-version=2022-12-01`,
      },
    };
  };

  function handle(request: PipelineRequest, body: Json): Answer {
    const url = new URL(request.url);
    const path = url.pathname.split("/").filter(Boolean);
    if (path[0] === "operations") return poll(path[1]!);
    if (path.at(-2) === "storageAccounts") {
      return {
        status: 200,
        answer: { id: url.pathname, kind: "StorageV2", location: "westus", properties: {} },
      };
    }
    if (path.length === 4 && path[2] === "providers") return provider(path[3]!);
    if (path.at(-1) === "register") {
      fake.providers.set(path[3]!, "Registering");
      return { status: 200, answer: { registrationState: "Registering" } };
    }
    if (fake.subscriptionIsForbidden && path[2] === "providers") {
      return fail(403, "AuthorizationFailed", "Not at this scope.");
    }
    if (path.at(-1) === "regionConfiguration") return region(path.at(-2)!);
    if (path.at(-1) === "jobs") return { status: 200, answer: list(url) };
    const jobName = path[7]!;
    const job = jobs.get(jobName);
    if (request.method === "PUT") {
      if (fake.placedMeanwhile) {
        jobs.set(jobName, create(url.pathname, jobName, fake.placedMeanwhile(structuredClone(body))));
        fake.placedMeanwhile = undefined;
      }
      if (jobs.has(jobName)) return fail(409, "OrderAlreadyExists", "Use the update operation.");
      jobs.set(jobName, create(url.pathname, jobName, body));
      return accept();
    }
    if (!job) return fail(404, "ResourceNotFound", "The job was not found.");
    switch (path[8] ?? request.method) {
      case "GET":
        return { status: 200, answer: view(job, url.searchParams.get("$expand") === "details") };
      case "PATCH":
        Object.assign(job.properties.details, (body["properties"] as Json)["details"]);
        return accept();
      case "DELETE":
        jobs.delete(jobName);
        return accept();
      case "markDevicesShipped":
        job.properties.details["deliverToDcPackageDetails"] = body["deliverToDcPackageDetails"];
        fake.setStage(jobName, "ShippedToAzureDC");
        return { status: 204 };
      case "cancel":
        if (job.properties["isCancellable"] !== true) return fail(409, "NotCancellable", "Too late.");
        job.properties["cancellationReason"] = body["reason"];
        fake.setStage(jobName, "Cancelled");
        return { status: 204 };
      default:
        return { status: 200, answer: { value: [credentials(job)] } };
    }
  }

  function poll(id: string): Answer {
    const operation = operations.get(id)!;
    operation.polls += 1;
    if (operation.polls < 2) return { status: 200, answer: { status: "InProgress" } };
    return operation.failure
      ? { status: 200, answer: { status: "Failed", error: operation.failure } }
      : { status: 200, answer: { status: "Succeeded" } };
  }

  function provider(namespace: string): Answer {
    const registrationState = fake.providers.get(namespace);
    if (registrationState === undefined) return fail(404, "InvalidResourceNamespace", "no such provider");
    const resourceTypes = [{ resourceType: "jobs", locations: ["West US"], apiVersions: ["2022-12-01"] }];
    return { status: 200, answer: { namespace, registrationState, resourceTypes } };
  }

  function region(location: string): Answer {
    if (location !== "westus") return fail(400, "RegionNotSupported", "no");
    const datacenterAddressResponse = {
      datacenterAddressType: "DatacenterAddressLocation",
      contactPersonName: "Receiving",
      company: "Microsoft",
      street1: "1 Data Way",
      city: "Quincy",
      state: "WA",
      zip: "98848",
      country: "USA",
      phone: "1",
      supportedCarriersForReturnShipment: ["FedEx"],
      additionalShippingInformation: "Write the order name on the parcel.",
      dataCenterAzureLocation: "westus2",
    };
    return { status: 200, answer: { datacenterAddressResponse } };
  }

  function create(id: string, name: string, body: Json): FakeDataBoxJob {
    const properties = structuredClone(body["properties"]) as FakeDataBoxJob["properties"];
    const { properties: _sent, ...resource } = body;
    return {
      id,
      name,
      resource,
      properties: {
        ...properties,
        status: "AwaitingShipmentDetails",
        isCancellable: true,
        isDeletable: false,
        startTime: now(),
        details: {
          ...properties.details,
          jobStages: [
            { stageName: "Created", stageStatus: "Succeeded", stageTime: now() },
            { stageName: "DataCopy", stageStatus: "None" },
          ],
        },
      },
    };
  }

  function list(url: URL): unknown {
    const from = Number(url.searchParams.get("$skipToken") ?? "0");
    const all = [...jobs.values()];
    const value = all.slice(from, from + 2).map((job) => view(job, false));
    if (from + 2 >= all.length) return { value };
    url.searchParams.set("$skipToken", String(from + 2));
    return { value, nextLink: url.href };
  }

  return fake;
}

function view({ id, name, resource, properties }: FakeDataBoxJob, withDetails: boolean): unknown {
  const { details, ...rest } = properties;
  const disks = Object.entries((details["importDiskDetailsCollection"] ?? {}) as Record<string, Json>).map(
    ([serial, { bitLockerKey: _secret, ...disk }]) => [serial, disk],
  );
  return {
    id,
    name,
    type: "Microsoft.DataBox/jobs",
    ...resource,
    properties: withDetails
      ? { ...rest, details: { ...details, importDiskDetailsCollection: Object.fromEntries(disks) } }
      : rest,
  };
}

function credentials({ name, properties }: FakeDataBoxJob): unknown {
  const disks = properties.details["importDiskDetailsCollection"] as Record<string, Json>;
  return {
    jobName: name,
    jobSecrets: {
      jobSecretsType: "DataBoxCustomerDisk",
      diskSecrets: Object.entries(disks).map(([diskSerialNumber, { bitLockerKey }]) => ({
        diskSerialNumber,
        bitLockerKey,
      })),
    },
  };
}
