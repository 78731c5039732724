/** The metadata and properties files of an import job (formats "Metadata and Properties file" of the Azure Import/Export service). */
import { readXml, type XmlElement } from "../shared/index.js";
import { StagingError } from "./errors.js";
import type { SeedBlobHeaders } from "./seed-catalog.js";

const headerElements: Readonly<Record<string, keyof SeedBlobHeaders>> = {
  "Content-Type": "contentType",
  "Content-Encoding": "contentEncoding",
  "Content-Language": "contentLanguage",
  "Cache-Control": "cacheControl",
};

/** Reads a metadata file. @throws StagingError `dataset-invalid` */
export function readMetadataFile(bytes: Uint8Array, path: string): Readonly<Record<string, string>> {
  return Object.freeze(Object.fromEntries(children(bytes, "Metadata", path)));
}

/** Reads a properties file; values that the service computes itself are ignored. @throws StagingError `dataset-invalid` */
export function readPropertiesFile(bytes: Uint8Array, path: string): SeedBlobHeaders {
  const headers: { -readonly [Name in keyof SeedBlobHeaders]: SeedBlobHeaders[Name] } = {};
  for (const [name, value] of children(bytes, "Properties", path)) {
    const header = headerElements[name];
    if (header !== undefined) headers[header] = value;
  }
  return Object.freeze(headers);
}

function children(bytes: Uint8Array, rootName: string, path: string): readonly (readonly [string, string])[] {
  let root: XmlElement;
  try {
    root = readXml(bytes, { rootName, maxSizeInBytes: 64 * 1024, maxDepth: 2 });
  } catch (error) {
    throw new StagingError(
      "dataset-invalid",
      `'${path}' is no ${rootName} file: ${(error as Error).message}`,
      {
        cause: error,
        details: { path },
      },
    );
  }
  return root.children.flatMap((child) =>
    typeof child === "string" ? [] : [[child.name, child.children.join("").trim()] as const],
  );
}
