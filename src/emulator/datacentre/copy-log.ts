/**
 * Writes the logs of a Data Box job: `CopyLog` with drive log version 2021-08-01 and its verbose companion (public
 * article "Use logs to troubleshoot upload issues in Azure Data Box Disk"). Both are runs of top-level elements, not
 * documents with one root.
 */
import { writeXml, type XmlElement, xmlElement } from "../../shared/index.js";
import { type BlobTextWriter, createBlobTextWriter } from "./blob-text-writer.js";
import type { ImportLog, ImportLogOptions } from "./import-log.js";
import { type BlobOutcome, type DriveStatus, isFailedDriveStatus } from "./import-outcome.js";

/** Error categories of the log that an import can produce. */
export type CopyLogCategory =
  | "BlobRenamed"
  | "UploadErrorCloudHttp"
  | "UploadErrorDataValidationError"
  | "UploadErrorUnknownType"
  | "UploadErrorWin32";

interface CopyLogError {
  readonly category: CopyLogCategory;
  readonly code: number;
  readonly message: string;
}

const descriptions: Readonly<Record<CopyLogCategory, string>> = {
  BlobRenamed: "Renamed the blob.",
  UploadErrorCloudHttp: "The storage service refused the request.",
  UploadErrorDataValidationError: "The checksum of the data does not match the one recorded for it.",
  UploadErrorUnknownType: "Unknown error.",
  UploadErrorWin32: "File system error.",
};

/** Begins the logs of a drive. The copy log is always written, the verbose one only when asked for. */
export function createCopyLog(options: ImportLogOptions): ImportLog {
  const blobName = (kind: string): string =>
    `${options.jobName}_${options.driveId}_${kind}_${options.jobId}.xml`;
  const copyLog = createBlobTextWriter(options.container, blobName("CopyLog"));
  const verboseLog: BlobTextWriter | undefined = options.isVerbose
    ? createBlobTextWriter(options.container, blobName("VerboseLog"))
    : undefined;
  const errorCounts = new Map<CopyLogCategory, number>();
  return {
    async append(outcome) {
      const error = errorOf(outcome);
      if (error !== undefined) {
        errorCounts.set(error.category, (errorCounts.get(error.category) ?? 0) + 1);
        await copyLog.append(topLevel(erroredEntity(outcome, error)));
      }
      const isThere = outcome.status === "Completed" && outcome.dispositionStatus !== "Skipped";
      if (isThere) await verboseLog?.append(topLevel(fileElement(outcome)));
    },
    async finish(summary) {
      await copyLog.append(
        topLevel(
          xmlElement("CopyLog", { Summary: "Summary" }, [
            xmlElement("DriveLogVersion", {}, "2021-08-01"),
            xmlElement("DriveId", {}, options.driveId),
            xmlElement("Status", {}, copyLogStatusOf(summary.status)),
            xmlElement("TotalFiles_Blobs", {}, String(summary.blobCount)),
            xmlElement("FilesErrored", {}, String(summary.blobsWithErrors)),
            xmlElement("Summary", {}, [
              xmlElement("ValidationErrors", {}, [xmlElement("None", { Count: String(summary.blobCount) })]),
              xmlElement("CopyErrors", {}, copyErrors(errorCounts, summary.blobCount)),
            ]),
          ]),
        ),
      );
      return { errorLogUri: await copyLog.finish(), verboseLogUri: await verboseLog?.finish() };
    },
  };
}

/** A drive that failed as a whole is `Failed`; the job tells why. */
function copyLogStatusOf(status: DriveStatus): string {
  return isFailedDriveStatus(status) && status !== "CompletedWithErrors" ? "Failed" : status;
}

function copyErrors(counts: ReadonlyMap<CopyLogCategory, number>, blobCount: number): readonly XmlElement[] {
  if (counts.size === 0) {
    return [xmlElement("None", { Count: String(blobCount), Description: "No errors encountered" })];
  }
  return [...counts].map(([category, count]) =>
    xmlElement(category, { Count: String(count), Description: descriptions[category] }),
  );
}

function erroredEntity(outcome: BlobOutcome, error: CopyLogError): XmlElement {
  return xmlElement("ErroredEntity", { CloudFormat: cloudFormatOf(outcome), Path: outcome.blobPath }, [
    xmlElement("Category", {}, error.category),
    xmlElement("ErrorCode", {}, String(error.code)),
    xmlElement("ErrorMessage", {}, error.message),
    xmlElement("Type", {}, "Blob"),
  ]);
}

function fileElement(outcome: BlobOutcome): XmlElement {
  return xmlElement("File", {
    CloudFormat: cloudFormatOf(outcome),
    Path: outcome.blobPath,
    Size: String(outcome.lengthInBytes),
    crc64: outcome.crc64?.toString(),
  });
}

function cloudFormatOf({ kind }: BlobOutcome): string {
  return kind === "page" ? "PageBlob" : "BlockBlob";
}

/** Codes of file system errors are those of Windows (public list "System Error Codes"). */
function errorOf(outcome: BlobOutcome): CopyLogError | undefined {
  const http = (message: string): CopyLogError => ({
    category: "UploadErrorCloudHttp",
    code: outcome.httpStatus ?? 0,
    message,
  });
  const win32 = (code: number, message: string): CopyLogError => ({
    category: "UploadErrorWin32",
    code,
    message,
  });
  switch (outcome.status) {
    case "Completed":
      return outcome.dispositionStatus === "Renamed"
        ? {
            category: "BlobRenamed",
            code: 1,
            message: `The original container/share/Blob has been renamed to: ${outcome.blobPath} :from: ${outcome.announcedBlobPath} :because a blob of that name already exists`,
          }
        : undefined;
    case "FileNotFound":
      return win32(2, "The system cannot find the file specified.");
    case "FileAccessDenied":
      return win32(5, "Access is denied.");
    case "FileNameInvalid":
      return win32(123, "The file name syntax is incorrect.");
    case "FileNameTooLong":
      return win32(206, "The file name is too long.");
    case "IOFailed":
      return win32(1117, "The request could not be performed because of an I/O device error.");
    case "LeasePresent":
      return http("There is currently a lease on the blob and no lease ID was specified in the request.");
    case "BlobRequestForbidden":
      return http("This request is not authorized to perform this operation.");
    case "BlobRequestFailed":
    case "RenameFailed":
      return http("The storage service refused the request for the blob.");
    case "CompletedWithErrors":
      return partialErrorOf(outcome, win32, http);
    case "Failed":
      return { category: "UploadErrorUnknownType", code: 1, message: "Unknown error." };
  }
}

/** Data Box logs know whole files only, so the gravest part speaks for the blob. */
function partialErrorOf(
  outcome: BlobOutcome,
  win32: (code: number, message: string) => CopyLogError,
  http: (message: string) => CopyLogError,
): CopyLogError {
  const statuses = new Set(outcome.ranges.map(({ status }) => status));
  if (statuses.has("Corrupted")) {
    return {
      category: "UploadErrorDataValidationError",
      code: 1,
      message: "The checksum computed while reading the data does not match the one in the manifest.",
    };
  }
  if (statuses.has("IOFailed")) {
    return win32(1117, "The request could not be performed because of an I/O device error.");
  }
  if (statuses.has("FileUnexpectedEnd")) return win32(38, "Reached the end of the file.");
  if (statuses.has("BlobRequestFailed")) return http("The storage service refused a part of the blob.");
  return win32(1392, "The metadata or properties file is missing, corrupted or unreadable.");
}

function topLevel(element: XmlElement): string {
  const text = writeXml(element);
  return text.slice(text.indexOf("\n") + 1);
}
