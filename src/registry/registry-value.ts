/** Values of the Windows registry by type ("Registry value types"), and the rules for paths and names. */
import { RegistryError } from "./registry-error.js";

/** A value and its type. Two values are the same when both agree. */
export type RegistryValue =
  | { readonly type: "REG_SZ" | "REG_EXPAND_SZ"; readonly data: string }
  | { readonly type: "REG_MULTI_SZ"; readonly data: readonly string[] }
  /** 0 to 2^32 − 1. */
  | { readonly type: "REG_DWORD"; readonly data: number }
  /** 0 to 2^64 − 1. */
  | { readonly type: "REG_QWORD"; readonly data: bigint }
  | { readonly type: RawRegistryType; readonly data: Uint8Array };

/** Types whose data is kept as bytes. */
export type RawRegistryType =
  | "REG_NONE"
  | "REG_BINARY"
  | "REG_DWORD_BIG_ENDIAN"
  | "REG_LINK"
  | "REG_RESOURCE_LIST"
  | "REG_FULL_RESOURCE_DESCRIPTOR"
  | "REG_RESOURCE_REQUIREMENTS_LIST";

/** All types; the position is the number of the type in the registry. */
export const registryTypes = Object.freeze([
  "REG_NONE",
  "REG_SZ",
  "REG_EXPAND_SZ",
  "REG_BINARY",
  "REG_DWORD",
  "REG_DWORD_BIG_ENDIAN",
  "REG_LINK",
  "REG_MULTI_SZ",
  "REG_RESOURCE_LIST",
  "REG_FULL_RESOURCE_DESCRIPTOR",
  "REG_RESOURCE_REQUIREMENTS_LIST",
  "REG_QWORD",
] as const satisfies readonly RegistryValue["type"][]);

/** A text value. */
export function registryText(data: string): RegistryValue {
  return { type: "REG_SZ", data };
}

const hiveNames: Readonly<Record<string, string>> = {
  HKLM: "HKEY_LOCAL_MACHINE",
  HKCU: "HKEY_CURRENT_USER",
  HKCR: "HKEY_CLASSES_ROOT",
  HKU: "HKEY_USERS",
  HKCC: "HKEY_CURRENT_CONFIG",
};

/**
 * The path with its hive written out and without a backslash at its end.
 *
 * @throws RegistryError `invalid-path` for another hive, empty parts, control characters or parts longer than 255.
 */
export function normalizeKeyPath(path: string): string {
  const [hive = "", ...parts] = path.replace(/\\+$/, "").split("\\");
  const fullHive = hiveNames[hive.toUpperCase()] ?? hive.toUpperCase();
  const isValid =
    Object.values(hiveNames).includes(fullHive) &&
    parts.every((part) => part.length >= 1 && part.length <= 255 && !/[\u0000-\u001F]/.test(part));
  if (!isValid) {
    throw new RegistryError(
      "invalid-path",
      `'${path}' is not the path of a registry key; it begins with a hive, for example HKLM\\SOFTWARE\\Vendor.`,
      { details: { path } },
    );
  }
  return [fullHive, ...parts].join("\\");
}

/**
 * The path, normalized, of a key that may be removed with everything below it.
 *
 * @throws RegistryError `invalid-path` also for a hive itself and for the keys directly below `HKEY_LOCAL_MACHINE`:
 * without them no Windows starts
 */
export function deletableKeyPath(path: string): string {
  const normalized = normalizeKeyPath(path);
  const depth = normalized.split("\\").length;
  if (depth > 2 || (depth === 2 && !normalized.startsWith("HKEY_LOCAL_MACHINE\\"))) return normalized;
  throw new RegistryError(
    "invalid-path",
    `'${path}' is a whole hive or a key Windows cannot be without; it is not removed.`,
    { details: { path } },
  );
}

/**
 * Checks a value before it is stored anywhere.
 *
 * @throws RegistryError `invalid-value` for unknown types, data of another kind than the type's, names over 16,383 characters, NUL or unpaired surrogates in names and
 * texts, empty strings inside REG_MULTI_SZ, and numbers outside the type.
 */
export function checkRegistryValue(name: string, value: RegistryValue): void {
  const problem = findProblem(name, value);
  if (problem === undefined) return;
  throw new RegistryError(
    "invalid-value",
    `The registry value '${name}' (${value.type}) cannot be stored: ${problem}.`,
    {
      details: { name, type: value.type },
    },
  );
}

function findProblem(name: string, value: RegistryValue): string | undefined {
  if (name.length > 16_383) return "its name is longer than 16,383 characters";
  if (!registryTypes.includes(value.type)) return "there is no such type";
  if (!isDataOfType(value)) return "its data is not of the kind that the type has";
  if (!isStorableText(name)) return "its name holds a NUL character or half a surrogate pair";
  switch (value.type) {
    case "REG_SZ":
    case "REG_EXPAND_SZ":
      return isStorableText(value.data)
        ? undefined
        : "its text holds a NUL character or half a surrogate pair";
    case "REG_MULTI_SZ":
      return value.data.every((item) => item !== "" && isStorableText(item))
        ? undefined
        : "one of its texts is empty or holds a NUL character or half a surrogate pair";
    case "REG_DWORD":
      return Number.isInteger(value.data) && value.data >= 0 && value.data <= 0xffff_ffff
        ? undefined
        : "its number is not in 0 to 2^32 - 1";
    case "REG_QWORD":
      return value.data >= 0n && value.data < 1n << 64n ? undefined : "its number is not in 0 to 2^64 - 1";
    default:
      return undefined;
  }
}

/** Callers without a type checker pass numbers for big integers and arrays for bytes. */
function isDataOfType({ type, data }: RegistryValue): boolean {
  switch (type) {
    case "REG_SZ":
    case "REG_EXPAND_SZ":
      return typeof data === "string";
    case "REG_MULTI_SZ":
      return Array.isArray(data) && data.every((item) => typeof item === "string");
    case "REG_DWORD":
      return typeof data === "number";
    case "REG_QWORD":
      return typeof data === "bigint";
    default:
      return ArrayBuffer.isView(data);
  }
}

function isStorableText(text: string): boolean {
  return !text.includes("\0") && !/[\uD800-\uDFFF]/u.test(text);
}
