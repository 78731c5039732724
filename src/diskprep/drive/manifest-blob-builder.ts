/** Collects one `Blob` element of a manifest and checks it as a whole. */
import type { ImportDisposition, ManifestBlob, ManifestSideFile } from "./manifest-format.js";
import { invalidManifest } from "./manifest-invalid.js";

const maximumRangesOfABlob = 8 * 1024 * 1024;
const dispositions: readonly string[] = ["no-overwrite", "overwrite", "rename"];

/** The files that stand beside a blob, as far as they are known. */
export interface SideFiles {
  properties?: ManifestSideFile;
  metadata?: ManifestSideFile;
}

/** Is told what the element holds, in any order the format allows. */
export class ManifestBlobBuilder {
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
    if (this.#kind) throw invalidManifest("a blob has two range lists");
    this.#kind = kind;
  }

  addRange(attributes: Readonly<Record<string, string>>): void {
    const offset = wholeNumber(attributes["Offset"], "Offset");
    const length = wholeNumber(attributes["Length"], "Length");
    const hash = (attributes["Hash"] ?? "").trim();
    if (!/^[0-9A-Fa-f]{32}$/.test(hash))
      throw invalidManifest(`a range at offset ${offset} has no MD5 of 32 digits`);
    if (this.#offsets.length >= maximumRangesOfABlob) throw invalidManifest("a blob has too many ranges");
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
      if (this.#values.has(name)) throw invalidManifest(`a blob has two '${name}' elements`);
      this.#values.set(name, text);
    }
  }

  build(): ManifestBlob {
    const blobPath = this.#required("BlobPath");
    const filePath = this.#required("FilePath");
    const lengthInBytes = wholeNumber(this.#required("Length").trim(), "Length");
    const disposition = (this.#values.get("ImportDisposition") ?? "rename").trim();
    if (!dispositions.includes(disposition))
      throw invalidManifest(`blob '${blobPath}' has the disposition '${disposition}'`);
    const kind = this.#kind;
    if (!kind) throw invalidManifest(`blob '${blobPath}' has neither a BlockList nor a PageRangeList`);
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
        throw invalidManifest(
          `blob '${blobPath}' has a range at offset ${offset} that overlaps, leaves a gap or lies outside`,
        );
      }
      if (kind === "page" && (offset % 512 !== 0 || length % 512 !== 0)) {
        throw invalidManifest(
          `page blob '${blobPath}' has a range at offset ${offset} that is not a multiple of 512`,
        );
      }
      end = offset + length;
    }
    if (kind === "block" && end !== lengthInBytes)
      throw invalidManifest(`the blocks of blob '${blobPath}' do not cover it`);
    if (this.#ids.length > 0 && this.#ids.length !== this.#offsets.length) {
      throw invalidManifest(`blob '${blobPath}' names the ids of some blocks only`);
    }
  }

  #required(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined || value === "") throw invalidManifest(`a blob has no ${name}`);
    return value;
  }
}

/** Notes a `MetadataPath` or `PropertiesPath` element. */
export function setSideFile(
  files: SideFiles,
  name: string,
  text: string,
  attributes: Readonly<Record<string, string>>,
): void {
  const hash = (attributes["Hash"] ?? "").trim().toUpperCase();
  if (!/^[0-9A-F]{32}$/.test(hash)) throw invalidManifest(`${name} has no MD5 of 32 digits`);
  if (name === "MetadataPath") files.metadata = { path: text, hash };
  else files.properties = { path: text, hash };
}

function wholeNumber(text: string | undefined, name: string): number {
  const value = text !== undefined && /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value))
    throw invalidManifest(`'${String(text).slice(0, 40)}' is not a valid ${name}`);
  return value;
}
