/**
 * Streaming reader of drive manifests, strict about structure and bounds: the manifest may come from anywhere.
 *
 * Source: Microsoft, "Azure Import/Export service manifest file format".
 */
import { SaxesParser } from "saxes";
import { DriveError, isDriveError } from "./drive-error.js";
import type { ImportDisposition, ManifestBlob, ManifestSideFile } from "./manifest-format.js";

const maximumTextLength = 32_768;
const maximumRangesOfABlob = 8 * 1024 * 1024;
const dispositions: readonly string[] = ["no-overwrite", "overwrite", "rename"];

/** Where each element may stand. */
const allowedChildren: Readonly<Record<string, readonly string[]>> = {
  "": ["DriveManifest"],
  DriveManifest: ["Drive"],
  Drive: ["DriveId", "StorageAccountKey", "ContainerSas", "ClientCreator", "BlobList"],
  BlobList: ["MetadataPath", "PropertiesPath", "Blob"],
  Blob: [
    "BlobPath",
    "FilePath",
    "ClientData",
    "Snapshot",
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

/** A manifest being read. */
export interface DriveManifest {
  readonly version: string;
  readonly driveId: string;
  /** The blobs in file order; can be iterated once. Rejects like {@link readDriveManifest}. */
  readonly blobs: AsyncIterable<ManifestBlob>;
}

/**
 * Reads a manifest piece by piece; memory depends on the largest single blob only.
 *
 * @param content the bytes of the file, UTF-8
 * @throws DriveError `manifest-invalid`: not XML, a DOCTYPE, an element or value that the format does not have
 */
export async function readDriveManifest(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<DriveManifest> {
  const state = new ManifestState();
  const pieces = parsePieces(content, state);
  const pending: ManifestBlob[] = [];
  // `DriveId` precedes every blob, so the head is complete as soon as the first blob is.
  let ended = false;
  while (!ended && !state.headIsComplete) {
    const next = await pieces.next();
    if (next.done) ended = true;
    else pending.push(...next.value);
  }
  if (state.driveId === undefined) throw invalid("it names no DriveId");

  async function* blobs(): AsyncGenerator<ManifestBlob> {
    yield* pending;
    for await (const piece of pieces) yield* piece;
  }
  return { version: state.version, driveId: state.driveId, blobs: blobs() };
}

async function* parsePieces(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  state: ManifestState,
): AsyncGenerator<readonly ManifestBlob[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const parser = createParser(state);
  const feed = (text: string | undefined): void => {
    try {
      if (text === undefined) parser.close();
      else parser.write(text);
    } catch (error) {
      if (isDriveError(error)) throw error;
      throw invalid("it is not well-formed XML", error);
    }
  };
  const decode = (bytes: Uint8Array | undefined): string => {
    try {
      return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
    } catch (error) {
      throw invalid("it is not valid UTF-8", error);
    }
  };
  for await (const bytes of content) {
    feed(decode(bytes));
    yield state.takeBlobs();
  }
  feed(decode(undefined));
  feed(undefined);
  yield state.takeBlobs();
}

function createParser(state: ManifestState): SaxesParser {
  const parser = new SaxesParser({ fragment: false, position: false });
  parser.on("error", (error) => {
    throw invalid("it is not well-formed XML", error);
  });
  parser.on("doctype", () => {
    throw invalid("it has a DOCTYPE, which a manifest never has");
  });
  parser.on("opentag", (tag) => state.open(tag.name, tag.attributes as Record<string, string>));
  parser.on("text", (text) => state.text(text));
  parser.on("cdata", (text) => state.text(text));
  parser.on("closetag", () => state.close());
  return parser;
}

/** The elements that are open, and the blob being collected. */
class ManifestState {
  version = "";
  driveId: string | undefined;
  headIsComplete = false;
  readonly #path: string[] = [];
  #text = "";
  #attributes: Readonly<Record<string, string>> = {};
  #blob: BlobBuilder | undefined;
  #listDefaults: SideFiles = {};
  #completed: ManifestBlob[] = [];
  #driveCount = 0;

  takeBlobs(): readonly ManifestBlob[] {
    const blobs = this.#completed;
    this.#completed = [];
    return blobs;
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    const parent = this.#path.at(-1) ?? "";
    if (!(allowedChildren[parent] ?? []).includes(name)) {
      throw invalid(
        parent === "" ? `its root element is '${name}'` : `element '${name}' must not stand in '${parent}'`,
      );
    }
    this.#path.push(name);
    this.#text = "";
    this.#attributes = attributes;
    if (name === "DriveManifest") this.version = attributes["Version"] ?? "";
    if (name === "Drive" && ++this.#driveCount > 1) throw invalid("it describes more than one drive");
    if (name === "BlobList") {
      if (this.driveId === undefined) throw invalid("BlobList comes before DriveId");
      this.headIsComplete = true;
      this.#listDefaults = {};
    }
    if (name === "Blob") this.#blob = new BlobBuilder(this.#listDefaults);
    if (name === "PageRangeList") this.#blob!.begin("page");
    if (name === "BlockList") this.#blob!.begin("block");
    if (name === "PageRange" || name === "Block") this.#blob!.addRange(attributes);
  }

  text(text: string): void {
    if (this.#text.length + text.length > maximumTextLength)
      throw invalid(`the text of '${this.#path.at(-1)}' is too long`);
    this.#text += text;
  }

  close(): void {
    const name = this.#path.pop()!;
    const parent = this.#path.at(-1) ?? "";
    const text = this.#text;
    this.#text = "";
    if (parent === "Blob") this.#blob!.set(name, text, this.#attributes);
    else if (parent === "BlobList" && name !== "Blob")
      setSideFile(this.#listDefaults, name, text, this.#attributes);
    else if (name === "DriveId") this.driveId = text.trim();
    else if (name === "Blob") {
      this.#completed.push(this.#blob!.build());
      this.#blob = undefined;
    } else if (name in allowedChildren && text.trim() !== "") throw invalid(`element '${name}' holds text`);
  }
}

interface SideFiles {
  properties?: ManifestSideFile;
  metadata?: ManifestSideFile;
}

/** Collects one `Blob` element and checks it as a whole. */
class BlobBuilder {
  readonly #values = new Map<string, string>();
  readonly #sideFiles: SideFiles;
  readonly #offsets: number[] = [];
  readonly #lengths: number[] = [];
  readonly #hashes: string[] = [];
  readonly #ids: string[] = [];
  #kind: "block" | "page" | undefined;

  constructor(defaults: SideFiles) {
    this.#sideFiles = { ...defaults };
  }

  begin(kind: "block" | "page"): void {
    if (this.#kind) throw invalid("a blob has two range lists");
    this.#kind = kind;
  }

  addRange(attributes: Readonly<Record<string, string>>): void {
    const offset = wholeNumber(attributes["Offset"], "Offset");
    const length = wholeNumber(attributes["Length"], "Length");
    const hash = (attributes["Hash"] ?? "").trim();
    if (!/^[0-9A-Fa-f]{32}$/.test(hash)) throw invalid(`a range at offset ${offset} has no MD5 of 32 digits`);
    if (this.#offsets.length >= maximumRangesOfABlob) throw invalid("a blob has too many ranges");
    this.#offsets.push(offset);
    this.#lengths.push(length);
    this.#hashes.push(hash);
    const id = attributes["Id"];
    if (id !== undefined) this.#ids.push(id);
  }

  set(name: string, text: string, attributes: Readonly<Record<string, string>>): void {
    if (name === "MetadataPath" || name === "PropertiesPath")
      setSideFile(this.#sideFiles, name, text, attributes);
    else if (name !== "PageRangeList" && name !== "BlockList") {
      if (this.#values.has(name)) throw invalid(`a blob has two '${name}' elements`);
      this.#values.set(name, text);
    }
  }

  build(): ManifestBlob {
    const blobPath = this.#required("BlobPath");
    const filePath = this.#required("FilePath");
    const lengthInBytes = wholeNumber(this.#required("Length").trim(), "Length");
    const disposition = (this.#values.get("ImportDisposition") ?? "rename").trim();
    if (!dispositions.includes(disposition))
      throw invalid(`blob '${blobPath}' has the disposition '${disposition}'`);
    const kind = this.#kind;
    if (!kind) throw invalid(`blob '${blobPath}' has neither a BlockList nor a PageRangeList`);
    this.#checkRanges(blobPath, kind, lengthInBytes);
    return {
      blobPath,
      filePath,
      lengthInBytes,
      disposition: disposition as ImportDisposition,
      kind,
      rangeOffsets: Float64Array.from(this.#offsets),
      rangeLengths: Float64Array.from(this.#lengths),
      rangeHashes: new Uint8Array(Buffer.from(this.#hashes.join(""), "hex")),
      blockIds: this.#ids.length > 0 ? this.#ids : undefined,
      propertiesFile: this.#sideFiles.properties,
      metadataFile: this.#sideFiles.metadata,
    };
  }

  #checkRanges(blobPath: string, kind: "block" | "page", lengthInBytes: number): void {
    let end = 0;
    for (let index = 0; index < this.#offsets.length; index += 1) {
      const offset = this.#offsets[index]!;
      const length = this.#lengths[index]!;
      if (
        length === 0 ||
        offset < end ||
        offset + length > lengthInBytes ||
        (kind === "block" && offset !== end)
      ) {
        throw invalid(
          `blob '${blobPath}' has a range at offset ${offset} that overlaps, leaves a gap or lies outside`,
        );
      }
      if (kind === "page" && (offset % 512 !== 0 || length % 512 !== 0)) {
        throw invalid(
          `page blob '${blobPath}' has a range at offset ${offset} that is not a multiple of 512`,
        );
      }
      end = offset + length;
    }
    if (kind === "block" && end !== lengthInBytes)
      throw invalid(`the blocks of blob '${blobPath}' do not cover it`);
    if (this.#ids.length > 0 && this.#ids.length !== this.#offsets.length) {
      throw invalid(`blob '${blobPath}' names the ids of some blocks only`);
    }
  }

  #required(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined || value === "") throw invalid(`a blob has no ${name}`);
    return value;
  }
}

function setSideFile(
  files: SideFiles,
  name: string,
  text: string,
  attributes: Readonly<Record<string, string>>,
): void {
  const hash = (attributes["Hash"] ?? "").trim().toUpperCase();
  if (!/^[0-9A-F]{32}$/.test(hash)) throw invalid(`${name} has no MD5 of 32 digits`);
  if (name === "MetadataPath") files.metadata = { path: text, hash };
  else files.properties = { path: text, hash };
}

function wholeNumber(text: string | undefined, name: string): number {
  const value = text !== undefined && /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw invalid(`'${String(text).slice(0, 40)}' is not a valid ${name}`);
  return value;
}

function invalid(reason: string, cause?: unknown): DriveError {
  return new DriveError(
    "manifest-invalid",
    `The drive manifest cannot be used: ${reason}. Prepare the drive again, or restore the manifest from its backup.`,
    { details: { reason }, cause },
  );
}
