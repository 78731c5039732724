/**
 * The CSV files of the WAImportExport tool, version 2: `dataset.csv` says what is imported, in both published column variants, and
 * `driveset.csv` which drives. Public descriptions: "Preparing hard drives for an Import Job" and "Tool setup" of the Azure
 * Import/Export service.
 */
import papaparse from "papaparse";
import { StagingError } from "./errors.js";
import type { SeedBlobKind } from "./seed-catalog.js";

/** What the service does with a blob that exists already. */
export type BlobDisposition = "rename" | "no-overwrite" | "overwrite";

/** One row of `dataset.csv`. */
export interface DataSetRow {
  /** Line in the file, from 1. */
  readonly line: number;
  /** As written: an absolute local or UNC path. */
  readonly basePath: string;
  /** Whether the path ends like a folder: then everything below it is meant. */
  readonly isFolder: boolean;
  readonly containerName: string;
  /** Blob name or, for a folder, what names begin with. May be empty. */
  readonly nameOrPrefix: string;
  /** Undefined: by the name of the file. */
  readonly kind: SeedBlobKind | undefined;
  readonly disposition: BlobDisposition;
  readonly metadataFile: string | undefined;
  readonly propertiesFile: string | undefined;
}

/** One row of `driveset.csv`. */
export interface DriveSetRow {
  readonly line: number;
  readonly driveLetter: string;
  readonly format: boolean;
  /** Whether the tool asks before it formats. */
  readonly promptOnFormat: boolean;
  readonly encrypt: boolean;
  /** SECRET: 48 digits in eight groups; not enumerable, so that it stays out of logs. Undefined when the drive is to be encrypted. */
  readonly existingBitLockerKey: string | undefined;
}

const maximumSizeInBytes = 16 * 1024 * 1024;
const maximumRows = 100_000;

/**
 * Reads a `dataset.csv`. The columns may be `DstBlobPathOrPrefix` and `BlobType`, or `DstItemPathOrPrefix` and `ItemType`; the last
 * three may be missing.
 *
 * @throws StagingError `dataset-invalid` naming line and column
 */
export function parseDataSet(text: string): readonly DataSetRow[] {
  const file = "dataset.csv";
  return readRows(file, text, ["BasePath"]).map(({ line, cells }) => {
    const destination = required(file, line, cells, "DstBlobPathOrPrefix", "DstItemPathOrPrefix");
    const basePath = required(file, line, cells, "BasePath");
    if (!/^([A-Za-z]:[\\/]|\\\\[^\\]+\\[^\\]+|\/)/.test(basePath)) {
      throw invalid(file, line, `the BasePath '${basePath}' is no absolute path`);
    }
    if (/[*?]/.test(basePath))
      throw invalid(file, line, `the BasePath '${basePath}' has wildcards, which are not known here`);
    const slash = destination.indexOf("/");
    const containerName = slash < 0 ? destination : destination.slice(0, slash);
    const type = (cells["blobtype"] ?? cells["itemtype"] ?? "").toLowerCase().replace(/blob$/, "");
    if (type === "file") {
      throw invalid(file, line, "ItemType 'file' means a file share; only blobs can be staged here");
    }
    if (!["", "block", "page"].includes(type))
      throw invalid(file, line, `the type '${type}' is neither block nor page`);
    const disposition = (cells["disposition"] ?? "").toLowerCase() || "rename";
    if (!["rename", "no-overwrite", "overwrite"].includes(disposition)) {
      throw invalid(file, line, `the disposition '${disposition}' is not rename, no-overwrite or overwrite`);
    }
    return Object.freeze({
      line,
      basePath,
      isFolder: /[\\/]$/.test(basePath),
      containerName,
      nameOrPrefix: slash < 0 ? "" : destination.slice(slash + 1),
      kind: type === "" ? undefined : (type as SeedBlobKind),
      disposition: disposition as BlobDisposition,
      metadataFile: fileOrNone(cells["metadatafile"]),
      propertiesFile: fileOrNone(cells["propertiesfile"]),
    });
  });
}

