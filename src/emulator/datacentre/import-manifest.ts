/**
 * The datacentre's own reader of drive manifests (public article "Azure Import/Export service manifest file format",
 * version 2014-11-01). It shares nothing with the code that writes manifests, streams, and accepts what is documented
 * and nothing else.
 */
import { SaxesParser, type SaxesTagPlain } from "saxes";
import {
  type AnnouncedBlob,
  type AnnouncedRange,
  blobOf,
  invalid,
  type OpenElement,
  rangeOf,
  sideFileOf,
} from "./announced-blob.js";
import type { SideFileReference } from "./import-outcome.js";

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
const maximumTextLength = 8 * 1024;

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
