/** The jobs of one provider: found by resource group and name, in any case, and gone when their time is over. */
import type { EmulatorResponse } from "../http.js";
import type { Timeline } from "../timeline.js";
import { resourceNotFound } from "./arm-error.js";
import type { ArmRequest } from "./arm-gateway.js";

/** What the store must know of a job. */
export interface StoredJob {
  readonly resourceGroup: string;
  /** Whether the job exists no longer. */
  readonly isExpired: boolean;
  applyDeadlines(nowInMs: number): void;
}

type JobHandler<Job> = (job: Job, request: ArmRequest) => Promise<EmulatorResponse> | EmulatorResponse;

/** The jobs of one provider; a job is named by the path of a request. */
export interface JobStore<Job extends StoredJob> {
  all(): readonly Job[];
  /** Those of the request's resource group, or all when its path names none. */
  inScopeOf(request: ArmRequest): readonly Job[];
  find(request: ArmRequest): Job | undefined;
  put(request: ArmRequest, job: Job): void;
  remove(request: ArmRequest): void;
  /** A handler of requests that need the job; 404 without it. */
  withJob(handle: JobHandler<Job>): (request: ArmRequest) => Promise<EmulatorResponse> | EmulatorResponse;
}

/** An empty store of resources such as `Microsoft.DataBox/jobs`. */
export function createJobStore<Job extends StoredJob>(
  resourceType: string,
  timeline: Timeline,
): JobStore<Job> {
  const jobs = new Map<string, Job>();
  const keyOf = ({ parameters }: ArmRequest): string =>
    `${parameters["resourceGroup"]}/${parameters["jobName"]}`.toLowerCase();
  timeline.addDeadlineRule((nowInMs) => {
    for (const [key, job] of jobs) {
      job.applyDeadlines(nowInMs);
      if (job.isExpired) jobs.delete(key);
    }
  });
  return {
    all: () => [...jobs.values()],
    inScopeOf({ parameters }) {
      const group = parameters["resourceGroup"]?.toLowerCase();
      return [...jobs.values()].filter(
        (job) => group === undefined || job.resourceGroup.toLowerCase() === group,
      );
    },
    find: (request) => jobs.get(keyOf(request)),
    put(request, job) {
      jobs.set(keyOf(request), job);
    },
    remove(request) {
      jobs.delete(keyOf(request));
    },
    withJob: (handle) => (request) => {
      const job = jobs.get(keyOf(request));
      const { jobName = "", resourceGroup = "" } = request.parameters;
      return job === undefined
        ? resourceNotFound(resourceType, jobName, resourceGroup)
        : handle(job, request);
    },
  };
}
