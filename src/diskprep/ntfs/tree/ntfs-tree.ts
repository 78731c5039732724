/** The files and directories a volume is to hold, collected before anything is laid out or written. */
import { fileAttribute } from "../encode/constants.js";
import { clampUnixMs } from "../encode/little-endian.js";
import { foldNtfsName, ntfsNameProblem, rootReservedNames } from "../names/name-rules.js";
import { NtfsError } from "../ntfs-error.js";
import { createNameIndex } from "./name-index.js";
import { GrowingNodeColumns, type NodeColumns, nodeFlag } from "./node-columns.js";
import { SpaceTotals } from "./space-bound.js";

/** What may be said about a directory beside its name. */
export interface NtfsDirectoryOptions {
  /** Unix time in milliseconds, stored as all four times. Default: the creation time of the volume. */
  readonly modifiedAtInMs?: number;
  /** Windows file attributes: read-only 1, hidden 2, system 4, not content indexed 0x2000. Default: 0. */
  readonly attributes?: number;
}

/** What may be said about a file beside its name and length. */
export interface NtfsFileOptions {
  /** Unix time in milliseconds, stored as all four times. Default: the creation time of the volume. */
  readonly modifiedAtInMs?: number;
  /** Windows file attributes: read-only 1, hidden 2, system 4, archive 0x20, not content indexed 0x2000. Default: 0x20. */
  readonly attributes?: number;
  /** Keeps the content out of the MFT record however small it is. Default: false. */
  readonly nonResident?: boolean;
}

/**
 * Collects names and lengths; nothing is stored per file but a row of numbers and the name's UTF-16 units
 * (about 45 bytes and 2 bytes a unit). Nodes are numbered in the order they are added; 0 is the root directory.
 * The order of `addFile` is the order of file data on the volume.
 */
export interface NtfsTreeBuilder {
  readonly root: 0;
  /** Number of nodes with the root; the next node gets this number. */
  readonly nodeCount: number;
  readonly fileCount: number;
  /** Number of directories with the root. */
  readonly directoryCount: number;
  /**
   * Adds a directory and returns its node.
   * @throws NtfsError `invalid-name`, `duplicate-name`, `reserved-name`, `invalid-parent`, `invalid-option`, `too-many-nodes`
   */
  addDirectory(parent: number, name: string, options?: NtfsDirectoryOptions): number;
  /**
   * Adds a file and returns its node.
   * @throws NtfsError `invalid-name`, `duplicate-name`, `reserved-name`, `invalid-parent`, `invalid-length`,
   *   `invalid-option`, `too-many-nodes`
   */
  addFile(parent: number, name: string, lengthInBytes: number, options?: NtfsFileOptions): number;
  /** Takes back the node added last, for callers that found it does not fit. Does nothing when only the root is left. */
  removeLast(): void;
  /** The node that Windows would open under `name` in that directory (case is folded); undefined when there is none. */
  find(parent: number, name: string): number | undefined;
  /** Whether `name` is taken in that directory, by a node or, in the root, by a file of the file system itself. */
  isNameTaken(parent: number, name: string): boolean;
  /** Whether a node is a directory. */
  isDirectory(node: number): boolean;
  /** Name of a node within its directory; empty for the root. */
  nameOf(node: number): string;
  /** Node of the directory a node is in; the root is its own. */
  parentOf(node: number): number;
  /** Length of a file in bytes; 0 for directories. */
  lengthOf(node: number): number;
  /** The tree as it is now; later additions do not change it. For planning. */
  snapshot(): NodeColumns;
  /** Running totals from which the needed space follows. For planning. */
  readonly totals: SpaceTotals;
}

const maxNodeCount = 4_000_000_000;
const maxFileLength = 2 ** 53 - 1;
const settableFileAttributes =
  fileAttribute.readOnly |
  fileAttribute.hidden |
  fileAttribute.system |
  fileAttribute.archive |
  fileAttribute.notContentIndexed;

