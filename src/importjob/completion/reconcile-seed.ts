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
  type ProgressOptions,
  throwIfAborted,
} from "../../shared/index.js";
import type { SeedBlob, SeedCatalog } from "../../staging/index.js";
import { statusCodeOf } from "../service/service-failure.js";
import { type BlobFacts, factsOfListed } from "./blob-facts.js";
import { type CatalogIndex, indexCatalog } from "./catalog-index.js";
import { readCatalogBlob } from "./read-catalog-blob.js";
import type { CatalogRun, SeedEvidence, SeedFinding, SeedReport } from "./seed-report.js";
import {
  type BlobVerdict,
  differenceOfProperties,
  type ReadBytesPolicy,
  unequal,
  type VerificationContext,
  verifyBlobContent,
} from "./verify-blob.js";

/** Options of {@link reconcileSeed}. */
export interface ReconcileSeedOptions extends AbortOptions, ProgressOptions {
  /**
   * When the content is downloaded: `"never"` (blobs whose properties prove nothing are then `not-verified`),
   * `"when-needed"` (a blob without Content-MD5 and without hashes in its block names is read), `"always"` (every byte,
   * whatever the properties claim). Default: `"when-needed"`.
   */
  readonly readBytes?: ReadBytesPolicy;
  /** Blobs read at the same time. Default: 8. */
  readonly concurrency?: number;
  /** Most findings kept with their texts; all are counted and all are in `unproven`. Default: 1000. */
  readonly maximumFindings?: number;
  /** Blobs asked for with one listing request, at most 5000. Default: 5000. */
  readonly pageSize?: number;
  /** Told every finding, kept or not. */
  readonly onFinding?: (finding: SeedFinding) => void;
}

const stateUnseen = 0;
const stateEqual = 1;
const stateUnequal = 2;
const stateMislabelled = 3;

/**
 * Compares every blob of the catalog with the container: name, kind, length, content. Reads only; may be repeated.
 *
 * Content counts as equal by its Content-MD5 property, by the committed block names when they carry the manifest's
 * hashes, or by its bytes; never without one of them. Metadata and the headers the catalog gives are compared too and
 * reported apart (`labelsDiffer`). A container that does not exist holds nothing.
 *
 * @throws RestError when the storage account cannot be asked; AbortError
 */
export async function reconcileSeed(
  containerClient: ContainerClient,
  catalog: SeedCatalog,
  options: ReconcileSeedOptions = {},
): Promise<SeedReport> {
  const { readBytes = "when-needed", concurrency = 8, maximumFindings = 1000, abortSignal } = options;
  const progress = createProgressReporter(options.onProgress);
  progress.begin("reading the catalog", { items: catalog.blobCount });
  const index = await indexCatalog(catalog, {
    abortSignal,
    onBlob: (blob) => progress.advance(0, 1, blob.name),
  });
  progress.flush();

  const tally = new Tally(index, maximumFindings, options.onFinding);
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
        const evidence = readBytes === "always" ? undefined : evidenceOfProperties(index, position, facts);
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
): SeedEvidence | undefined {
  const lengthInBytes = index.lengthOf(position);
  if (facts.lengthInBytes !== lengthInBytes || facts.kind !== index.kindOf(position)) return undefined;
  if (lengthInBytes === 0) return "empty";
  const expected = index.md5Of(position);
  return expected && facts.contentMd5 && Buffer.compare(facts.contentMd5, expected) === 0
    ? "content-md5"
    : undefined;
}

