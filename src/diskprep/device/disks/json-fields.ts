/** Taking fields out of what other programs print, where numbers may be text and anything may be missing. */
import { DeviceError } from "../device-error.js";

/** An object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value when it is an object, else an empty one. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** The elements when it is an array, the value alone when it is an object or text, else nothing. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** Text without blanks around; empty when there is none. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value.trim() : typeof value === "number" ? String(value) : "";
}

/** A whole number from 0 to 2^53, written as number or text; 0 when there is none. */
export function numberOf(value: unknown): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : 0;
}

/** True for true, 1, "1", "true" and "yes". */
export function booleanOf(value: unknown): boolean {
  return value === true || value === 1 || (typeof value === "string" && /^(1|true|yes)$/i.test(value.trim()));
}

/** Parses what a program printed. @throws DeviceError `bad-format` */
export function parseJson(text: string, program: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new DeviceError("bad-format", `'${program}' printed something that is not JSON.`, {
      cause: error,
      details: { program, lengthInCharacters: text.length },
    });
  }
}
