/** Makes a seed of files that another tool wrote, without copying a byte: the catalog names them where they lie. */
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import {
  type AbortOptions,
  createProgressReporter,
  type ProgressOptions,
  throwIfAborted,
} from "../shared/index.js";
import { notAligned } from "./blob-file-writer.js";
import { isPageBlobName } from "./blob-kind.js";
import { checkBlobSize, pageSizeInBytes, rangeSizeFor } from "./blob-limits.js";
import { blobNameFromPath } from "./blob-name.js";
import { openBlobSource, unreadable } from "./blob-source.js";
import type { ContentHashes } from "./content-hasher.js";
import { dataStretchesOf, hashContent, readerOfChunks } from "./content-pipeline.js";
import { type DataSetRow, parseDataSet } from "./dataset-csv.js";
import { fullPathOf } from "./directory-walk.js";
import { isStagingError, StagingError } from "./errors.js";
import type { HashThreads } from "./hash-threads.js";
import type { PathFilterOptions } from "./path-filter.js";
import type { StagedSeedCatalog } from "./sealed-catalog.js";
import type { SeedBlob, SeedBlobHeaders, SeedBlobKind } from "./seed-catalog.js";
import type { SeedJobSettings } from "./seed-descriptor.js";
import { internalsOf } from "./seed-writer-internals.js";
import { readMetadataFile, readPropertiesFile } from "./side-file-xml.js";
import type { StageFailure } from "./stage-directory.js";
import type { StagingLocation } from "./staging-location.js";
import { createTaskLimit } from "./task-limit.js";
import { entryTypes, pathsOf } from "./tree-columns.js";
import { listTree } from "./tree-listing.js";

/** Options of {@link adoptStagingFolder}. */
export interface AdoptStagingFolderOptions
  extends SeedJobSettings,
    PathFilterOptions,
    AbortOptions,
    ProgressOptions {
  /** The folder whose files become blobs. Default: the staging location itself, without the seeds in it. */
  readonly folder?: string;
  /** Path of a `dataset.csv` that says which files become which blobs; then `folder` is not used. */
  readonly dataSetFile?: string;
  /** Where the paths of the data set are on this computer, for example behind a mount point. Default: as written. */
  readonly mapPath?: (path: string) => string;
  /** Put before every blob name. Default: none. */
  readonly namePrefix?: string;
  /** `"during-copy"` leaves hashing to the copy to the drives, which then reads every byte only once. Default: `"now"`. */
  readonly hashing?: "now" | "during-copy";
  /** Seals the seed although files could not be read. Default: false; then nothing is left behind and the error lists them. */
  readonly allowFailures?: boolean;
  /** Files read at the same time. Default: 4. */
  readonly concurrency?: number;
}

/** What {@link adoptStagingFolder} made. */
export interface AdoptedSeed {
  readonly catalog: StagedSeedCatalog;
  readonly failures: readonly StageFailure[];
}

interface AdoptedFile {
  readonly name: string;
  readonly root: number;
  readonly path: string;
  readonly fullPath: string;
  readonly kind: SeedBlobKind | undefined;
  readonly headers: SeedBlobHeaders;
  readonly metadata: Readonly<Record<string, string>>;
}

interface AdoptedRoot {
  readonly folder: string;
  files(): AsyncIterable<AdoptedFile | StageFailure>;
}

/**
 * Makes and seals a seed from files that stay where they are. Reads the files (only their sizes with `"during-copy"`); writes one
 * folder for the catalog into the staging location. The files must stay unchanged until the drives are verified.
 *
 * Files named `*.AIBBlob`, `*.BaseBlob`, `*.vhd` and `*.vhdx` become page blobs, as `writeBlob` has it.
 *
 * @throws StagingError `seed-exists`, `option-invalid`, `dataset-invalid`, `source-unreadable` (with the list of failures in the message),
 *   `staging-not-writable`, `staging-full`; AbortError
 */
