/**
 * The text of `.reg` files, version 5.00, as `regedit` exports and imports them: UTF-16LE with byte order mark, CRLF
 * ("How to add, modify, or delete registry subkeys and values by using a .reg file"). Version 4 is read as well.
 */
import { RegistryError } from "./registry-error.js";
import { checkRegistryValue, normalizeKeyPath, type RegistryValue } from "./registry-value.js";
import {
  decodeRegistryValue,
  encodeRegistryValue,
  type RegistryTextEncoding,
  registryTypeNumber,
} from "./registry-value-bytes.js";

/** One section of a file: a key to be removed, or a key to be created and its values to be set or removed. */
export interface RegFileKey {
  readonly path: string;
  /** `[-path]`: the key goes with everything below it, and `values` is empty. */
  readonly isDeleted: boolean;
  readonly values: readonly RegFileValue[];
}

/** One line of a section. The name "" is the default value (`@`). */
export interface RegFileValue {
  readonly name: string;
  /** Undefined: the value is removed. */
  readonly value: RegistryValue | undefined;
}

const header5 = "Windows Registry Editor Version 5.00";
const header4 = "REGEDIT4";
const hexLineLength = 80;

/**
 * The bytes of a file.
 *
 * @throws RegistryError `invalid-path`, `invalid-value`.
 */
export function formatRegFile(keys: readonly RegFileKey[]): Uint8Array {
  const sections = keys.map(({ path, isDeleted, values }) => {
    const keyPath = normalizeKeyPath(path);
    if (keyPath.includes("]")) {
      // regedit ends the section header at the last bracket, other readers at the first: not portable.
      throw new RegistryError(
        "invalid-path",
        `'${path}' holds a bracket, which .reg files cannot carry reliably.`,
        {
          details: { path },
        },
      );
    }
    return [`[${isDeleted ? "-" : ""}${keyPath}]`, ...values.map(formatValue)].join("\r\n");
  });
  return Buffer.from(`\uFEFF${[header5, ...sections].join("\r\n\r\n")}\r\n\r\n`, "utf16le");
}

/**
 * Reads a file: version 5.00 as UTF-16LE, UTF-16BE or UTF-8, version 4 as Latin-1.
 *
 * @throws RegistryError `reg-file-invalid` with the number of the line.
 */
export function parseRegFile(content: Uint8Array): readonly RegFileKey[] {
  const { text, encoding } = decodeRegFile(content);
  const keys: { path: string; isDeleted: boolean; values: RegFileValue[] }[] = [];
  for (const { line, number } of logicalLines(text)) {
    const header = /^\[(-?)(.+)\]$/s.exec(line);
    if (header !== null) {
      keys.push({ path: readPath(header[2]!, number), isDeleted: header[1] === "-", values: [] });
      continue;
    }
    const section = keys.at(-1);
    const assignment = /^(?:@|"((?:[^"\\]|\\.)*)")\s*=\s*(.*)$/s.exec(line);
    if (section === undefined || section.isDeleted || assignment === null) {
      throw invalidLine(number, "it is neither a key in brackets nor a value of one");
    }
    const name = unescapeText(assignment[1] ?? "");
    section.values.push({ name, value: readData(assignment[2]!.trim(), number, encoding) });
  }
  return Object.freeze(keys.map((key) => Object.freeze({ ...key, values: Object.freeze(key.values) })));
}

function formatValue({ name, value }: RegFileValue): string {
  const label = name === "" ? "@" : `"${escapeText(name)}"`;
  if (value === undefined) return `${label}=-`;
  checkRegistryValue(name, value);
  if (/[\r\n]/.test(name)) {
    throw new RegistryError(
      "invalid-value",
      "A value whose name holds a line break cannot be put into a .reg file.",
    );
  }
  if (value.type === "REG_SZ" && !/[\r\n]/.test(value.data)) return `${label}="${escapeText(value.data)}"`;
  if (value.type === "REG_DWORD") return `${label}=dword:${value.data.toString(16).padStart(8, "0")}`;
  const kind = value.type === "REG_BINARY" ? "hex:" : `hex(${registryTypeNumber(value.type).toString(16)}):`;
  return wrapHex(`${label}=${kind}`, encodeRegistryValue(value));
}

/** Comma-separated bytes, broken with a backslash before the line grows longer than `regedit` makes it. */
function wrapHex(start: string, bytes: Uint8Array): string {
  let text = start;
  let lineLength = start.length;
  bytes.forEach((byte, index) => {
    const isLast = index === bytes.length - 1;
    const item = byte.toString(16).padStart(2, "0") + (isLast ? "" : ",");
    // Room for the item and for the backslash behind it.
    if (index > 0 && lineLength + item.length + 1 > hexLineLength) {
      text += "\\\r\n  ";
      lineLength = 2;
    }
    text += item;
    lineLength += item.length;
  });
  return text;
}

