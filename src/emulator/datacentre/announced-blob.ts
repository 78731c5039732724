/** What a manifest announces of one blob, and what the published format allows there (version 2014-11-01). */
import { EmulatorError } from "../emulator-error.js";
import type { ImportDisposition, SideFileReference } from "./import-outcome.js";

/** A block or page range as the manifest announces it. */
export interface AnnouncedRange {
  readonly offsetInBytes: number;
  readonly lengthInBytes: number;
  readonly id: string | undefined;
  /** MD5, 32 upper-case hexadecimal digits. */
  readonly hash: string;
}

/** A blob as the manifest announces it. */
export interface AnnouncedBlob {
  readonly containerName: string;
  readonly blobName: string;
  readonly filePath: string;
  readonly lengthInBytes: number;
  readonly disposition: ImportDisposition;
  readonly kind: "block" | "page";
  readonly ranges: readonly AnnouncedRange[];
  readonly metadata: SideFileReference | undefined;
  readonly properties: SideFileReference | undefined;
  /** Defaults of the blob list. */
  readonly globalMetadata: SideFileReference | undefined;
  readonly globalProperties: SideFileReference | undefined;
}

/** An element that is being read. */
export interface OpenElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly seen: Set<string>;
  text: string;
}

const fourMebibytes = 4 * 1024 * 1024;
const maximumBlockCount = 50_000;
const maximumPageBlobSizeInBytes = 8 * 1024 ** 4;
/** From this length on every block must have an id. */
const unnamedBlocksUpToInBytes = 64 * 1024 * 1024;

/** A `Blob` element that has closed, with its ranges and the defaults of its list. @throws EmulatorError `manifest-invalid` */
export function blobOf(
  element: OpenElement,
  values: ReadonlyMap<string, OpenElement>,
  ranges: readonly AnnouncedRange[],
  defaults: {
    readonly metadata: SideFileReference | undefined;
    readonly properties: SideFileReference | undefined;
  },
): AnnouncedBlob {
  const text = (name: string): string => {
    const value = values.get(name)?.text.trim() ?? "";
    if (value === "") throw invalid(`a 'Blob' has no '${name}'`);
    return value;
  };
  const blobPath = text("BlobPath");
  const slash = blobPath.indexOf("/");
  if (slash < 1 || slash === blobPath.length - 1) {
    throw invalid(`the blob path '${blobPath}' is not a container, a slash and a name`);
  }
  const isPage = element.seen.has("PageRangeList");
  if (isPage === element.seen.has("BlockList")) {
    throw invalid(`blob '${blobPath}' must have either a 'PageRangeList' or a 'BlockList'`);
  }
  const lengthInBytes = wholeNumber(text("Length"), "Length");
  const disposition = values.get("ImportDisposition")?.text.trim() ?? "rename";
  if (disposition !== "no-overwrite" && disposition !== "overwrite" && disposition !== "rename") {
    throw invalid(`blob '${blobPath}' has the unknown import disposition '${disposition}'`);
  }
  if (isPage) checkPageRanges(blobPath, lengthInBytes, ranges);
  else checkBlocks(blobPath, lengthInBytes, ranges);
  const metadata = values.get("MetadataPath");
  const properties = values.get("PropertiesPath");
  return Object.freeze({
    containerName: blobPath.slice(0, slash),
    blobName: blobPath.slice(slash + 1),
    filePath: text("FilePath"),
    lengthInBytes,
    disposition,
    kind: isPage ? "page" : "block",
    ranges,
    metadata: metadata && sideFileOf(metadata),
    properties: properties && sideFileOf(properties),
    globalMetadata: defaults.metadata,
    globalProperties: defaults.properties,
  });
}

