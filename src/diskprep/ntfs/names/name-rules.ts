/**
 * Which file names a Windows program can use, and which two names Windows cannot tell apart.
 *
 * Rules: Microsoft's "Naming Files, Paths, and Namespaces" and the NTFS `COLLATION_FILE_NAME` order.
 */
import { systemFileNames, systemVolumeDirectoryName } from "../layout/system-files.js";
import { ntfsUpcaseTable } from "./upcase-table.js";

/** Longest name of one file or directory, in UTF-16 code units. */
export const maxNameLengthInUnits = 255;

/** Why Windows would refuse a name, or would not be able to open it. */
export type NtfsNameProblem =
  | "empty"
  | "too-long"
  | "reserved-character"
  | "trailing-dot-or-space"
  | "unpaired-surrogate"
  | "device-name";

const reservedCharacters = new Set(['"', "*", "/", ":", "<", ">", "?", "\\", "|"]);
const isReservedUnit = Uint8Array.from({ length: 128 }, (_, unit) =>
  unit < 0x20 || reservedCharacters.has(String.fromCharCode(unit)) ? 1 : 0,
);
/** Devices stay devices with any extension and with spaces before it; ¹²³ count as digits. */
const deviceName = /^(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[1-9\u00b9\u00b2\u00b3]) *(?:\.|$)/i;

/**
 * The first reason why Windows would refuse `name` as the name of one file or directory; undefined when it is fine.
 * Pure; names of any length are judged in time proportional to at most 256 units.
 */
export function ntfsNameProblem(name: string): NtfsNameProblem | undefined {
  const length = name.length;
  if (length === 0) return "empty";
  if (length > maxNameLengthInUnits) return "too-long";
  for (let index = 0; index < length; index++) {
    const unit = name.charCodeAt(index);
    if (unit < 128) {
      if (isReservedUnit[unit] === 1) return "reserved-character";
    } else if (unit >= 0xd800 && unit <= 0xdfff) {
      const next = index + 1 < length ? name.charCodeAt(index + 1) : 0;
      if (unit >= 0xdc00 || next < 0xdc00 || next > 0xdfff) return "unpaired-surrogate";
      index++;
    }
  }
  const last = name.charCodeAt(length - 1);
  if (last === 0x2e || last === 0x20) return "trailing-dot-or-space";
  const first = name.charCodeAt(0) | 0x20;
  // Only names that begin with c, p, a, n or l can be devices; most names skip the pattern.
  if (
    (first === 0x63 || first === 0x70 || first === 0x61 || first === 0x6e || first === 0x6c) &&
    deviceName.test(name)
  ) {
    return "device-name";
  }
  return undefined;
}

/**
 * The name as NTFS compares it: every UTF-16 code unit through the volume's upper-case table. Two names of one
 * directory with the same folded form are one name to Windows.
 */
export function foldNtfsName(name: string): string {
  const table = ntfsUpcaseTable();
  let folded = "";
  for (let index = 0; index < name.length; index++) {
    folded += String.fromCharCode(table[name.charCodeAt(index)]!);
  }
  return folded;
}

/** NTFS order of two names (negative, zero, positive): folded code units, shorter first on a tie. */
export function compareNtfsNames(left: string, right: string): number {
  const table = ntfsUpcaseTable();
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = table[left.charCodeAt(index)]! - table[right.charCodeAt(index)]!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Names that every NTFS volume has in its root directory; ours also keeps `System Volume Information` for itself. */
export const rootReservedNames: readonly string[] = Object.freeze([
  ...systemFileNames,
  systemVolumeDirectoryName,
]);
