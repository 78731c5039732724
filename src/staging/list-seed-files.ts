/** The files of a seed, wherever they are: blobs of their own, or members of bundles. Read lazily from the staging folder. */
import { type AbortOptions, throwIfAborted } from "../shared/index.js";
import { pathFromBlobName } from "./blob-name.js";
import { bundleIndexMetadataName, bundleMetadataName, parseBundleIndex } from "./bundle.js";
import { rawLengthMetadataName } from "./compression-choice.js";
import { maximumIndexBytes, textOf } from "./extract-seed.js";
import { extractableBlob } from "./extractable-seed.js";
import {
  escapedNameMetadataName,
  folderMetadataName,
  hardLinkMetadataName,
  modifiedMetadataName,
  parseTime,
  symlinkMetadataName,
} from "./file-attributes.js";
import type { SeedBlob, SeedCatalog } from "./seed-catalog.js";

/** One file, empty folder or link of a seed. Plain frozen data. */
export interface SeedFile {
  /** As `extractSeed` writes it, with forward slashes; the name prefix of staging is part of it. */
  readonly path: string;
  readonly type: "file" | "folder" | "symlink" | "hard-link";
  /** Before compression; undefined for links. */
  readonly lengthInBytes: number | undefined;
  readonly modifiedAtInMs: number;
  /** Catalog position of the file's own blob, or of the index of its bundle. */
  readonly blobIndex: number;
  readonly isBundled: boolean;
  /** Hexadecimal MD5 of the file's content, where the blob holds it as it is. */
  readonly md5: string | undefined;
}

/**
 * All files of a sealed seed in catalog order. Reads the indexes of bundles from the staging folder.
 *
 * @throws StagingError `content-damaged`, `staged-file-missing`; AbortError
 */
export async function* listSeedFiles(
  catalog: SeedCatalog,
  options: AbortOptions = {},
): AsyncGenerator<SeedFile> {
  for await (const blob of catalog.blobs({ abortSignal: options.abortSignal })) {
    throwIfAborted(options.abortSignal);
    const metadata = lowerCased(blob.metadata);
    if (metadata[bundleMetadataName] !== undefined) continue;
    if (metadata[bundleIndexMetadataName] === undefined) {
      yield fileOf(blob, metadata);
      continue;
    }
    for (const entry of parseBundleIndex(await readBundleIndexText(catalog, blob), blob.name)) {
      yield Object.freeze({
        path: entry.path,
        type: entry.type,
        lengthInBytes: entry.type === "file" ? entry.lengthInBytes : undefined,
        modifiedAtInMs: entry.modifiedAtInMs,
        blobIndex: blob.index,
        isBundled: true,
        md5: undefined,
      });
    }
  }
}

/** The text of a bundle's index, decompressed. @throws StagingError `content-damaged`, `staged-file-missing` */
export function readBundleIndexText(catalog: SeedCatalog, blob: SeedBlob): Promise<string> {
  return textOf(extractableBlob(catalog, blob), maximumIndexBytes);
}

/** The index without the members of these paths; the archive beside it stays as it is. */
export function withoutBundleMembers(indexText: string, paths: ReadonlySet<string>): string {
  const lines = indexText.split("\n").filter((line, at) => {
    if (at === 0 || line === "") return true;
    return !paths.has((JSON.parse(line) as { path: string }).path);
  });
  return lines.join("\n");
}

function fileOf(blob: SeedBlob, metadata: Readonly<Record<string, string>>): SeedFile {
  const type =
    metadata[folderMetadataName] === "true"
      ? "folder"
      : metadata[symlinkMetadataName] === "true"
        ? "symlink"
        : metadata[hardLinkMetadataName] === "true"
          ? "hard-link"
          : "file";
  const rawLength = metadata[rawLengthMetadataName];
  const isPlain = rawLength === undefined && blob.headers.contentEncoding === undefined;
  return Object.freeze({
    path: metadata[escapedNameMetadataName] === "true" ? pathFromBlobName(blob.name) : blob.name,
    type,
    lengthInBytes: type !== "file" ? undefined : isPlain ? blob.lengthInBytes : Number(rawLength),
    modifiedAtInMs: parseTime(metadata[modifiedMetadataName] ?? "") ?? blob.modifiedAtInMs,
    blobIndex: blob.index,
    isBundled: false,
    md5: type === "file" && isPlain ? blob.md5 : undefined,
  });
}

function lowerCased(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]));
}