function checkPageRanges(blobPath: string, lengthInBytes: number, ranges: readonly AnnouncedRange[]): void {
  if (lengthInBytes > maximumPageBlobSizeInBytes) throw invalid(`page blob '${blobPath}' is too long`);
  let endInBytes = 0;
  for (const range of ranges) {
    if (range.id !== undefined) throw invalid(`a page range of '${blobPath}' has an Id`);
    if (range.offsetInBytes < endInBytes) {
      throw invalid(`the page ranges of '${blobPath}' overlap or are not in order`);
    }
    if (range.lengthInBytes > fourMebibytes || range.lengthInBytes === 0) {
      throw invalid(`a page range of '${blobPath}' is empty or longer than 4 MiB`);
    }
    endInBytes = range.offsetInBytes + range.lengthInBytes;
  }
  if (endInBytes > lengthInBytes) throw invalid(`a page range of '${blobPath}' lies beyond its length`);
}

function checkBlocks(blobPath: string, lengthInBytes: number, ranges: readonly AnnouncedRange[]): void {
  if (ranges.length > maximumBlockCount) throw invalid(`blob '${blobPath}' has more than 50,000 blocks`);
  // Blobs too long for 50,000 blocks of 4 MiB need longer ones; the service's limit for those is 100 MiB.
  const isLongBlob = lengthInBytes > maximumBlockCount * fourMebibytes;
  const maximumBlockSizeInBytes = isLongBlob ? 25 * fourMebibytes : fourMebibytes;
  let endInBytes = 0;
  for (const range of ranges) {
    if (range.offsetInBytes !== endInBytes) throw invalid(`the blocks of '${blobPath}' leave a gap`);
    if (range.lengthInBytes > maximumBlockSizeInBytes) throw invalid(`a block of '${blobPath}' is too long`);
    endInBytes += range.lengthInBytes;
  }
  if (endInBytes !== lengthInBytes) throw invalid(`the blocks of '${blobPath}' do not cover its length`);
  const ids = ranges.flatMap(({ id }) => (id === undefined ? [] : [id]));
  if (ids.length > 0 && ids.length < ranges.length) {
    throw invalid(`some blocks of '${blobPath}' have an Id and some have none`);
  }
  if (ids.length === 0 && lengthInBytes > unnamedBlocksUpToInBytes) {
    throw invalid(`blob '${blobPath}' is longer than 64 MB, so its blocks need an Id`);
  }
  if (new Set(ids.map((id) => id.length)).size > 1) {
    throw invalid(`the block ids of '${blobPath}' differ in length`);
  }
}

/** A `PageRange` or `Block`. @throws EmulatorError `manifest-invalid` */
export function rangeOf(element: OpenElement): AnnouncedRange {
  const { attributes } = element;
  const id = attributes["Id"]?.trim();
  if (id !== undefined && (!/^[A-Za-z0-9+/]+={0,2}$/.test(id) || id.length % 4 !== 0 || id.length > 88)) {
    throw invalid(`the block id '${id}' is not Base64 of at most 64 bytes`);
  }
  return Object.freeze({
    offsetInBytes: wholeNumber(attributes["Offset"]?.trim(), "Offset"),
    lengthInBytes: wholeNumber(attributes["Length"]?.trim(), "Length"),
    id,
    hash: hashOf(element),
  });
}

/** A `MetadataPath` or `PropertiesPath`. @throws EmulatorError `manifest-invalid` */
export function sideFileOf(element: OpenElement): SideFileReference {
  const path = element.text.trim();
  if (path === "") throw invalid(`'${element.name}' is empty`);
  return Object.freeze({ path, hash: hashOf(element) });
}

function hashOf(element: OpenElement): string {
  const hash = element.attributes["Hash"]?.trim() ?? "";
  if (!/^[0-9A-Fa-f]{32}$/.test(hash)) throw invalid(`'${element.name}' has no MD5 hash of 32 digits`);
  return hash.toUpperCase();
}

function wholeNumber(text: string | undefined, name: string): number {
  const value = /^\d{1,16}$/.test(text ?? "") ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw invalid(`'${text ?? ""}' is not a valid ${name}`);
  return value;
}

/** The error of a manifest that the datacentre does not take. */
export function invalid(reason: string, cause?: unknown): EmulatorError {
  return new EmulatorError("manifest-invalid", `The drive manifest is not valid: ${reason}.`, { cause });
}
