/** Reader of the logs the datacentre writes: all three generations, streaming, error and verbose alike. */
import type { AbortOptions } from "../../shared/index.js";
import { ImportJobError } from "../import-job-error.js";
import {
  attribute,
  childText,
  FailedRanges,
  numberOf,
  readClassicEntry,
  readCopiedFile,
  readDiskEntry,
  readErroredEntity,
} from "./drive-log-entry.js";
import type {
  DriveLog,
  ImportLogCount,
  ImportLogEntry,
  ImportLogEvent,
  ImportLogGeneration,
  ImportLogSummary,
} from "./import-log.js";
import {
  copyLogCategories,
  copyLogDriveStatuses,
  diskLogStatuses,
  driveLogStatuses,
  explainLogStatus,
  type LogFinding,
} from "./log-statuses.js";
import {
  type ImportLogSource,
  readXmlElements,
  type XmlElement,
  type XmlElementHandler,
} from "./xml-elements.js";

/** Options of {@link readImportLog}. */
export interface ReadImportLogOptions extends AbortOptions {
  /** Most entries kept; all are counted. Default: 100 000. */
  readonly maximumEntries?: number;
  /** Which entries are kept. Default: those that did not simply succeed. */
  readonly keep?: "unusual" | "all";
}

/**
 * Reads a log as a whole. Memory is bounded by `maximumEntries` whatever the log's length.
 *
 * @throws ImportJobError `invalid-log` when the log is damaged, truncated or of no known generation
 */
export async function readImportLog(
  source: ImportLogSource,
  options: ReadImportLogOptions = {},
): Promise<DriveLog> {
  const { maximumEntries = 100_000, keep = "unusual" } = options;
  const entries: ImportLogEntry[] = [];
  let entryCount = 0;
  let failedCount = 0;
  let summary: ImportLogSummary | undefined;
  for await (const event of readImportLogEvents(source, options)) {
    if (event.type === "summary") summary = event.summary;
    else {
      const { outcome } = event.entry.finding;
      entryCount += 1;
      if (outcome === "failed") failedCount += 1;
      if (entries.length < maximumEntries && (keep === "all" || outcome !== "succeeded"))
        entries.push(event.entry);
    }
  }
  return Object.freeze({ ...summary!, entries: Object.freeze(entries), entryCount, failedCount });
}

/**
 * Reads a log as a stream: every entry as it comes, one summary last. For logs of millions of entries.
 *
 * @throws ImportJobError `invalid-log`, possibly after entries were yielded
 */
export async function* readImportLogEvents(
  source: ImportLogSource,
  options: AbortOptions = {},
): AsyncGenerator<ImportLogEvent> {
  const reading = new LogReading();
  for await (const _ of readXmlElements(source, reading, options.abortSignal)) {
    for (const entry of reading.takeEntries()) yield Object.freeze({ type: "entry", entry });
  }
  yield Object.freeze({ type: "summary", summary: reading.summary() });
}

/** The state of reading one log: which generation it is, and what has been seen. */
class LogReading implements XmlElementHandler {
  #generation: ImportLogGeneration | undefined;
  #version: string | undefined;
  #driveId: string | undefined;
  #driveStatus: string | undefined;
  #totalItems: number | undefined;
  #erroredItems: number | undefined;
  readonly #counts: ImportLogCount[] = [];
  #entries: ImportLogEntry[] = [];
  #failed = new FailedRanges();

  takeEntries(): readonly ImportLogEntry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  open(element: XmlElement, path: readonly string[]): void {
    if (path.length === 0) this.#openRoot(element);
    if (element.name === "Blob" && path.length === 1) this.#failed = new FailedRanges();
  }

  close(element: XmlElement, path: readonly string[]): boolean {
    const depth = path.length;
    if (path[0] === "DriveLog") return this.#closeInDriveLog(element, path);
    if (path[0] === "CopyLog") return this.#closeInCopyLog(element, path);
    if (depth > 0) return true;
    if (element.name === "File") this.#entries.push(readCopiedFile(element));
    if (element.name === "ErroredEntity") this.#entries.push(readErroredEntity(element));
    if (element.name === "CopyLog") {
      this.#version ??= childText(element, "DriveLogVersion") ?? attribute(element, "DriveLogVersion");
      this.#driveId ??= childText(element, "DriveId")?.trim();
      this.#driveStatus ??= childText(element, "Status")?.trim();
      this.#totalItems ??= numberOf(childText(element, "TotalFiles_Blobs"));
      this.#erroredItems ??= numberOf(childText(element, "FilesErrored"));
    }
    return false;
  }

