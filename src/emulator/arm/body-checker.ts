/** Reads values out of JSON sent by a client and collects everything that is wrong with them, so that one answer names all. */
import type { ArmErrorDetail } from "./arm-error.js";

/** A JSON object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Rules for a text value. */
export interface TextRules {
  readonly required?: boolean;
  readonly oneOf?: readonly string[];
  /** A rule in words, and its test. */
  readonly must?: readonly [description: string, test: (text: string) => boolean];
}

/** Collects the problems of one request body. */
export interface BodyChecker {
  readonly problems: readonly ArmErrorDetail[];
  report(code: string, target: string, message: string): void;
  /** A nested object; undefined when absent or null. */
  object(
    parent: JsonObject | undefined,
    path: string,
    rules?: { required?: boolean },
  ): JsonObject | undefined;
  /** A text value; undefined when absent, null or, as the service's own examples send it, empty and not required. */
  text(parent: JsonObject | undefined, path: string, rules?: TextRules): string | undefined;
  boolean(parent: JsonObject | undefined, path: string): boolean | undefined;
  integer(parent: JsonObject | undefined, path: string, rules?: { required?: boolean }): number | undefined;
  /** The objects of an array; undefined when absent. */
  objects(
    parent: JsonObject | undefined,
    path: string,
    rules?: { required?: boolean; atLeast?: number; atMost?: number },
  ): readonly JsonObject[] | undefined;
  /** A map of texts such as tags. */
  textMap(parent: JsonObject | undefined, path: string): Readonly<Record<string, string>> | undefined;
}

/** Whether a value is a JSON object, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Makes an empty checker. The last segment of a `path` is the property read from `parent`. */
export function createBodyChecker(): BodyChecker {
  const problems: ArmErrorDetail[] = [];
  const report = (code: string, target: string, message: string): void => {
    problems.push(Object.freeze({ code, target, message }));
  };
  const valueAt = (parent: JsonObject | undefined, path: string): unknown => {
    const value = parent?.[path.slice(path.lastIndexOf(".") + 1)];
    return value === null ? undefined : value;
  };
  const missing = (path: string): void =>
    report("RequiredPropertyMissing", path, `The property '${path}' is required.`);
  const wrongType = (path: string, expected: string): void =>
    report("InvalidPropertyType", path, `The property '${path}' must be ${expected}.`);

  return {
    problems,
    report,
    object(parent, path, rules = {}) {
      const value = valueAt(parent, path);
      if (value === undefined) {
        if (rules.required) missing(path);
        return undefined;
      }
      if (isJsonObject(value)) return value;
      wrongType(path, "an object");
      return undefined;
    },
    text(parent, path, rules = {}) {
      const value = valueAt(parent, path);
      if (value === undefined || value === "") {
        if (rules.required) missing(path);
        return undefined;
      }
      if (typeof value !== "string") {
        wrongType(path, "a string");
        return undefined;
      }
      if (rules.required && value.trim() === "") missing(path);
      if (rules.oneOf && !rules.oneOf.includes(value)) {
        report(
          "InvalidPropertyValue",
          path,
          `The value of '${path}' must be one of: ${rules.oneOf.join(", ")}.`,
        );
      }
      if (rules.must && !rules.must[1](value)) {
        report("InvalidPropertyValue", path, `The value of '${path}' must ${rules.must[0]}.`);
      }
      return value;
    },
    boolean(parent, path) {
      const value = valueAt(parent, path);
      if (value === undefined || typeof value === "boolean") return value;
      wrongType(path, "a boolean");
      return undefined;
    },
    integer(parent, path, rules = {}) {
      const value = valueAt(parent, path);
      if (value === undefined) {
        if (rules.required) missing(path);
        return undefined;
      }
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
      wrongType(path, "a whole number that is not negative");
      return undefined;
    },
    objects(parent, path, rules = {}) {
      const value = valueAt(parent, path);
      if (value === undefined) {
        if (rules.required) missing(path);
        return undefined;
      }
      if (!Array.isArray(value) || !value.every(isJsonObject)) {
        wrongType(path, "an array of objects");
        return undefined;
      }
      const { atLeast = 0, atMost = Number.POSITIVE_INFINITY } = rules;
      if (value.length < atLeast || value.length > atMost) {
        report("InvalidPropertyValue", path, `'${path}' must have ${atLeast} to ${atMost} items.`);
      }
      return value;
    },
    textMap(parent, path) {
      const value = valueAt(parent, path);
      if (value === undefined) return undefined;
      if (isJsonObject(value) && Object.values(value).every((item) => typeof item === "string")) {
        return value as Readonly<Record<string, string>>;
      }
      wrongType(path, "an object of strings");
      return undefined;
    },
  };
}
