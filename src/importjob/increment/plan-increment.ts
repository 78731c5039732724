/** Comparing a source folder with the seed that was made from it. Reads only. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import {
  type AbortOptions,
  createProgressReporter,
  type ProgressOptions,
  systemErrorCode,
  throwIfAborted,
} from "../../shared/index.js";
import {
  type ListSourceFilesOptions,
  listSeedFiles,
  listSourceFiles,
  type SeedCatalog,
  type SourceFile,
} from "../../staging/index.js";
import { readCatalogBlob } from "../completion/read-catalog-blob.js";
import { ImportJobError } from "../import-job-error.js";
import { createFileTable, type KnownSeedFile } from "./file-table.js";
import type { IncrementItem, IncrementPlan, RemovedItem, UnreadableItem } from "./increment-plan.js";

/** Options of {@link planIncrement}: those of staging that decide names must be the same as then. */
export interface PlanIncrementOptions extends ListSourceFilesOptions, ProgressOptions {
  /**
   * How files of equal length are compared: `"time"` takes an equal modification time for equal content and compares
   * hashes otherwise; `"content"` reads every file whose hash the catalog has. Default: `"time"`.
   */
  readonly compare?: "time" | "content";
}

/**
 * Finds what was added, changed and removed at the source since the seed was staged. Reads the source folder, the
 * catalog, and of the staging folder only the indexes of bundles. May be repeated.
 *
 * Memory: about 45 bytes a file of the seed, and the plan itself, which is as large as the changes.
 *
 * @param sourceFolder the folder that was staged
 * @throws ImportJobError `invalid-source` when the folder itself cannot be read
 */
export async function planIncrement(
  catalog: SeedCatalog,
  sourceFolder: string,
  options: PlanIncrementOptions = {},
): Promise<IncrementPlan> {
  const { abortSignal } = options;
  const progress = createProgressReporter(options.onProgress);
  progress.begin("reading the catalog");
  const table = createFileTable();
  for await (const file of listSeedFiles(catalog, { abortSignal })) {
    table.add(file);
    progress.advance(0, 1, file.path);
  }
  progress.begin("comparing the source", { items: table.size });
  const items: IncrementItem[] = [];
  const unreadable: UnreadableItem[] = [];
  let unchangedFiles = 0;
  let unchangedBytes = 0;
  for await (const found of listSourceFiles(sourceFolder, options)) {
    throwIfAborted(abortSignal);
    if ("unreadable" in found) {
      if (found.path === `${options.namePrefix ?? ""}.`)
        throw unreadableSource(sourceFolder, found.unreadable);
      unreadable.push(Object.freeze({ path: found.path, code: found.unreadable }));
      continue;
    }
    const known = table.take(found.path);
    try {
      const reason = await reasonToUpload(catalog, found, known, options);
      if (reason === undefined) {
        unchangedFiles += 1;
        unchangedBytes += found.lengthInBytes;
      } else items.push(itemOf(found, known, reason));
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === undefined) throw error;
      unreadable.push(Object.freeze({ path: found.path, code }));
    }
    progress.advance(found.lengthInBytes, 1, found.path);
  }
  progress.flush();
  const removed = await findRemoved(catalog, table, unreadable, options);
  const changes = { seedId: catalog.seedId, containerName: catalog.containerName, items, removed };
  return Object.freeze({
    planId: createHash("sha256").update(JSON.stringify(changes)).digest("hex"),
    seedId: catalog.seedId,
    containerName: catalog.containerName,
    items: Object.freeze(items),
    removed: Object.freeze(removed),
    unreadable: Object.freeze(unreadable),
    unchangedFiles,
    unchangedBytes,
    changedBytes: items.reduce((sum, item) => sum + item.lengthInBytes, 0),
  });
}

/** Why a file must be uploaded; undefined when the seed has it. */
async function reasonToUpload(
  catalog: SeedCatalog,
  found: SourceFile,
  known: KnownSeedFile | undefined,
  { compare = "time", abortSignal }: PlanIncrementOptions,
): Promise<IncrementItem["reason"] | undefined> {
  if (!known) return "new";
  const isSameType = known.type === found.type || (known.type === "hard-link" && found.type === "file");
  if (!isSameType) return "type";
  if (found.type === "folder") return undefined;
  if (known.type === "file" && known.lengthInBytes !== found.lengthInBytes) return "length";
  // Catalogs keep whole milliseconds, attributes microseconds, file systems finer still.
  const isSameTime = Math.floor(known.modifiedAtInMs) === Math.floor(found.modifiedAtInMs);
  if (isSameTime && (compare === "time" || !known.hasHash)) return undefined;
  if (!known.hasHash) return "time";
  const { md5 } = await readCatalogBlob(catalog, known.blobIndex, abortSignal);
  return (await hashFile(found.fullPath, abortSignal)) === md5 ? undefined : "content";
}

async function hashFile(path: string, abortSignal: AbortOptions["abortSignal"]): Promise<string> {
  const hash = createHash("md5");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    throwIfAborted(abortSignal);
    hash.update(chunk as Uint8Array);
  }
  return hash.digest("hex");
}

function itemOf(
  found: SourceFile,
  known: KnownSeedFile | undefined,
  reason: IncrementItem["reason"],
): IncrementItem {
  return Object.freeze({
    action: known ? "replace" : "add",
    reason,
    ...found,
    blobIndex: known?.blobIndex,
    wasBundled: known?.isBundled ?? false,
  });
}

/** What the source no longer has. Nothing below a folder that could not be read counts as gone. */
async function findRemoved(
  catalog: SeedCatalog,
  table: ReturnType<typeof createFileTable>,
  unreadable: readonly UnreadableItem[],
  { abortSignal, namePrefix = "" }: PlanIncrementOptions,
): Promise<RemovedItem[]> {
  const removed: RemovedItem[] = [];
  for await (const { path, blobIndex, isBundled } of listSeedFiles(catalog, { abortSignal })) {
    throwIfAborted(abortSignal);
    // Files staged under another prefix come from another folder.
    if (!path.startsWith(namePrefix) || table.wasTaken(path)) continue;
    if (unreadable.some((item) => path === item.path || path.startsWith(`${item.path}/`))) continue;
    removed.push(Object.freeze({ path, blobIndex, wasBundled: isBundled }));
  }
  return removed;
}

function unreadableSource(sourceFolder: string, code: string): ImportJobError {
  return new ImportJobError(
    "invalid-source",
    `The source folder '${sourceFolder}' cannot be read (${code}); nothing was compared. Check the path and that its disk is mounted.`,
    { details: { sourceFolder, code } },
  );
}
