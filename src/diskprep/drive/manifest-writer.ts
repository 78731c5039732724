/**
 * Text of the drive manifest, piece by piece.
 *
 * Every hash has the same width, so the same code with empty hashes measures the manifest before a byte is copied.
 * Source: Microsoft, "Azure Import/Export service manifest file format".
 */
import type { ImportDisposition, ManifestSideFile } from "./manifest-format.js";
import { escapeXml } from "./xml-text.js";

/** What the writer needs of one blob; ranges are asked for one after the other. */
export interface ManifestEntry {
  readonly blobPath: string;
  readonly filePath: string;
  readonly lengthInBytes: number;
  readonly kind: "block" | "page";
  /** Offset and length of each range, ascending. */
  readonly ranges: Iterable<{ readonly offsetInBytes: number; readonly lengthInBytes: number }>;
  /** 16 bytes a range; undefined only while measuring. */
  readonly rangeHashes: Uint8Array | undefined;
  readonly propertiesFile: ManifestSideFile | undefined;
  readonly metadataFile: ManifestSideFile | undefined;
}

/** Facts of the whole manifest. */
export interface ManifestHead {
  readonly version: string;
  readonly driveId: string;
  readonly disposition: ImportDisposition;
  /** Destination container; the first segment of every blob path. */
  readonly containerName: string;
}

const hashWhileMeasuring = "0".repeat(32);

/** Everything before the first blob. `DriveId` comes first, as the format demands. */
export function manifestHeadText(head: ManifestHead): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<DriveManifest Version="${escapeXml(head.version)}">\n  <Drive>\n` +
    `    <DriveId>${escapeXml(head.driveId)}</DriveId>\n` +
    "    <ClientCreator>offline-seed</ClientCreator>\n    <BlobList>\n"
  );
}

/** Everything after the last blob. */
export const manifestTailText = "    </BlobList>\n  </Drive>\n</DriveManifest>\n";

/** The `Blob` element of one entry, in pieces of at most some ten kilobytes. */
export function* manifestBlobText(head: ManifestHead, entry: ManifestEntry): Generator<string> {
  let text =
    `      <Blob>\n        <BlobPath>${escapeXml(entry.blobPath)}</BlobPath>\n` +
    `        <FilePath>${escapeXml(entry.filePath)}</FilePath>\n` +
    `        <Length>${entry.lengthInBytes}</Length>\n` +
    `        <ImportDisposition>${head.disposition}</ImportDisposition>\n`;
  const isPageBlob = entry.kind === "page";
  text += isPageBlob ? "        <PageRangeList>\n" : "        <BlockList>\n";
  let index = 0;
  for (const range of entry.ranges) {
    const hash = entry.rangeHashes ? upperHex(entry.rangeHashes, index * 16) : hashWhileMeasuring;
    const place = `Offset="${range.offsetInBytes}" Length="${range.lengthInBytes}"`;
    text += isPageBlob
      ? `          <PageRange ${place} Hash="${hash}"/>\n`
      : `          <Block ${place} Id="${blockId(index)}" Hash="${hash}"/>\n`;
    index += 1;
    if (text.length > 16_384) {
      yield text;
      text = "";
    }
  }
  text += isPageBlob ? "        </PageRangeList>\n" : "        </BlockList>\n";
  if (entry.metadataFile) text += sideFileText("MetadataPath", entry.metadataFile);
  if (entry.propertiesFile) text += sideFileText("PropertiesPath", entry.propertiesFile);
  yield `${text}      </Blob>\n`;
}

/** Block id: the block's number as four little-endian bytes in Base64, the form of the published example. */
export function blockId(index: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(index);
  return bytes.toString("base64");
}

/** Hexadecimal upper-case text of the 16-byte hash at `offset`. */
export function upperHex(bytes: Uint8Array, offset: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, 16)
    .toString("hex")
    .toUpperCase();
}

function sideFileText(element: string, file: ManifestSideFile): string {
  return `        <${element} Hash="${file.hash}">${escapeXml(file.path)}</${element}>\n`;
}
