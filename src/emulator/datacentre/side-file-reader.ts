/** Finds the metadata and properties that apply to a blob: its own file, or else the one of its blob list. */
import type { BlobHTTPHeaders } from "@azure/storage-blob";
import type { AnnouncedBlob } from "./announced-blob.js";
import type { DriveVolume } from "./drive-volume.js";
import type { SideFileOutcome, SideFileReference } from "./import-outcome.js";
import { readSideFile, type SideFileContent } from "./side-file.js";

/** What applies to a blob, and how reading it went. */
export interface BlobSideFiles {
  readonly headers: BlobHTTPHeaders;
  readonly metadata: Record<string, string>;
  readonly metadataOutcome: SideFileOutcome | undefined;
  readonly propertiesOutcome: SideFileOutcome | undefined;
}

/** Reads side files; those of blob lists once. */
export interface SideFileReader {
  readFor(blob: AnnouncedBlob): Promise<BlobSideFiles>;
}

/** Makes a reader over a drive. */
export function createSideFileReader(volume: DriveVolume): SideFileReader {
  const globalFiles = new Map<string, Promise<SideFileContent>>();
  const read = async (
    root: "Metadata" | "Properties",
    file: SideFileReference | undefined,
    globalFile: SideFileReference | undefined,
  ): Promise<{ values: Readonly<Record<string, string>>; outcome: SideFileOutcome | undefined }> => {
    let content: SideFileContent;
    if (file !== undefined) {
      content = await readSideFile(volume, root, file);
    } else if (globalFile !== undefined) {
      const key = `${root} ${globalFile.hash} ${globalFile.path}`;
      const known = globalFiles.get(key) ?? readSideFile(volume, root, globalFile);
      globalFiles.set(key, known);
      content = await known;
    } else {
      return { values: {}, outcome: undefined };
    }
    return {
      values: content.status === "Completed" ? content.values : {},
      outcome: { globalFile, file, status: content.status },
    };
  };
  return {
    async readFor(blob) {
      const metadata = await read("Metadata", blob.metadata, blob.globalMetadata);
      const properties = await read("Properties", blob.properties, blob.globalProperties);
      return {
        headers: headersOf(properties.values),
        metadata: { ...metadata.values },
        metadataOutcome: metadata.outcome,
        propertiesOutcome: properties.outcome,
      };
    },
  };
}

function headersOf(values: Readonly<Record<string, string>>): BlobHTTPHeaders {
  const md5 = values["Content-MD5"]?.trim();
  return {
    ...(md5 ? { blobContentMD5: Buffer.from(md5, "base64") } : {}),
    ...(values["Content-Type"] ? { blobContentType: values["Content-Type"] } : {}),
    ...(values["Content-Encoding"] ? { blobContentEncoding: values["Content-Encoding"] } : {}),
    ...(values["Content-Language"] ? { blobContentLanguage: values["Content-Language"] } : {}),
    ...(values["Cache-Control"] ? { blobCacheControl: values["Cache-Control"] } : {}),
  };
}
