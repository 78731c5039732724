/**
 * The properties and metadata files that stand beside the blobs on the drive.
 *
 * Source: Microsoft, "Azure Import/Export service metadata and properties file format".
 */
import type { SeedBlob } from "../../staging/index.js";
import { DriveError } from "./drive-error.js";
import { escapeXml, isXmlText } from "./xml-text.js";

const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Rule of the Blob service for metadata names (C# identifiers), narrowed to names that are XML names as well. */
const metadataName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Text of the properties file of a blob, or undefined when it needs none.
 *
 * `Content-MD5` is written for every blob whose hash is known, so that any client can check the blob later.
 */
export function propertiesFileText(blob: SeedBlob): string | undefined {
  const { headers } = blob;
  const children: readonly (readonly [string, string | undefined])[] = [
    ["Content-Type", headers.contentType],
    ["Content-MD5", blob.md5 === undefined ? undefined : Buffer.from(blob.md5, "hex").toString("base64")],
    ["Content-Encoding", headers.contentEncoding],
    ["Content-Language", headers.contentLanguage],
    ["Cache-Control", headers.cacheControl],
  ];
  return documentText(blob, "Properties", children);
}

/** Text of the properties file that goes on the drive with a blob, or undefined when it needs none. */
export function propertiesTextOf(blob: SeedBlob): string | undefined {
  return propertiesFileText(needsContentMd5(blob) ? blob : { ...blob, md5: undefined });
}

/** A block blob of one range gets its Content-MD5 from the service when it is uploaded in one request. */
export function needsContentMd5(blob: SeedBlob): boolean {
  return blob.kind === "page" || blob.lengthInBytes > blob.rangeSizeInBytes;
}

/** Text of the metadata file of a blob, or undefined when the blob has no metadata. */
export function metadataFileText(blob: SeedBlob): string | undefined {
  const children = Object.entries(blob.metadata);
  for (const [name] of children) {
    if (!metadataName.test(name)) {
      throw new DriveError(
        "blob-name-unrepresentable",
        `Blob '${blob.name}' has metadata named '${name}', which cannot be written to a metadata file: use letters, digits and underscores, not starting with a digit.`,
        { details: { blobName: blob.name, metadataName: name } },
      );
    }
  }
  return documentText(blob, "Metadata", children);
}

function documentText(
  blob: SeedBlob,
  root: string,
  children: readonly (readonly [string, string | undefined])[],
): string | undefined {
  let body = "";
  for (const [name, value] of children) {
    if (value === undefined) continue;
    if (!isXmlText(value)) {
      throw new DriveError(
        "blob-name-unrepresentable",
        `The value of '${name}' of blob '${blob.name}' holds a control character that XML cannot express; remove it.`,
        { details: { blobName: blob.name, name } },
      );
    }
    body += `  <${name}>${escapeXml(value)}</${name}>\n`;
  }
  return body === "" ? undefined : `${xmlDeclaration}<${root}>\n${body}</${root}>\n`;
}