/**
 * Reads a `driveset.csv`.
 *
 * @throws StagingError `dataset-invalid` naming line and column; the message never holds a key
 */
export function parseDriveSet(text: string): readonly DriveSetRow[] {
  const file = "driveset.csv";
  const columns = ["DriveLetter", "FormatOption", "SilentOrPromptOnFormat", "Encryption"];
  return readRows(file, text, columns).map(({ line, cells }) => {
    const driveLetter = required(file, line, cells, "DriveLetter").toUpperCase().replace(/:\\?$/, "");
    if (!/^[A-Z]$/.test(driveLetter)) throw invalid(file, line, "DriveLetter is not one letter");
    const choice = (column: string, first: string, second: string): boolean => {
      const value = required(file, line, cells, column);
      if (value.toLowerCase() === first.toLowerCase()) return true;
      if (value.toLowerCase() === second.toLowerCase()) return false;
      throw invalid(file, line, `${column} is neither ${first} nor ${second}`);
    };
    const format = choice("FormatOption", "Format", "AlreadyFormatted");
    const promptOnFormat = choice("SilentOrPromptOnFormat", "PromptOnFormat", "SilentMode");
    const encrypt = choice("Encryption", "Encrypt", "AlreadyEncrypted");
    if (format && !encrypt) throw invalid(file, line, "Format requires Encrypt");
    const key = cells["existingbitlockerkey"] ?? "";
    if (encrypt && key !== "")
      throw invalid(file, line, "ExistingBitLockerKey must be empty when the drive is to be encrypted");
    if (!encrypt && !/^\d{6}(-\d{6}){7}$/.test(key)) {
      throw invalid(
        file,
        line,
        "ExistingBitLockerKey must be eight groups of six digits for a drive that is encrypted already",
      );
    }
    const row = { line, driveLetter, format, promptOnFormat, encrypt };
    Object.defineProperty(row, "existingBitLockerKey", {
      value: key === "" ? undefined : key,
      enumerable: false,
    });
    return Object.freeze(row) as DriveSetRow;
  });
}

interface CsvRow {
  readonly line: number;
  /** By column name in lower case. */
  readonly cells: Readonly<Record<string, string>>;
}

function readRows(file: string, text: string, columns: readonly string[]): readonly CsvRow[] {
  if (text.length > maximumSizeInBytes)
    throw invalid(file, 1, `it is longer than ${maximumSizeInBytes} characters`);
  const parsed = papaparse.parse<string[]>(text.replace(/^\uFEFF/, ""), {
    delimiter: ",",
    skipEmptyLines: "greedy",
    preview: maximumRows + 1,
  });
  const problem = parsed.errors[0];
  if (problem !== undefined) throw invalid(file, (problem.row ?? 0) + 1, problem.message);
  const [header, ...rows] = parsed.data;
  if (rows.length >= maximumRows) throw invalid(file, maximumRows, "it has too many rows");
  const names = (header ?? []).map((name) => name.trim().toLowerCase());
  for (const column of columns) {
    if (!names.includes(column.toLowerCase())) throw invalid(file, 1, `the column ${column} is missing`);
  }
  if (new Set(names).size !== names.length) throw invalid(file, 1, "a column appears twice");
  return rows.map((row, at) => {
    if (row.length > names.length) throw invalid(file, at + 2, "it has more values than there are columns");
    return {
      line: at + 2,
      cells: Object.fromEntries(names.map((name, column) => [name, (row[column] ?? "").trim()])),
    };
  });
}

function required(
  file: string,
  line: number,
  cells: Readonly<Record<string, string>>,
  ...columns: readonly string[]
): string {
  for (const column of columns) {
    const value = cells[column.toLowerCase()];
    if (value !== undefined && value !== "") return value;
  }
  throw invalid(file, line, `${columns.join(" or ")} is empty`);
}

function fileOrNone(value: string | undefined): string | undefined {
  return value === undefined || value === "" || value.toLowerCase() === "none" ? undefined : value;
}

function invalid(file: string, line: number, problem: string): StagingError {
  return new StagingError("dataset-invalid", `Line ${line} of ${file} is not valid: ${problem}.`, {
    details: { file, line },
  });
}
