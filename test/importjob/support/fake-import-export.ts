/**
 * A small stand-in for `Microsoft.ImportExport` behind the HTTP seam of the unmodified client: keeps jobs, and answers
 * as recorded traffic does (PUT echoes the location as sent, GET spells it out; keys never come back; lists leave the
 * drives out).
 */
import {
  createHttpHeaders,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
} from "@azure/core-rest-pipeline";
import type { Clock } from "../../../src/shared/index.js";

type Json = Record<string, unknown>;

/** What the stand-in keeps of a job. */
export interface FakeJob {
  readonly id: string;
  readonly name: string;
  location: string;
  tags: Json | undefined;
  properties: Json & { driveList: Json[] };
  createdAt: string;
  lastModifiedAt: string;
}

/** The stand-in and its controls. */
export interface FakeImportExport extends HttpClient {
  readonly jobs: Map<string, FakeJob>;
  readonly requests: { readonly method: string; readonly url: string; readonly body: unknown }[];
  /** Answers sent instead of the real ones, first come first served. */
  readonly interruptions: { status: number; headers?: Record<string, string>; body?: unknown }[];
  /** Storage account kind ARM reports. */
  accountKind: string;
  /** Moves a job as the service would. */
  set(jobName: string, properties: Json): void;
}

const locations: Record<string, Json> = {
  westus: site("West US", ["West US"]),
  eastus: site("East US", ["West US"]),
  closedus: site("Closed US", ["nowhere"]),
};

function site(name: string, alternates: string[]): Json {
  return {
    id: `/providers/Microsoft.ImportExport/locations/${name}`,
    name,
    type: "Microsoft.ImportExport/locations",
    properties: {
      recipientName: "Microsoft Azure Import/Export Service",
      streetAddress1: "3020 Coronado",
      city: "Santa Clara",
      stateOrProvince: "CA",
      postalCode: "98054",
      countryOrRegion: "USA",
      phone: "408 0000000",
      supportedCarriers: ["FedEx", "UPS"],
      alternateLocations: alternates.map(
        (alternate) => `/providers/Microsoft.ImportExport/locations/${alternate}`,
      ),
    },
  };
}

/** Creates the stand-in. Pages of lists have two jobs. */
export function fakeImportExport(clock: Clock): FakeImportExport {
  const jobs = new Map<string, FakeJob>();
  const requests: FakeImportExport["requests"] = [];
  const interruptions: FakeImportExport["interruptions"] = [];
  const now = (): string => new Date(clock.nowInMs()).toISOString();
  const fake: FakeImportExport = {
    jobs,
    requests,
    interruptions,
    accountKind: "StorageV2",
    set(jobName, properties) {
      Object.assign(jobs.get(jobName)!.properties, properties);
    },
    async sendRequest(request) {
      const body =
        typeof request.body === "string" && request.body !== "" ? JSON.parse(request.body) : undefined;
      requests.push({ method: request.method, url: request.url, body });
      const interruption = interruptions.shift();
      const [status, answer] = interruption
        ? [interruption.status, interruption.body]
        : handle(request, body as Json);
      return respond(request, status, answer, interruption?.headers);
    },
  };

  function handle(request: PipelineRequest, body: Json): [number, unknown] {
    const url = new URL(request.url);
    const path = url.pathname.split("/").filter(Boolean).map(decodeURIComponent);
    if (path.at(-2) === "storageAccounts") {
      return [200, { id: url.pathname, kind: fake.accountKind, location: "westus", properties: {} }];
    }
    if (path[2] === "locations") {
      const found = locations[path[3]!.toLowerCase().replaceAll(" ", "")];
      return found ? [200, found] : error(404, "LocationNotFound", "unknown location");
    }
    const jobName = path[7];
    if (path.at(-1) === "jobs") return [200, list(url)];
    const job = jobs.get(jobName!);
    if (request.method === "PUT") return put(url, jobName!, body);
    if (!job) return error(404, "ResourceNotFound", `The job ${jobName} was not found.`);
    if (request.method === "GET") return [200, view(job)];
    if (request.method === "PATCH") return patch(job, body);
    if (request.method === "DELETE") {
      if (!["Creating", "Completed"].includes(String(job.properties["state"]))) {
        return error(409, "InvalidJobState", "The job cannot be deleted in its state.");
      }
      jobs.delete(jobName!);
      return [200, undefined];
    }
    return [
      200,
      { value: job.properties.driveList.map(({ driveId, bitLockerKey }) => ({ driveId, bitLockerKey })) },
    ];
  }

  function put(url: URL, name: string, body: Json): [number, unknown] {
    const properties = structuredClone(body["properties"]) as FakeJob["properties"];
    const job: FakeJob = {
      id: url.pathname,
      name,
      location: "West US",
      tags: body["tags"] as Json | undefined,
      properties: {
        ...properties,
        state: "Creating",
        percentComplete: 0,
        driveList: properties.driveList.map((drive) => ({ ...drive, state: "Specified" })),
      },
      createdAt: now(),
      lastModifiedAt: now(),
    };
    const isNew = !jobs.has(name);
    jobs.set(name, job);
    return [isNew ? 201 : 200, { ...view(job), location: body["location"] }];
  }

  function patch(job: FakeJob, body: Json): [number, unknown] {
    const changes = (body["properties"] ?? {}) as Json;
    if ("state" in changes) {
      if (changes["state"] !== "Shipping" || job.properties["state"] !== "Creating") {
        return error(400, "InvalidState", "The state can only be set to Shipping, once.");
      }
      if (!(changes["deliveryPackage"] ?? job.properties["deliveryPackage"])) {
        return error(400, "MissingDeliveryPackage", "deliveryPackage is required.");
      }
    }
    if ("cancelRequested" in changes && changes["cancelRequested"] !== true) {
      return error(400, "InvalidCancelRequested", "cancelRequested can only be true.");
    }
    Object.assign(job.properties, changes);
    job.lastModifiedAt = now();
    return [200, view(job)];
  }

  function list(url: URL): unknown {
    const from = Number(url.searchParams.get("$skiptoken") ?? "0");
    const all = [...jobs.values()];
    const value = all.slice(from, from + 2).map((job) => {
      const { driveList: _drives, ...properties } = view(job)["properties"] as Json;
      return { ...view(job), properties };
    });
    if (from + 2 >= all.length) return { value };
    url.searchParams.set("$skiptoken", String(from + 2));
    return { value, nextLink: url.href };
  }

  return fake;
}

function view(job: FakeJob): Json {
  return {
    id: job.id,
    name: job.name,
    type: "Microsoft.ImportExport/jobs",
    location: job.location,
    ...(job.tags && { tags: job.tags }),
    systemData: {
      createdAt: job.createdAt,
      lastModifiedAt: job.lastModifiedAt,
      createdByType: "Application",
    },
    properties: {
      ...job.properties,
      driveList: job.properties.driveList.map(({ bitLockerKey: _secret, ...drive }) => drive),
    },
  };
}

function error(status: number, code: string, message: string): [number, unknown] {
  return [status, { error: { code, message } }];
}

function respond(
  request: PipelineRequest,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): PipelineResponse {
  return {
    request,
    status,
    headers: createHttpHeaders({ "content-type": "application/json", ...headers }),
    bodyAsText: body === undefined ? "" : JSON.stringify(body),
  };
}
