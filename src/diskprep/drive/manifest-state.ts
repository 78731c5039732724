/** What the reader of a manifest knows between two pieces of its text: which elements are open, and the blob in the making. */
import { ManifestBlobBuilder, type SideFiles, setSideFile } from "./manifest-blob-builder.js";
import type { ManifestBlob } from "./manifest-format.js";
import { invalidManifest } from "./manifest-invalid.js";

const maximumTextLength = 32_768;

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

/** The elements that are open, and the blob being collected. */
export class ManifestState {
  version = "";
  driveId: string | undefined;
  headIsComplete = false;
  readonly #path: string[] = [];
  #text = "";
  #attributes: Readonly<Record<string, string>> = {};
  #blob: ManifestBlobBuilder | undefined;
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
      throw invalidManifest(
        parent === "" ? `its root element is '${name}'` : `element '${name}' must not stand in '${parent}'`,
      );
    }
    this.#path.push(name);
    this.#text = "";
    this.#attributes = attributes;
    if (name === "DriveManifest") this.version = attributes["Version"] ?? "";
    if (name === "Drive" && ++this.#driveCount > 1) throw invalidManifest("it describes more than one drive");
    if (name === "BlobList") {
      if (this.driveId === undefined) throw invalidManifest("BlobList comes before DriveId");
      this.headIsComplete = true;
      this.#listDefaults = {};
    }
    if (name === "Blob") this.#blob = new ManifestBlobBuilder(this.#listDefaults);
    if (name === "PageRangeList") this.#blob!.begin("page");
    if (name === "BlockList") this.#blob!.begin("block");
    if (name === "PageRange" || name === "Block") this.#blob!.addRange(attributes);
  }

  text(text: string): void {
    if (this.#text.length + text.length > maximumTextLength)
      throw invalidManifest(`the text of '${this.#path.at(-1)}' is too long`);
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
    } else if (name in allowedChildren && text.trim() !== "")
      throw invalidManifest(`element '${name}' holds text`);
  }
}
