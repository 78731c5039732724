/**
 * Uploading what changed since the seed, so that the first online backup after shipping is small.
 *
 * Changed files become blobs of their own; of a large one only the blocks that are not in the container already are
 * sent. Members of bundles that changed are taken out of the bundle's index, so that extraction finds the new file only.
 */
import type { ContainerClient } from "@azure/storage-blob";
import {
  type AbortOptions,
  createProgressReporter,
  errorMessageOf,
  forEachConcurrently,
  hasErrorName,
  type ProgressOptions,
  systemErrorCode,
  throwIfAborted,
} from "../../shared/index.js";
import { readBundleIndexText, type SeedCatalog, withoutBundleMembers } from "../../staging/index.js";
import { readBlobFacts } from "../completion/blob-facts.js";
import { mendBlocks } from "../completion/mend-blob.js";
import { readCatalogBlob } from "../completion/read-catalog-blob.js";
import { type UploadContext, uploadWholeBlob } from "../completion/upload-blob.js";
import { ImportJobError } from "../import-job-error.js";
import { openFileContent, textContent } from "./file-content.js";
import type { IncrementItem, IncrementPlan, RemovedItem } from "./increment-plan.js";

/** Options of {@link applyIncrement}. */
export interface ApplyIncrementOptions extends AbortOptions, ProgressOptions {
  /** Files sent at the same time. Default: 8. */
  readonly concurrency?: number;
  /** Ranges of one file sent at the same time. Default: 4. */
  readonly rangeConcurrency?: number;
  /**
   * Deletes from the container what is gone from the source. `confirm` must be the container's name.
   * Default: nothing is deleted.
   */
  readonly deleteRemoved?: { readonly confirm: string };
}

