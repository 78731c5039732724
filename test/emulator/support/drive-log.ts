/** Reads the service's DriveLog the plain way, as a customer's script would. */
import { readXml, type XmlElement } from "../../../src/shared/index.js";

export interface LoggedBlob {
  readonly status: string | undefined;
  readonly blobPath: string;
  readonly filePath: string;
  readonly length: string;
  /** The disposition and what became of it. */
  readonly disposition: readonly [string, string | undefined];
  readonly ranges: readonly Readonly<Record<string, string>>[];
  readonly rangeStatuses: readonly (string | undefined)[];
  readonly metadata: string | undefined;
  readonly properties: string | undefined;
}

export interface DriveLog {
  readonly version: string | undefined;
  readonly driveId: string;
  readonly blobs: readonly LoggedBlob[];
  readonly status: string;
}

export function parseDriveLog(text: string): DriveLog {
  const log = readXml(text, { rootName: "DriveLog" });
  return {
    version: log.attributes["Version"],
    driveId: textOf(log, "DriveId"),
    blobs: elementsOf(log, "Blob").map(blobOf),
    status: textOf(log, "Status"),
  };
}

function blobOf(blob: XmlElement): LoggedBlob {
  const list = [...elementsOf(blob, "PageRangeList"), ...elementsOf(blob, "BlockList")][0];
  const ranges = list
    ? [...elementsOf(list, "PageRange"), ...elementsOf(list, "Block")].map(({ attributes }) => ({
        ...attributes,
      }))
    : [];
  return {
    status: blob.attributes["Status"],
    blobPath: textOf(blob, "BlobPath"),
    filePath: textOf(blob, "FilePath"),
    length: textOf(blob, "Length"),
    disposition: [
      textOf(blob, "ImportDisposition"),
      elementsOf(blob, "ImportDisposition")[0]?.attributes["Status"],
    ],
    ranges,
    rangeStatuses: ranges.map((range) => range["Status"]),
    metadata: elementsOf(blob, "Metadata")[0]?.attributes["Status"],
    properties: elementsOf(blob, "Properties")[0]?.attributes["Status"],
  };
}

function elementsOf(parent: XmlElement, name: string): readonly XmlElement[] {
  return parent.children.flatMap((child) =>
    typeof child !== "string" && child.name === name ? [child] : [],
  );
}

function textOf(parent: XmlElement, name: string): string {
  return elementsOf(parent, name)[0]?.children.join("").trim() ?? "";
}
