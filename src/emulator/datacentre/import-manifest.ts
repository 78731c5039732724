/**
 * The datacentre's own reader of drive manifests (public article "Azure Import/Export service manifest file format",
 * version 2014-11-01). It shares nothing with the code that writes manifests, streams, and accepts what is documented
 * and nothing else.
 */
import { SaxesParser, type SaxesTagPlain } from "saxes";
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

/** What a reader of a manifest meets, in document order. */
export type ManifestEvent =
  | { readonly type: "drive"; readonly driveId: string; readonly version: string }
  | { readonly type: "blob"; readonly blob: AnnouncedBlob };

const children: Readonly<Record<string, readonly string[]>> = {
  DriveManifest: ["Drive"],
  Drive: ["DriveId", "StorageAccountKey", "ContainerSas", "ClientCreator", "BlobList"],
  BlobList: ["MetadataPath", "PropertiesPath", "Blob"],
  Blob: [
    "BlobPath",
    "FilePath",
    "ClientData",
    "Length",
    "ImportDisposition",
    "PageRangeList",
    "BlockList",
    "MetadataPath",
    "PropertiesPath",
  ],
  PageRangeList: ["PageRange"],
  BlockList: ["Block"],
};
const repeatable = new Set(["Blob", "BlobList", "PageRange", "Block"]);
const fourMebibytes = 4 * 1024 * 1024;
const maximumBlockCount = 50_000;
const maximumPageBlobSizeInBytes = 8 * 1024 ** 4;
/** From this length on every block must have an id. */
const unnamedBlocksUpToInBytes = 64 * 1024 * 1024;
const maximumTextLength = 8 * 1024;

interface OpenElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly seen: Set<string>;
  text: string;
}

/**
 * Reads a manifest piece by piece.
 *
 * @throws EmulatorError `manifest-invalid`; whatever the stream throws
 */
export async function* readImportManifest(stream: AsyncIterable<Uint8Array>): AsyncGenerator<ManifestEvent> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const builder = createEventBuilder();
  for await (const chunk of stream) {
    builder.feed(decode(decoder, chunk));
    yield* builder.takeEvents();
  }
  builder.feed(decode(decoder, undefined));
  builder.end();
  yield* builder.takeEvents();
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk: Uint8Array | undefined): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (error) {
    throw invalid("the file is not UTF-8", error);
  }
}

function createEventBuilder(): {
  feed(text: string): void;
  end(): void;
  takeEvents(): readonly ManifestEvent[];
} {
  const parser = new SaxesParser();
  let events: ManifestEvent[] = [];
  const stack: OpenElement[] = [];
  let version = "";
  let isDriveAnnounced = false;
  let listMetadata: SideFileReference | undefined;
  let listProperties: SideFileReference | undefined;
  let ranges: AnnouncedRange[] = [];
  let values = new Map<string, OpenElement>();

  parser.on("doctype", () => {
    throw invalid("a document type declaration is not allowed");
  });
  parser.on("error", (error) => {
    throw invalid(error.message, error);
  });
  parser.on("opentag", (tag: SaxesTagPlain) => {
    const parent = stack.at(-1);
    const allowed = parent === undefined ? ["DriveManifest"] : (children[parent.name] ?? []);
    if (!allowed.includes(tag.name)) {
      throw invalid(`'${tag.name}' is not allowed ${parent ? `in '${parent.name}'` : "as the root"}`);
    }
    if (parent?.seen.has(tag.name) && !repeatable.has(tag.name)) {
      throw invalid(`'${parent.name}' has more than one '${tag.name}'`);
    }
    parent?.seen.add(tag.name);
    if (tag.name === "DriveManifest") {
      version = tag.attributes["Version"] ?? "";
      if (version === "") throw invalid("'DriveManifest' has no Version");
    }
    if (tag.name === "BlobList") {
      if (!isDriveAnnounced) throw invalid("'DriveId' must come before the first 'BlobList'");
      listMetadata = undefined;
      listProperties = undefined;
    }
    if (tag.name === "Blob") {
      values = new Map();
      ranges = [];
    }
    stack.push({ name: tag.name, attributes: { ...tag.attributes }, seen: new Set(), text: "" });
  });
  const collectText = (text: string): void => {
    const element = stack.at(-1);
    if (element === undefined || element.name in children) {
      if (text.trim() !== "") throw invalid(`text is not allowed in '${element?.name ?? "the document"}'`);
      return;
    }
    element.text += text;
    if (element.text.length > maximumTextLength) throw invalid(`'${element.name}' is too long`);
  };
  parser.on("text", collectText);
  parser.on("cdata", collectText);
  parser.on("closetag", () => {
    const element = stack.pop()!;
    const parent = stack.at(-1);
    switch (element.name) {
      case "DriveId":
        if (element.text.trim() === "") throw invalid("'DriveId' is empty");
        isDriveAnnounced = true;
        events.push({ type: "drive", driveId: element.text.trim(), version });
        break;
      case "PageRange":
      case "Block":
        ranges.push(rangeOf(element));
        break;
      case "MetadataPath":
        if (parent?.name === "BlobList") listMetadata = sideFileOf(element);
        else values.set(element.name, element);
        break;
      case "PropertiesPath":
        if (parent?.name === "BlobList") listProperties = sideFileOf(element);
        else values.set(element.name, element);
        break;
      case "Blob":
        events.push({
          type: "blob",
          blob: blobOf(element, values, ranges, { metadata: listMetadata, properties: listProperties }),
        });
        break;
      case "Drive":
        if (!isDriveAnnounced) throw invalid("'Drive' has no 'DriveId'");
        if (!element.seen.has("BlobList")) throw invalid("'Drive' has no 'BlobList'");
        break;
      case "DriveManifest":
        if (!element.seen.has("Drive")) throw invalid("'DriveManifest' has no 'Drive'");
        break;
      default:
        values.set(element.name, element);
    }
  });

  return {
    feed(text) {
      parser.write(text);
    },
    end() {
      parser.close();
    },
    takeEvents() {
      const taken = events;
      events = [];
      return taken;
    },
  };
}

function blobOf(
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

function rangeOf(element: OpenElement): AnnouncedRange {
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

function sideFileOf(element: OpenElement): SideFileReference {
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

function invalid(reason: string, cause?: unknown): EmulatorError {
  return new EmulatorError("manifest-invalid", `The drive manifest is not valid: ${reason}.`, { cause });
}