async function addMissing(
  tally: Tally,
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

/** Counts, findings and the state of every blob. */
class Tally {
  readonly #index: CatalogIndex;
  readonly #states: Uint8Array;
  readonly #maximumFindings: number;
  readonly #onFinding: ((finding: SeedFinding) => void) | undefined;
  readonly #findings: SeedFinding[] = [];
  readonly #extraNames: string[] = [];
  readonly #evidence: Record<SeedEvidence, number> = {
    "content-md5": 0,
    "block-hashes": 0,
    bytes: 0,
    empty: 0,
  };
  readonly #verdicts = { missing: 0, different: 0, "not-verified": 0, "labels-differ": 0 };
  #findingCount = 0;
  #equal = 0;
  #equalBytes = 0;
  #unequal = 0;
  #extra = 0;

  constructor(
    index: CatalogIndex,
    maximumFindings: number,
    onFinding: ((finding: SeedFinding) => void) | undefined,
  ) {
    this.#index = index;
    this.#states = new Uint8Array(index.blobCount);
    this.#maximumFindings = maximumFindings;
    this.#onFinding = onFinding;
  }

  addEqual(position: number, evidence: SeedEvidence, facts: BlobFacts): void {
    // A container listed while it changes can name a blob twice; the first look counts.
    if (this.#states[position] !== stateUnseen) return;
    const hasLabels = this.#index.hasLabels(position, facts.labels);
    this.#states[position] = hasLabels ? stateEqual : stateMislabelled;
    if (!hasLabels) this.#addMislabelled(position, facts.name);
    this.#equal += 1;
    this.#equalBytes += this.#index.lengthOf(position);
    this.#evidence[evidence] += 1;
  }

  addVerdict(blob: SeedBlob, verdict: BlobVerdict, facts?: BlobFacts): void {
    if (verdict.verdict === "equal") {
      if (facts) this.addEqual(blob.index, verdict.evidence, facts);
      return;
    }
    if (this.#states[blob.index] !== stateUnseen) return;
    const { finding } = verdict;
    this.#states[blob.index] = stateUnequal;
    this.#unequal += 1;
    this.#verdicts[finding.verdict] += 1;
    this.#addFinding(finding);
  }

  addExtra(name: string): void {
    this.#extra += 1;
    if (this.#extraNames.length < this.#maximumFindings) this.#extraNames.push(name);
  }

  hasUnseen(): boolean {
    return this.#equal + this.#unequal < this.#index.blobCount;
  }

  isUnseen(position: number): boolean {
    return this.#states[position] === stateUnseen;
  }

  report(catalog: SeedCatalog, containerName: string): SeedReport {
    return Object.freeze({
      seedId: catalog.seedId,
      jobName: catalog.jobName,
      containerName,
      blobs: this.#index.blobCount,
      bytes: this.#index.totalBytes,
      arrivedEqual: this.#equal,
      arrivedEqualBytes: this.#equalBytes,
      missing: this.#verdicts.missing,
      different: this.#verdicts.different,
      notVerified: this.#verdicts["not-verified"],
      labelsDiffer: this.#verdicts["labels-differ"],
      extra: this.#extra,
      evidence: Object.freeze({ ...this.#evidence }),
      findings: Object.freeze(this.#findings.sort((left, right) => left.index - right.index)),
      findingsOmitted: this.#findingCount - this.#findings.length,
      extraNames: Object.freeze(this.#extraNames),
      unproven: Object.freeze(this.#runs((state) => state === stateUnseen || state === stateUnequal)),
      mislabelled: Object.freeze(this.#runs((state) => state === stateMislabelled)),
      isProven: this.#equal === this.#index.blobCount,
    });
  }

  #addMislabelled(index: number, name: string): void {
    this.#verdicts["labels-differ"] += 1;
    const explanation = "Its content is equal; its metadata or headers are not those of the catalog.";
    this.#addFinding(
      Object.freeze({
        index,
        name,
        verdict: "labels-differ",
        reason: "labels",
        explanation,
        damagedRanges: undefined,
      }),
    );
  }

  #addFinding(finding: SeedFinding): void {
    this.#findingCount += 1;
    if (this.#findings.length < this.#maximumFindings) this.#findings.push(finding);
    this.#onFinding?.(finding);
  }

  #runs(isWanted: (state: number) => boolean): CatalogRun[] {
    const runs: CatalogRun[] = [];
    let firstIndex: number | undefined;
    for (let position = 0; position <= this.#states.length; position += 1) {
      const isIn = position < this.#states.length && isWanted(this.#states[position]!);
      if (isIn) firstIndex ??= position;
      else if (firstIndex !== undefined) {
        runs.push(Object.freeze({ firstIndex, endIndex: position }));
        firstIndex = undefined;
      }
    }
    return runs;
  }
}
