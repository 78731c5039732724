/**
 * Mending a seed over the network: exactly what is missing or damaged, from the staging folder.
 *
 * Every blob is looked at again before anything is sent, so an old report or a log does no harm: what is equal by now
 * stays as it is.
 */
import type { ContainerClient } from "@azure/storage-blob";
import type { PreparedDrive } from "../../diskprep/index.js";
import {
  type AbortOptions,
  createProgressReporter,
  createRoomLogger,
  errorMessageOf,
  forEachConcurrently,
  hasErrorName,
  type ProgressOptions,
  systemErrorCode,
  throwIfAborted,
} from "../../shared/index.js";
import type { SeedBlob, SeedBlobRange, SeedCatalog } from "../../staging/index.js";
import type { DriveLog } from "../logs/import-log.js";
import { statusCodeOf } from "../service/service-failure.js";
import { type BlobContent, openStagedContent } from "./blob-content.js";
import { type BlobFacts, readBlobFacts } from "./blob-facts.js";
import { isHashedByService } from "./catalog-index.js";
import { compareContainer } from "./compare-container.js";
import { mendBlocks, mendPages } from "./mend-blob.js";
import type { ReconcileSeedOptions } from "./reconcile-seed.js";
import { type RepairWork, workOfLogs, workOfReport } from "./repair-work.js";
import type { SeedReport } from "./seed-report.js";
import { type UploadContext, updateProperties, uploadWholeBlob } from "./upload-blob.js";
import { differenceOfProperties, hasHash, verifyBlobContent } from "./verify-blob.js";

const logger = createRoomLogger("importjob");

/** Options of {@link repairSeed}. */
export interface RepairSeedOptions extends AbortOptions, ProgressOptions {
  /** The drives of the job; needed to find the blobs of a drive that was not read at all when only logs are given. */
  readonly drives?: readonly PreparedDrive[];
  /** Blobs sent at the same time. Default: 8. */
  readonly concurrency?: number;
  /** Ranges of one blob sent at the same time. Default: 4. */
  readonly rangeConcurrency?: number;
  /** How the proof afterwards is done. Default: as `reconcileSeed` does it. */
  readonly proof?: Pick<ReconcileSeedOptions, "readBytes" | "maximumFindings" | "logs">;
}

/** A blob that could not be repaired. */
export interface RepairFailure {
  readonly index: number;
  readonly name: string;
  /** HTTP status or error code, for programs. */
  readonly code: string;
  /** For people: what stood in the way. */
  readonly message: string;
}

/** What a repair did, and how the seed stands now. */
export interface RepairReport {
  readonly examined: number;
  /** Found equal when looked at again. */
  readonly alreadyEqual: number;
  /** Sent as a whole. */
  readonly replaced: number;
  /** Only damaged ranges, or only metadata and headers, sent. */
  readonly mended: number;
  readonly bytesSent: number;
  readonly failures: readonly RepairFailure[];
  /** Log entries about blobs that are not in the catalog, for example renamed ones. */
  readonly unknownEntries: number;
  /** The comparison made after the repair. */
  readonly after: SeedReport;
}

/**
 * Uploads what a report or the datacentre's logs show as missing or damaged, then compares again. Writes to the
 * container, overwriting damaged blobs; reads the staging folder. May be repeated and interrupted at any time.
 *
 * A blob that cannot be written (lease, access, changed staging) is in `failures`, and the others go on.
 *
 * @throws AbortError; RestError when the container cannot be listed
 */
export async function repairSeed(
  containerClient: ContainerClient,
  catalog: SeedCatalog,
  source: SeedReport | readonly DriveLog[],
  options: RepairSeedOptions = {},
): Promise<RepairReport> {
  const { abortSignal, concurrency = 8, rangeConcurrency = 4 } = options;
  const work = isReport(source)
    ? workOfReport(source)
    : await workOfLogs(source, catalog, options.drives ?? [], { abortSignal });
  const itemsTotal = work.runs.reduce((sum, run) => sum + run.endIndex - run.firstIndex, 0);
  const progress = createProgressReporter(options.onProgress);
  progress.begin("repairing", { items: itemsTotal });
  const failures: RepairFailure[] = [];
  const replaced = new Set<number>();
  const counts = { examined: 0, alreadyEqual: 0, replaced: 0, mended: 0, bytesSent: 0 };
  const context: UploadContext = {
    containerClient,
    rangeConcurrency,
    abortSignal,
    onBytes: (count) => progress.advance(count, 0),
  };
  await createMissingContainer(containerClient, abortSignal);
  await forEachConcurrently(blobsOf(work, catalog, abortSignal), concurrency, async (blob) => {
    counts.examined += 1;
    try {
      const outcome = await repairBlob(context, catalog, blob, work);
      counts[outcome.kind] += 1;
      counts.bytesSent += outcome.bytesSent;
      if (outcome.kind === "replaced") replaced.add(blob.index);
    } catch (error) {
      if (hasErrorName(error, "AbortError")) throw error;
      const failure = describeFailure(blob, error);
      logger.warning(`blob ${blob.index} could not be repaired: ${failure.code}`);
      failures.push(failure);
    }
    progress.advance(0, 1, blob.name);
  });
  progress.flush();
  const proof = { ...options.proof, abortSignal, concurrency, onProgress: options.onProgress };
  const after = await compareContainer(containerClient, catalog, proof, replaced);
  return Object.freeze({
    ...counts,
    failures: Object.freeze(failures.sort((left, right) => left.index - right.index)),
    unknownEntries: work.unknownEntries,
    after,
  });
}

