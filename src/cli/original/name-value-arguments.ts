/** Arguments of the original programs: `name:value`, in any case and any order; a value may hold further colons. */
import { CliError } from "../cli-error.js";

/** The values by name in lower case. A name without value, as `u:`, has the value "". */
export type NameValueArguments = ReadonlyMap<string, string>;

/**
 * Reads arguments. `names` are those that exist, as the usage writes them.
 *
 * @throws CliError `usage` for other names, repeated names, and words without a colon
 */
export function parseNameValueArguments(
  words: readonly string[],
  names: readonly string[],
): NameValueArguments {
  const known = new Map(names.map((name) => [name.toLowerCase(), name]));
  const values = new Map<string, string>();
  for (const word of words) {
    const colon = word.indexOf(":");
    const name = word.slice(0, Math.max(0, colon)).toLowerCase();
    if (!known.has(name)) {
      throw new CliError(
        "usage",
        `'${word}' is not an argument here. Write ${names.map((known) => `${known}:<value>`).join(", ")}.`,
      );
    }
    if (values.has(name)) throw new CliError("usage", `'${known.get(name)}:' is given twice.`);
    values.set(name, word.slice(colon + 1));
  }
  return values;
}

/** A value that must be given. @throws CliError `usage` */
export function requiredValue(values: NameValueArguments, name: string): string {
  const value = values.get(name.toLowerCase());
  if (value !== undefined && value !== "") return value;
  throw new CliError("usage", `${name}:<value> is missing.`);
}