export async function adoptStagingFolder(
  location: StagingLocation,
  options: AdoptStagingFolderOptions,
): Promise<AdoptedSeed> {
  const roots = await rootsOf(location, options);
  const writer = await location.createSeed({ ...options, adoptedFolders: roots.map((root) => root.folder) });
  const internals = internalsOf(writer)!;
  const progress = createProgressReporter(options.onProgress);
  const failures: StageFailure[] = [];
  const tasks = createTaskLimit(options.concurrency ?? 4);
  let sealed = false;

  const adopt = async (file: AdoptedFile): Promise<void> => {
    try {
      const { blob, hashes } = await describeFile(file, options, internals.threads, (bytes) =>
        progress.advance(bytes, 0, file.path),
      );
      await internals.recordAdopted(blob, hashes?.rangeHashes, file.root, file.path);
      progress.advance(0, 1, file.path);
    } catch (error) {
      const shown = unreadable(file.fullPath, error);
      const collected = ["source-", "blob-"].some(
        (prefix) => isStagingError(shown) && shown.code.startsWith(prefix),
      );
      if (!isStagingError(shown) || !collected) throw shown;
      failures.push(Object.freeze({ path: file.fullPath, code: shown.code, message: shown.message }));
    }
  };

  try {
    progress.begin(options.hashing === "during-copy" ? "listing" : "hashing");
    for (const root of roots) {
      for await (const file of root.files()) {
        if ("code" in file) failures.push(file);
        else await tasks.start(() => adopt(file));
      }
    }
    await tasks.drain();
    if (failures.length > 0 && options.allowFailures !== true) {
      const listed = failures.slice(0, 5).map((failure) => failure.message);
      throw new StagingError(
        "source-unreadable",
        `${failures.length} files cannot be adopted; nothing was recorded. ${listed.join(" ")}${failures.length > 5 ? " …" : ""}`,
        { details: { failures: failures.length } },
      );
    }
    const catalog = await writer.seal();
    sealed = true;
    progress.flush();
    return Object.freeze({ catalog, failures: Object.freeze(failures) });
  } finally {
    if (!sealed) {
      await Promise.allSettled([tasks.drain()]);
      await writer.close();
      await location.deleteSeed(options.jobName);
    }
  }
}

async function describeFile(
  file: AdoptedFile,
  options: AdoptStagingFolderOptions,
  threads: HashThreads,
  onBytes: (bytes: number) => void,
): Promise<{ blob: Omit<SeedBlob, "index">; hashes: ContentHashes | undefined }> {
  throwIfAborted(options.abortSignal);
  const source = await openBlobSource({ file: file.fullPath }, file.name);
  try {
    const lengthInBytes = source.lengthInBytes!;
    const isAligned = lengthInBytes % pageSizeInBytes === 0;
    const byName = isPageBlobName(file.name) && (isAligned || /blob$/i.test(file.name)) ? "page" : "block";
    const kind = file.kind ?? byName;
    if (kind === "page" && !isAligned) throw notAligned(file.name, lengthInBytes);
    const rangeSizeInBytes = rangeSizeFor(kind, lengthInBytes);
    checkBlobSize(file.name, kind, rangeSizeInBytes, lengthInBytes);
    let hashes: ContentHashes | undefined;
    if (options.hashing !== "during-copy") {
      let length = 0;
      hashes = await hashContent(readerOfChunks(source.chunks()), {
        threads,
        rangeSizeInBytes,
        leaveOutZeros: kind === "page",
        abortSignal: options.abortSignal,
        onLength(lengthSoFar) {
          onBytes(lengthSoFar - length);
          length = lengthSoFar;
        },
      });
      await source.checkUnchanged(hashes.lengthInBytes);
    }
    return {
      hashes,
      blob: {
        name: file.name,
        kind,
        lengthInBytes,
        md5: hashes?.md5,
        modifiedAtInMs: source.modifiedAtInMs!,
        headers: file.headers,
        metadata: file.metadata,
        rangeSizeInBytes,
        dataStretches: hashes === undefined ? undefined : dataStretchesOf(kind, hashes),
      },
    };
  } finally {
    await source.close();
  }
}

async function rootsOf(
  location: StagingLocation,
  options: AdoptStagingFolderOptions,
): Promise<readonly AdoptedRoot[]> {
  if (options.dataSetFile !== undefined) return rootsOfDataSet(options.dataSetFile, options);
  const folder = resolve(options.folder ?? location.folder);
  if (!(await statOf(folder)).isDirectory()) {
    throw new StagingError("source-invalid", `'${folder}' is no folder.`, { details: { path: folder } });
  }
  return [
    {
      folder,
      files: () =>
        filesBelow(
          location,
          folder,
          0,
          options.namePrefix ?? "",
          { kind: undefined, headers: {}, metadata: {} },
          options,
        ),
    },
  ];
}

