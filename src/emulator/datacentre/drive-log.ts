/**
 * Writes the logs of a classic job: `DriveLog` version 2014-11-01 (public article "Azure Import/Export service log file
 * format"). The verbose log tells everything; the error log has the same shape without what went well.
 */
import { writeXml, type XmlElement, xmlElement } from "../../shared/index.js";
import { type BlobTextWriter, createBlobTextWriter } from "./blob-text-writer.js";
import type { ImportLog, ImportLogOptions } from "./import-log.js";
import type { BlobOutcome, DriveStatus, RangeOutcome, SideFileOutcome } from "./import-outcome.js";

const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Name of a log or manifest backup within the log container. */
export function driveLogBlobName(
  facts: { readonly jobName: string; readonly driveId: string; readonly startedAtInMs: number },
  kind: "error" | "manifest" | "verbose",
): string {
  const [date, time] = new Date(facts.startedAtInMs).toISOString().replace("Z", "").split("T");
  const timestamp = `${date!.replaceAll("-", "")}-${time!.replaceAll(":", "").replace(".", "-")}`;
  return `waies/${facts.jobName}_${facts.driveId}_${timestamp}_${kind}.xml`;
}

/** Begins the logs of a drive. */
export function createDriveLog(options: ImportLogOptions): ImportLog {
  const begin = async (kind: "error" | "verbose"): Promise<BlobTextWriter> => {
    const writer = createBlobTextWriter(options.container, driveLogBlobName(options, kind));
    await writer.append(
      `${xmlDeclaration}<DriveLog Version="2014-11-01">\n${fragment(xmlElement("DriveId", {}, options.driveId))}`,
    );
    return writer;
  };
  const finishLog = async (writer: BlobTextWriter, status: DriveStatus): Promise<string> => {
    await writer.append(`${fragment(xmlElement("Status", {}, status))}</DriveLog>\n`);
    return writer.finish();
  };
  let errorLog: BlobTextWriter | undefined;
  let verboseLog: BlobTextWriter | undefined;
  return {
    async append(outcome) {
      if (options.isVerbose) {
        verboseLog ??= await begin("verbose");
        await verboseLog.append(fragment(blobElement(outcome, () => true)));
      }
      if (outcome.status !== "Completed") {
        errorLog ??= await begin("error");
        await errorLog.append(fragment(blobElement(outcome, (status) => status !== "Completed")));
      }
    },
    async finish({ status }) {
      if (options.isVerbose) verboseLog ??= await begin("verbose");
      if (status !== "Completed" && status !== "CompletedWithWarnings") errorLog ??= await begin("error");
      return {
        errorLogUri: errorLog && (await finishLog(errorLog, status)),
        verboseLogUri: verboseLog && (await finishLog(verboseLog, status)),
      };
    },
  };
}

/** `Blob` with the parts whose status is wanted. */
function blobElement(outcome: BlobOutcome, isWanted: (status: string) => boolean): XmlElement {
  const ranges = outcome.ranges.filter(({ status }) => isWanted(status));
  const isPage = outcome.kind === "page";
  return xmlElement("Blob", { Status: outcome.status }, [
    xmlElement("BlobPath", {}, outcome.blobPath),
    xmlElement("FilePath", {}, outcome.filePath),
    xmlElement("Length", {}, String(outcome.lengthInBytes)),
    xmlElement("ImportDisposition", { Status: outcome.dispositionStatus }, outcome.disposition),
    ...(ranges.length === 0
      ? []
      : [
          xmlElement(
            isPage ? "PageRangeList" : "BlockList",
            {},
            ranges.map((range) => rangeElement(isPage ? "PageRange" : "Block", range)),
          ),
        ]),
    ...sideFileElement("Metadata", outcome.metadata, isWanted),
    ...sideFileElement("Properties", outcome.properties, isWanted),
  ]);
}

function rangeElement(name: string, range: RangeOutcome): XmlElement {
  return xmlElement(name, {
    Offset: String(range.offsetInBytes),
    Length: String(range.lengthInBytes),
    Id: range.id,
    Hash: range.hash,
    Status: range.status,
  });
}

function sideFileElement(
  name: string,
  outcome: SideFileOutcome | undefined,
  isWanted: (status: string) => boolean,
): readonly XmlElement[] {
  if (outcome === undefined || !isWanted(outcome.status)) return [];
  return [
    xmlElement(name, { Status: outcome.status }, [
      ...(outcome.globalFile === undefined
        ? []
        : [xmlElement("GlobalPath", { Hash: outcome.globalFile.hash }, outcome.globalFile.path)]),
      ...(outcome.file === undefined
        ? []
        : [xmlElement("Path", { Hash: outcome.file.hash }, outcome.file.path)]),
    ]),
  ];
}

/** An element as a piece of a document: without declaration, indented once. */
function fragment(element: XmlElement): string {
  const text = writeXml(element);
  return text.slice(text.indexOf("\n") + 1).replace(/^(?=.)/gm, "  ");
}
