/**
 * Reading answers as the service sent them.
 *
 * The generated clients fill absent fields with defaults (a missing state reads back as `Creating`), so nothing they
 * hand out counts as evidence; these helpers pick fields out of the raw JSON and give undefined for what is not there.
 */
import { ImportJobError } from "../import-job-error.js";

/** A JSON object of unknown shape. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The body of a raw response as an object. @throws ImportJobError `unexpected-response` */
export function parseJsonBody(bodyAsText: string | null | undefined, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(bodyAsText ?? "");
  } catch (cause) {
    throw new ImportJobError("unexpected-response", `The service's answer to ${what} is not JSON.`, {
      cause,
    });
  }
  const body = asObject(value);
  if (!body) {
    throw new ImportJobError("unexpected-response", `The service's answer to ${what} is not a JSON object.`);
  }
  return body;
}

/** The value as an object; undefined for anything else. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/** The objects of an array; undefined when the value is no array. */
export function asObjects(value: unknown): readonly JsonObject[] | undefined {
  return Array.isArray(value) ? value.map(asObject).filter((item) => item !== undefined) : undefined;
}

/** The value as non-empty text. */
export function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The value as a finite number. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** The value as a truth value. */
export function asBoolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

/** The value as a time. */
export function asDate(value: unknown): Date | undefined {
  const text = asText(value);
  const date = text === undefined ? undefined : new Date(text);
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}

/** The texts of an array. */
export function asTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Resource group of an ARM id. */
export function resourceGroupOf(id: string): string | undefined {
  return /\/resourceGroups\/([^/]+)/i.exec(id)?.[1];
}

/** Tags with text values. */
export function tagsOf(value: unknown): Readonly<Record<string, string>> {
  return Object.freeze(
    Object.fromEntries(
      Object.entries(asObject(value) ?? {}).filter(
        (entry): entry is [string, string] => typeof entry[1] === "string",
      ),
    ),
  );
}
