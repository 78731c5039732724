/**
 * Comparing a container with a seed catalog, blob by blob.
 *
 * The container is listed once (flat, 5000 a page); the catalog is held as typed columns, about 58 bytes a blob, so
 * five million blobs need some 290 MB and one listing of a thousand pages. Content is read only where properties do not
 * prove it, a bounded number of blobs at a time.
 */
import type { BlobItem, ContainerClient } from "@azure/storage-blob";
import {
  type AbortOptions,
  createProgressReporter,
  forEachConcurrently,
  throwIfAborted,
} from "../../shared/index.js";
import type { SeedCatalog } from "../../staging/index.js";
import type { DriveLog } from "../logs/import-log.js";
import { statusCodeOf } from "../service/service-failure.js";
import { type BlobFacts, factsOfListed } from "./blob-facts.js";
import { unequal, type VerificationContext } from "./blob-verdict.js";
import { type CatalogIndex, indexCatalog } from "./catalog-index.js";
import { readCatalogBlob } from "./read-catalog-blob.js";
import type { ReconcileSeedOptions } from "./reconcile-seed.js";
import type { SeedEvidence, SeedReport } from "./seed-report.js";
import { SeedTally } from "./seed-tally.js";
import { differenceOfProperties, verifyBlobContent } from "./verify-blob.js";

/**
 * What `reconcileSeed` does; `justWritten` are the positions of blobs that the caller wrote whole, every range with its
 * hash, so that the service checked them.
 */
export async function compareContainer(
  containerClient: ContainerClient,
  catalog: SeedCatalog,
  options: ReconcileSeedOptions,
  justWritten: ReadonlySet<number>,
): Promise<SeedReport> {
  const { readBytes = "when-needed", concurrency = 8, maximumFindings = 1000, abortSignal } = options;
  const progress = createProgressReporter(options.onProgress);
  progress.begin("reading the catalog", { items: catalog.blobCount });
  const index = await indexCatalog(catalog, {
    abortSignal,
    onBlob: (blob) => progress.advance(0, 1, blob.name),
  });
  progress.flush();

  const checkedOnArrival = blobsCheckedOnArrival(index, catalog, options.logs ?? [], justWritten);
  const tally = new SeedTally(index, maximumFindings, options.onFinding);
  const context: VerificationContext = {
    containerClient,
    catalog,
    readBytes,
    abortSignal,
    onBytes: (count) => progress.advance(count, 0),
  };
  progress.begin("comparing the container", { items: catalog.blobCount });
  // What the listing proves is counted as it passes; only the rest costs requests of its own.
  async function* unprovenByListing(): AsyncGenerator<{
    readonly position: number;
    readonly facts: BlobFacts;
  }> {
    for await (const items of listPages(containerClient, options)) {
      throwIfAborted(abortSignal);
      for (const item of items) {
        const position = index.find(item.name);
        if (position === undefined) {
          tally.addExtra(item.name);
          continue;
        }
        const facts = factsOfListed(item);
        const evidence =
          readBytes === "always" ? undefined : evidenceOfProperties(index, position, facts, checkedOnArrival);
        if (evidence === undefined) {
          yield { position, facts };
          continue;
        }
        tally.addEqual(position, evidence, facts);
        progress.advance(0, 1, item.name);
      }
    }
  }
  await forEachConcurrently(unprovenByListing(), concurrency, async ({ position, facts }) => {
    throwIfAborted(abortSignal);
    const blob = await readCatalogBlob(catalog, position, abortSignal);
    const verdict = differenceOfProperties(blob, facts) ?? (await verifyBlobContent(context, blob, facts));
    tally.addVerdict(blob, verdict, facts);
    progress.advance(0, 1, facts.name);
  });
  progress.flush();
  await addMissing(tally, catalog, abortSignal);
  return tally.report(catalog, containerClient.containerName);
}

/** The container page by page; nothing when it does not exist. */
async function* listPages(
  containerClient: ContainerClient,
  { abortSignal, pageSize = 5000 }: ReconcileSeedOptions,
): AsyncGenerator<readonly BlobItem[]> {
  const pages = containerClient
    .listBlobsFlat({ includeMetadata: true, ...(abortSignal && { abortSignal }) })
    .byPage({ maxPageSize: pageSize });
  try {
    for await (const page of pages) yield page.segment.blobItems;
  } catch (error) {
    if (statusCodeOf(error) !== 404) throw error;
  }
}

/** What proves a blob equal from the listing alone; undefined when more must be looked at. */
function evidenceOfProperties(
  index: CatalogIndex,
  position: number,
  facts: BlobFacts,
  checkedOnArrival: ReadonlySet<number>,
): SeedEvidence | undefined {
  const lengthInBytes = index.lengthOf(position);
  if (facts.lengthInBytes !== lengthInBytes || facts.kind !== index.kindOf(position)) return undefined;
  if (lengthInBytes === 0) return "empty";
  const expected = index.md5Of(position);
  const isSameHash = expected && facts.contentMd5 && Buffer.compare(facts.contentMd5, expected) === 0;
  if (!isSameHash) return undefined;
  if (index.isHashedByService(position)) return "content-md5";
  return checkedOnArrival.has(position) ? "checked-on-arrival" : undefined;
}

/** Blobs whose ranges the service checked one by one when it wrote them: by its logs, or sent with their hashes just now. */
function blobsCheckedOnArrival(
  index: CatalogIndex,
  catalog: SeedCatalog,
  logs: readonly DriveLog[],
  justWritten: ReadonlySet<number>,
): ReadonlySet<number> {
  const checked = new Set(justWritten);
  const failed = new Set<number>();
  const prefix = `${catalog.containerName}/`;
  for (const { entries } of logs) {
    for (const { blobPath, finding, failedRanges, hasMoreFailedRanges } of entries) {
      const position = blobPath.startsWith(prefix) ? index.find(blobPath.slice(prefix.length)) : undefined;
      if (position === undefined) continue;
      const isWhole = finding.outcome === "succeeded" && failedRanges.length === 0 && !hasMoreFailedRanges;
      (isWhole ? checked : failed).add(position);
    }
  }
  for (const position of failed) if (!justWritten.has(position)) checked.delete(position);
  return checked;
}

async function addMissing(
  tally: SeedTally,
  catalog: SeedCatalog,
  abortSignal: AbortOptions["abortSignal"],
): Promise<void> {
  if (!tally.hasUnseen()) return;
  for await (const blob of catalog.blobs({ abortSignal })) {
    throwIfAborted(abortSignal);
    if (tally.isUnseen(blob.index)) {
      tally.addVerdict(blob, unequal(blob, "absent", "There is no blob of this name in the container."));
    }
  }
}