  summary(): ImportLogSummary {
    if (!this.#generation) {
      throw new ImportJobError(
        "invalid-log",
        "The import log is empty: it has neither a drive log nor a copy log.",
      );
    }
    const generation = this.#generation;
    const driveStatus = this.#driveStatus;
    if (generation === "2014-11-01" && driveStatus === undefined) {
      throw new ImportJobError("invalid-log", "The import log has no drive status; it was probably cut off.");
    }
    return Object.freeze({
      generation,
      version: this.#version,
      driveId: this.#driveId,
      driveStatus,
      driveFinding: driveStatus === undefined ? undefined : explainDrive(generation, driveStatus),
      totalItems: this.#totalItems,
      erroredItems: this.#erroredItems,
      counts: Object.freeze([...this.#counts]),
    });
  }

  #openRoot(element: XmlElement): void {
    if (element.name === "DriveLog") {
      if (this.#generation) {
        throw new ImportJobError("invalid-log", "The import log has more than one drive log in it.");
      }
      this.#version = attribute(element, "Version");
      this.#generation = generationOf(this.#version);
    } else if (["File", "ErroredEntity", "CopyLog"].includes(element.name)) {
      if (this.#generation && this.#generation !== "2021-08-01") {
        throw new ImportJobError("invalid-log", "The import log mixes two generations of the format.");
      }
      this.#generation = "2021-08-01";
    } else {
      throw new ImportJobError(
        "invalid-log",
        `The import log begins with an element '${element.name}' that no log has.`,
      );
    }
  }

  #closeInDriveLog(element: XmlElement, path: readonly string[]): boolean {
    if (element.name === "PageRange" || element.name === "Block") {
      this.#failed.add(element);
      return false;
    }
    if (path.length === 3 && path[1] === "Summary") {
      this.#addCount(element, diskLogStatuses);
      return false;
    }
    if (path.length > 1) return true;
    if (element.name === "DriveId") this.#driveId = element.text.trim();
    if (element.name === "Status") this.#driveStatus = element.text.trim();
    if (element.name === "Blob") {
      const read = this.#generation === "2018-10-01" ? readDiskEntry : readClassicEntry;
      this.#entries.push(read(element, this.#failed));
    }
    return false;
  }

  #closeInCopyLog(element: XmlElement, path: readonly string[]): boolean {
    const isCount = path.at(-1) === "ValidationErrors" || path.at(-1) === "CopyErrors";
    if (isCount) this.#addCount(element, copyLogCategories);
    return !isCount;
  }

  #addCount(element: XmlElement, table: Readonly<Record<string, LogFinding>>): void {
    const count = numberOf(attribute(element, "Count") ?? childText(element, "Count") ?? element.text) ?? 0;
    this.#counts.push(
      Object.freeze({
        status: element.name,
        count,
        description: attribute(element, "Description") ?? childText(element, "Description"),
        finding: explainLogStatus(table, element.name),
      }),
    );
  }
}

/** Versions up to 2014-11-01 have one format; samples without a version have it, too. */
function generationOf(version: string | undefined): ImportLogGeneration {
  if (version === undefined || version === "" || version <= "2014-11-01") return "2014-11-01";
  if (version === "2018-10-01") return "2018-10-01";
  throw new ImportJobError(
    "invalid-log",
    `The import log has version '${version}', which this library does not know; what it says could be misread. Compare the container with the catalog instead.`,
    { details: { version } },
  );
}

const driveStatusTables: Readonly<Record<ImportLogGeneration, Readonly<Record<string, LogFinding>>>> = {
  "2014-11-01": driveLogStatuses,
  "2018-10-01": { ...driveLogStatuses, ...diskLogStatuses },
  "2021-08-01": copyLogDriveStatuses,
};

function explainDrive(generation: ImportLogGeneration, status: string): LogFinding {
  return explainLogStatus(driveStatusTables[generation], status);
}