function isReport(source: SeedReport | readonly DriveLog[]): source is SeedReport {
  return !Array.isArray(source);
}

async function* blobsOf(
  work: RepairWork,
  catalog: SeedCatalog,
  abortSignal: AbortOptions["abortSignal"],
): AsyncGenerator<SeedBlob> {
  for (const { firstIndex, endIndex } of work.runs) {
    for await (const blob of catalog.blobs({ startIndex: firstIndex, abortSignal })) {
      throwIfAborted(abortSignal);
      if (blob.index >= endIndex) break;
      yield blob;
    }
  }
}

interface RepairOutcome {
  readonly kind: "alreadyEqual" | "replaced" | "mended";
  readonly bytesSent: number;
}

async function repairBlob(
  context: UploadContext,
  catalog: SeedCatalog,
  blob: SeedBlob,
  work: RepairWork,
): Promise<RepairOutcome> {
  const { containerClient, abortSignal } = context;
  const client = containerClient.getBlobClient(blob.name);
  const facts = await readBlobFacts(client, abortSignal);
  const damage = facts && (await examine(context, catalog, blob, facts, work.damagedRanges.get(blob.index)));
  if (facts && damage === "none") {
    if (hasLabelsOf(blob, facts)) return { kind: "alreadyEqual", bytesSent: 0 };
    await updateProperties(context, blob, facts);
    return { kind: "mended", bytesSent: 0 };
  }
  const content = await openStagedContent(catalog, blob, abortSignal);
  try {
    const ranges = damage === "unknown" || damage === "none" ? undefined : damage;
    const mended = facts && (await mend(context, content, facts, ranges));
    if (mended !== undefined) return { kind: "mended", bytesSent: mended };
    // Blocks cannot be staged onto a page blob; a blob of the wrong kind makes room first.
    if (facts && facts.kind !== blob.kind) {
      await client.delete({ conditions: { ifMatch: facts.etag }, ...(abortSignal && { abortSignal }) });
    }
    return { kind: "replaced", bytesSent: await uploadWholeBlob(context, content) };
  } finally {
    await content.close();
  }
}

/** Sends only what is missing or damaged; undefined when the whole blob must be sent. */
async function mend(
  context: UploadContext,
  content: BlobContent,
  facts: BlobFacts,
  damaged: readonly SeedBlobRange[] | undefined,
): Promise<number | undefined> {
  if (facts.kind !== content.kind) return undefined;
  if (content.kind === "block") return mendBlocks(context, content, facts, damaged);
  const isSameLength = facts.lengthInBytes === content.lengthInBytes;
  return isSameLength && damaged ? mendPages(context, content, facts, damaged) : undefined;
}

/** The damaged stretches, `"none"` when the blob is equal after all, `"unknown"` when it differs but not known where. */
async function examine(
  { containerClient, abortSignal }: UploadContext,
  catalog: SeedCatalog,
  blob: SeedBlob,
  facts: BlobFacts,
  knownDamage: readonly SeedBlobRange[] | undefined,
): Promise<readonly SeedBlobRange[] | "none" | "unknown"> {
  const difference = differenceOfProperties(blob, facts);
  if (!difference && !knownDamage && isHashedByService(blob) && hasHash(facts, blob.md5)) return "none";
  if (knownDamage && knownDamage.length > 0) return knownDamage;
  if (difference) return "unknown";
  const look = {
    containerClient,
    catalog,
    readBytes: "when-needed",
    abortSignal,
    onBytes: () => undefined,
  } as const;
  const verdict = await verifyBlobContent(look, blob, facts);
  return verdict.verdict === "equal" ? "none" : (verdict.finding.damagedRanges ?? "unknown");
}

function hasLabelsOf({ headers, metadata }: SeedBlob, { labels }: BlobFacts): boolean {
  const lowered = (pairs: Readonly<Record<string, string>>): string =>
    JSON.stringify(
      Object.entries(pairs)
        .map(([name, value]) => `${name.toLowerCase()}=${value}`)
        .sort(),
    );
  const given = Object.entries(headers) as [keyof typeof headers, string][];
  return (
    lowered(metadata) === lowered(labels.metadata) &&
    given.every(([name, value]) => labels.headers[name] === value)
  );
}

async function createMissingContainer(
  containerClient: ContainerClient,
  abortSignal: AbortOptions["abortSignal"],
): Promise<void> {
  const abort = abortSignal ? { abortSignal } : {};
  try {
    await containerClient.getProperties(abort);
  } catch (error) {
    if (hasErrorName(error, "AbortError")) throw error;
    // A caller who may only write blobs cannot look at the container; then it is there.
    if (statusCodeOf(error) === 404) await containerClient.createIfNotExists(abort);
  }
}

function describeFailure(blob: SeedBlob, error: unknown): RepairFailure {
  const { index, name } = blob;
  const code = systemErrorCode(error) ?? String(statusCodeOf(error) ?? "unknown");
  const cause = errorMessageOf(error).split("\n")[0];
  const isLeased = code.startsWith("Lease");
  const message = isLeased
    ? `Somebody holds a lease on '${name}'; break or release it and repair again. (${cause})`
    : `'${name}' could not be written: ${cause}`;
  return Object.freeze({ index, name, code, message });
}