/** A file that was not uploaded. */
export interface IncrementFailure {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** What {@link applyIncrement} did. */
export interface IncrementReport {
  readonly uploaded: number;
  readonly bytesSent: number;
  /** Bytes of changed files whose blocks were in the container already. */
  readonly bytesReused: number;
  readonly deleted: number;
  /** Bundle indexes written anew because members changed or went. */
  readonly indexesRewritten: number;
  readonly failures: readonly IncrementFailure[];
}

const marker = "offlineseedincrement";

/**
 * Applies a plan to the container the seed arrived in. Writes blobs; may be repeated with the same plan, also after an
 * interruption. A container takes one increment: another plan for it is refused, because plans are made against the seed
 * and not against what earlier increments left. Later changes are the business of the online backup.
 *
 * Files that changed since the plan was made are in `failures`; plan and apply again only when nothing was uploaded.
 *
 * @throws ImportJobError `invalid-source` when the plan is for another seed; `wrong-state` when the container took
 * another increment; `confirmation-required`. Nothing is written then.
 */
export async function applyIncrement(
  containerClient: ContainerClient,
  catalog: SeedCatalog,
  plan: IncrementPlan,
  options: ApplyIncrementOptions = {},
): Promise<IncrementReport> {
  const { abortSignal, concurrency = 8, rangeConcurrency = 4, deleteRemoved } = options;
  assertMayApply(containerClient, catalog, plan, deleteRemoved);
  await markContainer(containerClient, plan, abortSignal);
  const progress = createProgressReporter(options.onProgress);
  progress.begin("uploading changes", { items: plan.items.length, bytes: plan.changedBytes });
  const failures: IncrementFailure[] = [];
  const counts = { uploaded: 0, bytesSent: 0, bytesReused: 0, deleted: 0, indexesRewritten: 0 };
  const context: UploadContext = {
    containerClient,
    rangeConcurrency,
    abortSignal,
    onBytes: (count) => progress.advance(count, 0),
  };
  const attempt = async (path: string, work: () => Promise<void>): Promise<void> => {
    throwIfAborted(abortSignal);
    try {
      await work();
    } catch (error) {
      if (hasErrorName(error, "AbortError")) throw error;
      failures.push(
        Object.freeze({
          path,
          code: systemErrorCode(error) ?? "unknown",
          message: errorMessageOf(error).split("\n")[0]!,
        }),
      );
    }
  };

  const uploaded = new Set<string>();
  await forEachConcurrently(plan.items, concurrency, (item) =>
    attempt(item.path, async () => {
      const bytesSent = await uploadItem(context, catalog, item);
      uploaded.add(item.path);
      counts.uploaded += 1;
      counts.bytesSent += bytesSent;
      counts.bytesReused += item.lengthInBytes - bytesSent;
      progress.advance(0, 1, item.path);
    }),
  );

  // First the new blobs, then the indexes without the old members: in between a file is there twice, never not at all.
  const gone = deleteRemoved ? plan.removed : [];
  const stale = [...plan.items.filter(({ path }) => uploaded.has(path)), ...gone];
  for (const [blobIndex, paths] of bundledPathsByIndex(stale)) {
    await attempt(`bundle index ${blobIndex}`, async () => {
      await rewriteBundleIndex(context, catalog, blobIndex, paths);
      counts.indexesRewritten += 1;
    });
  }
  const loose = gone.filter((item) => !item.wasBundled);
  await forEachConcurrently(loose, concurrency, (item) =>
    attempt(item.path, async () => {
      const { name } = await readCatalogBlob(catalog, item.blobIndex, abortSignal);
      const { succeeded } = await containerClient
        .getBlobClient(name)
        .deleteIfExists(abortSignal ? { abortSignal } : {});
      if (succeeded) counts.deleted += 1;
    }),
  );
  progress.flush();
  return Object.freeze({ ...counts, failures: Object.freeze(failures) });
}

function assertMayApply(
  containerClient: ContainerClient,
  catalog: SeedCatalog,
  plan: IncrementPlan,
  deleteRemoved: ApplyIncrementOptions["deleteRemoved"],
): void {
  if (plan.seedId !== catalog.seedId) {
    throw new ImportJobError(
      "invalid-source",
      `The increment was planned for seed ${plan.seedId}, not for ${catalog.seedId}; nothing was uploaded.`,
      { details: { seedId: catalog.seedId } },
    );
  }
  if (deleteRemoved && deleteRemoved.confirm !== containerClient.containerName) {
    throw new ImportJobError(
      "confirmation-required",
      `Deleting ${plan.removed.length} files from container '${containerClient.containerName}' must be confirmed with that name; nothing was uploaded or deleted.`,
      { details: { containerName: containerClient.containerName, removed: plan.removed.length } },
    );
  }
}

/** Notes on the container which increment it takes. */
async function markContainer(
  containerClient: ContainerClient,
  plan: IncrementPlan,
  abortSignal: AbortOptions["abortSignal"],
): Promise<void> {
  const abort = abortSignal ? { abortSignal } : {};
  const { metadata = {} } = await containerClient.getProperties(abort);
  const earlier = metadata[marker];
  if (earlier === plan.planId) return;
  if (earlier !== undefined) {
    throw new ImportJobError(
      "wrong-state",
      `Container '${containerClient.containerName}' took another increment already; nothing was uploaded. Let the online backup carry later changes.`,
      { details: { containerName: containerClient.containerName } },
    );
  }
  await containerClient.setMetadata({ ...metadata, [marker]: plan.planId }, abort);
}

async function uploadItem(
  context: UploadContext,
  catalog: SeedCatalog,
  item: IncrementItem,
): Promise<number> {
  const { containerClient, abortSignal } = context;
  const replaced =
    item.blobIndex === undefined || item.wasBundled
      ? undefined
      : await readCatalogBlob(catalog, item.blobIndex, abortSignal);
  const client = containerClient.getBlobClient(item.blobName);
  const facts = await readBlobFacts(client, abortSignal);
  const content =
    item.type === "file"
      ? await openFileContent(item, replaced, abortSignal)
      : textContent(item.blobName, item.target ?? "", item.metadata);
  try {
    if (facts?.kind === "block" && content.kind === "block" && content.lengthInBytes > 0) {
      const sent = await mendBlocks(context, content, facts, undefined);
      if (sent !== undefined) return sent;
    }
    if (facts && facts.kind !== content.kind) {
      await client.delete({ conditions: { ifMatch: facts.etag }, ...(abortSignal && { abortSignal }) });
    }
    return await uploadWholeBlob(context, content);
  } finally {
    await content.close();
  }
}

function bundledPathsByIndex(
  items: readonly (IncrementItem | RemovedItem)[],
): ReadonlyMap<number, ReadonlySet<string>> {
  const paths = new Map<number, Set<string>>();
  for (const { path, blobIndex, wasBundled } of items) {
    if (!wasBundled || blobIndex === undefined) continue;
    const set = paths.get(blobIndex) ?? new Set();
    paths.set(blobIndex, set.add(path));
  }
  return paths;
}

async function rewriteBundleIndex(
  context: UploadContext,
  catalog: SeedCatalog,
  blobIndex: number,
  paths: ReadonlySet<string>,
): Promise<void> {
  const blob = await readCatalogBlob(catalog, blobIndex, context.abortSignal);
  const text = withoutBundleMembers(await readBundleIndexText(catalog, blob), paths);
  const { contentEncoding: _compressed, ...headers } = blob.headers;
  const metadata = Object.fromEntries(
    Object.entries(blob.metadata).filter(([name]) => name.toLowerCase() !== "raw_length"),
  );
  await uploadWholeBlob(context, textContent(blob.name, text, metadata, headers));
}