function decodeRegFile(content: Uint8Array): {
  readonly text: string;
  readonly encoding: RegistryTextEncoding;
} {
  const label =
    content[0] === 0xff && content[1] === 0xfe
      ? "utf-16le"
      : content[0] === 0xfe && content[1] === 0xff
        ? "utf-16be"
        : Buffer.from(content.subarray(0, 8)).toString("latin1") === header4
          ? "windows-1252"
          : "utf-8";
  let text: string;
  try {
    text = new TextDecoder(label, { fatal: true }).decode(content);
  } catch (cause) {
    throw new RegistryError("reg-file-invalid", `The .reg file is not valid ${label.toUpperCase()}.`, {
      cause,
    });
  }
  const firstLine = /^[^\r\n]*/.exec(text)![0].trim();
  if (firstLine !== header5 && firstLine !== header4) {
    throw new RegistryError(
      "reg-file-invalid",
      `The file is no .reg file: its first line is not '${header5}'.`,
      { details: { line: 1 } },
    );
  }
  return { text, encoding: firstLine === header4 ? "latin1" : "utf16le" };
}

/** Lines after the first, joined where they are continued, without comments and empty ones. */
function* logicalLines(text: string): Generator<{ readonly line: string; readonly number: number }> {
  const lines = text.split(/\r\n|\n|\r/);
  for (let index = 1; index < lines.length; index += 1) {
    const number = index + 1;
    let line = lines[index]!.trim();
    if (line === "" || line.startsWith(";")) continue;
    // A quoted text may run over several lines; regedit exports line breaks in texts that way.
    while (isOpenQuote(line) && index + 1 < lines.length) line += `\r\n${lines[((index += 1))]!}`;
    while (/=\s*hex(\([0-9a-f]+\))?:/i.test(line) && line.endsWith("\\") && index + 1 < lines.length) {
      line = line.slice(0, -1) + lines[(index += 1)]!.replace(/;.*$/, "").trim();
    }
    yield { line: line.trim(), number };
  }
}

function isOpenQuote(line: string): boolean {
  return /^(?:@|"(?:[^"\\]|\\.)*")\s*=\s*"(?:[^"\\]|\\.)*$/s.test(line);
}

function readPath(path: string, number: number): string {
  try {
    return normalizeKeyPath(path);
  } catch (cause) {
    throw invalidLine(number, "its key does not begin with a hive", cause);
  }
}

function readData(data: string, number: number, encoding: RegistryTextEncoding): RegistryValue | undefined {
  if (data === "-") return undefined;
  const text = /^"((?:[^"\\]|\\.)*)"$/s.exec(data)?.[1];
  if (text !== undefined) return { type: "REG_SZ", data: unescapeText(text) };
  const dword = /^dword:([0-9a-f]{1,8})$/i.exec(data)?.[1];
  if (dword !== undefined) return { type: "REG_DWORD", data: Number.parseInt(dword, 16) };
  const hex = /^hex(?:\(([0-9a-f]+)\))?:((?:[0-9a-f]{1,2}(?:,[0-9a-f]{1,2})*,?)?)$/i.exec(
    data.replace(/\s/g, ""),
  );
  if (hex === null) throw invalidLine(number, "its data is neither text, nor dword, nor hex");
  const typeNumber = hex[1] === undefined ? registryTypeNumber("REG_BINARY") : Number.parseInt(hex[1], 16);
  const bytes = hex[2]!
    .split(",")
    .filter(Boolean)
    .map((item) => Number.parseInt(item, 16));
  const value = decodeRegistryValue(typeNumber, Uint8Array.from(bytes), encoding);
  if (value === undefined) throw invalidLine(number, `its bytes are no value of type ${typeNumber}`);
  return value;
}

function escapeText(text: string): string {
  return text.replace(/[\\"]/g, "\\$&");
}

/** Besides the two escapes of Windows those that Wine writes for line breaks. */
function unescapeText(text: string): string {
  return text.replace(/\\(.)/gs, (sequence, character: string) =>
    character === "n" ? "\n" : character === "r" ? "\r" : /[\\"]/.test(character) ? character : sequence,
  );
}

function invalidLine(line: number, problem: string, cause?: unknown): RegistryError {
  return new RegistryError(
    "reg-file-invalid",
    `Line ${line} of the .reg file cannot be understood: ${problem}.`,
    {
      details: { line },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
