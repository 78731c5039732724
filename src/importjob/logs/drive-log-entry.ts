/** Turning completed elements of each generation into entries. */
import type { ImportLogEntry, ImportLogRange } from "./import-log.js";
import {
  blobLogStatuses,
  copyLogCategories,
  diskLogStatuses,
  dispositionLogStatuses,
  explainLogStatus,
  type LogFinding,
  metadataLogStatuses,
} from "./log-statuses.js";
import type { XmlElement } from "./xml-elements.js";

/** Most failed stretches kept of one blob; more of them count as a blob failed as a whole. */
export const maximumFailedRanges = 100_000;

/** Collects the failed ranges of the blob being read, joining neighbours. */
export class FailedRanges {
  readonly ranges: ImportLogRange[] = [];
  hasMore = false;
  listsRanges = false;

  add(element: XmlElement): void {
    this.listsRanges = true;
    const status = attribute(element, "Status") ?? "";
    if (status === "Completed") return;
    const offsetInBytes = numberOf(attribute(element, "Offset"));
    const lengthInBytes = numberOf(attribute(element, "Length"));
    const last = this.ranges.at(-1);
    if (offsetInBytes === undefined || lengthInBytes === undefined) this.hasMore = true;
    else if (last?.status === status && last.offsetInBytes + last.lengthInBytes === offsetInBytes) {
      this.ranges[this.ranges.length - 1] = Object.freeze({
        offsetInBytes: last.offsetInBytes,
        lengthInBytes: last.lengthInBytes + lengthInBytes,
        status,
      });
    } else if (this.ranges.length >= maximumFailedRanges) this.hasMore = true;
    else this.ranges.push(Object.freeze({ offsetInBytes, lengthInBytes, status }));
  }
}

/** `Blob` of a 2014-11-01 log. */
export function readClassicEntry(blob: XmlElement, failed: FailedRanges): ImportLogEntry {
  const status = attribute(blob, "Status") ?? "";
  const disposition = child(blob, "ImportDisposition");
  const dispositionStatus = disposition && attribute(disposition, "Status");
  const metadata = child(blob, "Metadata");
  const properties = child(blob, "Properties");
  const statuses = [
    explainLogStatus(blobLogStatuses, status),
    ...(dispositionStatus === undefined ? [] : [explainLogStatus(dispositionLogStatuses, dispositionStatus)]),
    ...[metadata, properties].flatMap((element) => {
      const word = element && attribute(element, "Status");
      return word === undefined ? [] : [explainLogStatus(metadataLogStatuses, word)];
    }),
  ];
  return freezeEntry({
    blobPath: childText(blob, "BlobPath") ?? "",
    filePath: childText(blob, "FilePath"),
    lengthInBytes: numberOf(childText(blob, "Length")),
    status,
    finding: worst(statuses),
    dispositionStatus,
    failedRanges: failed.ranges,
    hasMoreFailedRanges: failed.hasMore,
    listsRanges: failed.listsRanges,
    metadataStatus: metadata && attribute(metadata, "Status"),
    propertiesStatus: properties && attribute(properties, "Status"),
    errorCode: undefined,
    errorMessage: undefined,
  });
}

/** `Blob` of a 2018-10-01 log. */
export function readDiskEntry(blob: XmlElement, failed: FailedRanges): ImportLogEntry {
  const status = attribute(blob, "Status") ?? "";
  return freezeEntry({
    blobPath: childText(blob, "BlobPath") ?? "",
    filePath: childText(blob, "OriginalFilePath") ?? childText(blob, "FilePath"),
    lengthInBytes: numberOf(childText(blob, "SizeInBytes") ?? childText(blob, "Length")),
    status,
    finding: explainLogStatus(diskLogStatuses, status),
    dispositionStatus: undefined,
    failedRanges: failed.ranges,
    hasMoreFailedRanges: failed.hasMore,
    listsRanges: failed.listsRanges,
    metadataStatus: undefined,
    propertiesStatus: undefined,
    errorCode: childText(blob, "ErrorCode"),
    errorMessage: childText(blob, "ErrorMessage"),
  });
}

/** `File` of a 2021-08-01 verbose log: an item that arrived. */
export function readCopiedFile(file: XmlElement): ImportLogEntry {
  return copyLogEntry(file, "Completed", explainLogStatus(blobLogStatuses, "Completed"));
}

/** `ErroredEntity` of a 2021-08-01 copy log. */
export function readErroredEntity(entity: XmlElement): ImportLogEntry {
  const category = childText(entity, "Category") ?? "";
  return copyLogEntry(entity, category, explainLogStatus(copyLogCategories, category));
}

function copyLogEntry(element: XmlElement, status: string, finding: LogFinding): ImportLogEntry {
  return freezeEntry({
    blobPath: (attribute(element, "Path") ?? "").replaceAll("\\", "/").replace(/^\/+/, ""),
    filePath: undefined,
    lengthInBytes: numberOf(attribute(element, "Size")),
    status,
    finding,
    dispositionStatus: undefined,
    failedRanges: [],
    hasMoreFailedRanges: false,
    listsRanges: false,
    metadataStatus: undefined,
    propertiesStatus: undefined,
    errorCode: childText(element, "ErrorCode"),
    errorMessage: childText(element, "ErrorMessage"),
  });
}

/** The trimmed value of an attribute; published samples carry stray spaces. */
export function attribute(element: XmlElement, name: string): string | undefined {
  return element.attributes[name]?.trim();
}

/** The first child of a name. */
export function child(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((candidate) => candidate.name === name);
}

/** The text of the first child of a name, as written: names may begin or end with spaces. */
export function childText(element: XmlElement, name: string): string | undefined {
  const text = child(element, name)?.text;
  return text === undefined || text === "" ? undefined : text;
}

/** A whole number of digits; undefined for anything else. */
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*\d+\s*$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

function worst(findings: readonly LogFinding[]): LogFinding {
  return (
    findings.find((finding) => finding.outcome === "failed") ??
    findings.find((finding) => finding.outcome === "changed") ??
    findings[0]!
  );
}

function freezeEntry(entry: ImportLogEntry): ImportLogEntry {
  return Object.freeze({ ...entry, failedRanges: Object.freeze([...entry.failedRanges]) });
}