/** Creates an empty tree: a root directory and nothing in it. */
export function createNtfsTree(): NtfsTreeBuilder {
  const columns = new GrowingNodeColumns();
  const names = createNameIndex(columns);
  const totals = new SpaceTotals();
  const reservedInRoot = new Set(rootReservedNames.map(foldNtfsName));
  columns.push({
    parent: 0,
    name: "",
    flags: nodeFlag.directory,
    attributes: 0,
    lengthOrOrdinal: 0,
    modifiedAtInMs: Number.NaN,
  });

  const isDirectory = (node: number): boolean =>
    node >= 0 && node < columns.count && (columns.flags[node]! & nodeFlag.directory) !== 0;

  /** `$`, `.` and `S` begin all reserved names, so other names skip the folding. */
  const isReserved = (parent: number, name: string): boolean => {
    if (parent !== 0) return false;
    const first = name.charCodeAt(0);
    return (
      (first === 0x24 || first === 0x2e || first === 0x53 || first === 0x73) &&
      reservedInRoot.has(foldNtfsName(name))
    );
  };

  const add = (
    parent: number,
    name: string,
    flags: number,
    lengthOrOrdinal: number,
    modifiedAtInMs: number | undefined,
    attributes: number,
  ): number => {
    if (!isDirectory(parent)) {
      throw new NtfsError(
        "invalid-parent",
        `Node ${parent} is not a directory, so '${name}' cannot go into it.`,
        {
          details: { parent, name },
        },
      );
    }
    const problem = ntfsNameProblem(name);
    if (problem !== undefined) {
      throw new NtfsError(
        "invalid-name",
        `Windows cannot use the name ${JSON.stringify(name.slice(0, 300))} (${problem}). Give the file another name.`,
        { details: { problem, name: name.slice(0, 300), parent } },
      );
    }
    if (isReserved(parent, name)) {
      throw new NtfsError("reserved-name", `'${name}' belongs to the file system in the root directory.`, {
        details: { name },
      });
    }
    const existing = names.find(parent, name);
    if (existing !== 0) {
      const other = nameOf(existing);
      throw new NtfsError(
        "duplicate-name",
        `The directory already has '${other}', which Windows cannot tell apart from '${name}'.`,
        { details: { name, existingName: other, existingNode: existing, parent } },
      );
    }
    if ((attributes & ~settableFileAttributes) !== 0) {
      throw new NtfsError(
        "invalid-option",
        `File attributes 0x${attributes.toString(16)} cannot be set on '${name}'.`,
        {
          details: { name, attributes },
        },
      );
    }
    if (columns.count >= maxNodeCount) {
      throw new NtfsError("too-many-nodes", "An NTFS volume cannot hold more files than 2^32.");
    }
    const node = columns.push({
      parent,
      name,
      flags,
      attributes,
      lengthOrOrdinal,
      modifiedAtInMs:
        modifiedAtInMs === undefined || !Number.isFinite(modifiedAtInMs)
          ? Number.NaN
          : clampUnixMs(modifiedAtInMs),
    });
    names.add(node);
    totals.addEntry(columns.lengthOrOrdinal[parent]!, name.length);
    return node;
  };

  const nameOf = (node: number): string => {
    const start = columns.nameStart[node] ?? 0;
    return String.fromCharCode(...columns.names.subarray(start, start + (columns.nameLength[node] ?? 0)));
  };

  return {
    root: 0,
    totals,
    get nodeCount() {
      return columns.count;
    },
    get fileCount() {
      return columns.count - columns.directoryCount;
    },
    get directoryCount() {
      return columns.directoryCount;
    },
    addDirectory(parent, name, options = {}) {
      const ordinal = columns.directoryCount;
      const node = add(
        parent,
        name,
        nodeFlag.directory,
        ordinal,
        options.modifiedAtInMs,
        options.attributes ?? 0,
      );
      totals.addDirectory(ordinal, name.length);
      return node;
    },
    addFile(parent, name, lengthInBytes, options = {}) {
      if (!Number.isInteger(lengthInBytes) || lengthInBytes < 0 || lengthInBytes > maxFileLength) {
        throw new NtfsError("invalid-length", `'${name}' cannot be ${lengthInBytes} bytes long.`, {
          details: { name, lengthInBytes },
        });
      }
      const isForced = options.nonResident === true;
      const flags = isForced ? nodeFlag.forcedNonResident : 0;
      const attributes = options.attributes ?? fileAttribute.archive;
      const node = add(parent, name, flags, lengthInBytes, options.modifiedAtInMs, attributes);
      totals.addFile(lengthInBytes, name.length, isForced);
      return node;
    },
    removeLast() {
      const node = columns.count - 1;
      if (node === 0) return;
      const nameLength = columns.nameLength[node]!;
      const flags = columns.flags[node]!;
      names.removeLast(node);
      totals.addEntry(columns.lengthOrOrdinal[columns.parent[node]!]!, nameLength, -1);
      if ((flags & nodeFlag.directory) === 0) {
        const isForced = (flags & nodeFlag.forcedNonResident) !== 0;
        totals.addFile(columns.lengthOrOrdinal[node]!, nameLength, isForced, -1);
      }
      columns.pop();
    },
    find(parent, name) {
      const node = names.find(parent, name);
      return node === 0 ? undefined : node;
    },
    isNameTaken(parent, name) {
      return isReserved(parent, name) || names.find(parent, name) !== 0;
    },
    isDirectory,
    nameOf,
    parentOf: (node) => columns.parent[node] ?? 0,
    lengthOf: (node) => (isDirectory(node) ? 0 : (columns.lengthOrOrdinal[node] ?? 0)),
    snapshot: () => columns.snapshot(),
  };
}