interface AdoptedDescription {
  readonly kind: SeedBlobKind | undefined;
  readonly headers: SeedBlobHeaders;
  readonly metadata: Readonly<Record<string, string>>;
}

async function rootsOfDataSet(
  path: string,
  options: AdoptStagingFolderOptions,
): Promise<readonly AdoptedRoot[]> {
  const map = options.mapPath ?? ((written: string) => written);
  const read = async (file: string): Promise<Uint8Array> => {
    try {
      return await readFile(file);
    } catch (error) {
      throw unreadable(file, error);
    }
  };
  const rows = parseDataSet(Buffer.from(await read(path)).toString("utf8"));
  const roots: AdoptedRoot[] = [];
  for (const [root, row] of rows.entries()) {
    if (row.containerName !== options.containerName) {
      throw new StagingError(
        "dataset-invalid",
        `Line ${row.line} of '${path}' names the container '${row.containerName}', but the seed is for '${options.containerName}'. Make one seed a container.`,
        { details: { path, line: row.line } },
      );
    }
    const base = resolve(map(row.basePath));
    const isDirectory = (await statOf(base)).isDirectory();
    if (isDirectory !== row.isFolder) {
      throw new StagingError(
        "dataset-invalid",
        `Line ${row.line} of '${path}': '${base}' is ${isDirectory ? "a folder; end its path with a backslash" : "a file; remove the backslash at its end"}.`,
        { details: { path, line: row.line } },
      );
    }
    const description: AdoptedDescription = {
      kind: row.kind,
      headers:
        row.propertiesFile === undefined
          ? {}
          : readPropertiesFile(await read(map(row.propertiesFile)), row.propertiesFile),
      metadata:
        row.metadataFile === undefined
          ? {}
          : readMetadataFile(await read(map(row.metadataFile)), row.metadataFile),
    };
    roots.push(
      isDirectory
        ? folderRoot(row, base, root, description, options)
        : fileRoot(row, base, root, description),
    );
  }
  return roots;
}

function folderRoot(
  row: DataSetRow,
  folder: string,
  root: number,
  description: AdoptedDescription,
  options: AdoptStagingFolderOptions,
): AdoptedRoot {
  return { folder, files: () => filesBelow(undefined, folder, root, row.nameOrPrefix, description, options) };
}

function fileRoot(
  row: DataSetRow,
  fullPath: string,
  root: number,
  description: AdoptedDescription,
): AdoptedRoot {
  const path = basename(fullPath);
  // A prefix that ends with a slash keeps the name of the file.
  const name =
    row.nameOrPrefix === "" || row.nameOrPrefix.endsWith("/")
      ? row.nameOrPrefix + blobNameFromPath(path)
      : row.nameOrPrefix;
  return {
    folder: dirname(fullPath),
    async *files() {
      yield { name, root, path, fullPath, ...description };
    },
  };
}

async function* filesBelow(
  location: StagingLocation | undefined,
  folder: string,
  root: number,
  namePrefix: string,
  description: AdoptedDescription,
  options: AdoptStagingFolderOptions,
): AsyncGenerator<AdoptedFile | StageFailure> {
  const leftOut = location === undefined ? [] : await seedFoldersBelow(location, folder);
  for await (const listing of listTree(folder, { ...options, symlinks: "follow", leftOut })) {
    const { entries } = listing;
    for (const [at, path] of pathsOf(entries).entries()) {
      const fullPath = fullPathOf(folder, path);
      if (entries.types[at] === entryTypes.failed) {
        const error = unreadable(fullPath, { code: entries.details.get(at)! }) as StagingError;
        yield Object.freeze({ path: fullPath, code: error.code, message: error.message });
      } else if (entries.types[at] === entryTypes.file) {
        yield { name: namePrefix + blobNameFromPath(path), root, path, fullPath, ...description };
      }
    }
  }
}

/** The folders of seeds below a folder, so that a staging location can be adopted in place. */
async function seedFoldersBelow(location: StagingLocation, folder: string): Promise<readonly string[]> {
  const inside = relative(folder, location.folder);
  if (inside === ".." || inside.startsWith(`..${sep}`) || resolve(folder, inside) !== location.folder)
    return [];
  const seeds = await location.listSeeds();
  return seeds.map(({ jobName }) => relative(folder, join(location.folder, jobName)).split(sep).join("/"));
}

async function statOf(path: string): ReturnType<typeof stat> {
  try {
    return await stat(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}
