/** Telling service failures apart by what they carry, not by their class: errors of other realms and copies count too. */
import { ImportJobError } from "../import-job-error.js";
import type { ImportJobRef } from "./import-job-status.js";

/** HTTP status of a failed request; undefined when the request got no answer or the value is no request failure. */
export function statusCodeOf(error: unknown): number | undefined {
  return typeof error === "object" &&
    error !== null &&
    "statusCode" in error &&
    typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;
}

/** Whether the caller lacks the right to what was asked (HTTP 403). */
export function isForbidden(error: unknown): boolean {
  return statusCodeOf(error) === 403;
}

/** Whether trying again later can help: throttling, a service that is down, a network that is down. */
export function isTransientFailure(error: unknown): boolean {
  const statusCode = statusCodeOf(error);
  if (statusCode !== undefined) return statusCode === 408 || statusCode === 429 || statusCode >= 500;
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return (
    typeof code === "string" &&
    /^(REQUEST_SEND_ERROR|ECONN\w+|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE|ENETUNREACH|EHOSTUNREACH)$/.test(code)
  );
}

/** The wait the service asks for in `Retry-After` (seconds or an HTTP date), in milliseconds. */
export function retryAfterInMs(error: unknown, nowInMs: number): number | undefined {
  const response =
    typeof error === "object" && error !== null && "response" in error ? error.response : undefined;
  const headers =
    typeof response === "object" && response !== null && "headers" in response
      ? (response.headers as { get?: (name: string) => string | undefined })
      : undefined;
  const value = headers?.get?.("retry-after");
  if (value === undefined || value === "") return undefined;
  const waitInMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowInMs;
  return Number.isFinite(waitInMs) ? Math.max(0, waitInMs) : undefined;
}

/** Runs a request about one job and turns "not found" into this room's error. */
export async function withJobNotFound<T>(ref: ImportJobRef, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (statusCodeOf(error) !== 404) throw error;
    throw new ImportJobError(
      "job-not-found",
      `The service knows no import job '${ref.jobName}' in resource group '${ref.resourceGroupName}'. It was never created there, was deleted, or expired: a job without a tracking number is deleted after two weeks, an ended one after 90 days.`,
      { details: { jobName: ref.jobName, resourceGroupName: ref.resourceGroupName }, cause: error },
    );
  }
}

/** The error of an order whose name is taken by a different job. */
export function differentOrderError(ref: ImportJobRef, differences: readonly string[]): ImportJobError {
  return new ImportJobError(
    "different-order-exists",
    `An import job '${ref.jobName}' already exists in resource group '${ref.resourceGroupName}' and is not this order: ${differences.join("; ")}. Nothing was changed. Give the order another name, or cancel and delete the existing job.`,
    {
      details: {
        jobName: ref.jobName,
        resourceGroupName: ref.resourceGroupName,
        differences: differences.join("; "),
      },
    },
  );
}
