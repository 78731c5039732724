/**
 * Copying a proven seed to its destination container inside Azure, the stand-in for what the vault does at the next
 * scheduled backup: server-side, blob by blob, each checked afterwards; the seed container can be emptied at the end.
 */
import { type BlobClient, BlobSASPermissions, type ContainerClient } from "@azure/storage-blob";
import {
  type AbortOptions,
  type Clock,
  createProgressReporter,
  errorMessageOf,
  forEachConcurrently,
  hasErrorName,
  type ProgressOptions,
  systemClock,
  systemErrorCode,
  throwIfAborted,
} from "../../shared/index.js";
import type { SeedBlob, SeedCatalog } from "../../staging/index.js";
import { ImportJobError } from "../import-job-error.js";
import { type BlobFacts, readBlobFacts } from "./blob-facts.js";
import { isHashedByService } from "./catalog-index.js";
import type { SeedReport } from "./seed-report.js";
import { compareBlocks, differenceOfProperties, hasHash } from "./verify-blob.js";

/** Options of {@link copySeedToVault}. */
export interface CopySeedToVaultOptions extends AbortOptions, ProgressOptions {
  /** Put before every blob name at the destination. Default: none. */
  readonly namePrefix?: string;
  /** Blobs copied at the same time. Default: 16. */
  readonly concurrency?: number;
  /** Pause between looks at a copy that takes longer. Default: 2000. */
  readonly pollingIntervalInMs?: number;
  /**
   * URL the destination reads a seed blob from. Default: the blob's URL with a read-only signature of seven days when
   * the seed client was made with an account key, the plain URL otherwise (enough within one account).
   */
  readonly sourceUrlOf?: (blob: BlobClient) => string | Promise<string>;
  /** Default: this computer's. */
  readonly clock?: Clock;
  /**
   * Deletes the seed's blobs from the seed container once every one is proven at the destination. `confirm` must be the
   * name of the seed container. Default: nothing is deleted.
   */
  readonly clearSeed?: { readonly confirm: string };
}

/** A blob that was not copied. */
export interface VaultCopyFailure {
  readonly index: number;
  readonly name: string;
  readonly message: string;
}

/** What {@link copySeedToVault} did. */
export interface VaultCopyReport {
  readonly blobs: number;
  readonly copied: number;
  readonly bytesCopied: number;
  /** There already, and equal. */
  readonly alreadyThere: number;
  readonly failures: readonly VaultCopyFailure[];
  /** Blobs deleted from the seed container. */
  readonly cleared: number;
}

const signatureLifetimeInMs = 7 * 86_400_000;

/**
 * Copies every blob of a proven seed. Uses the network only for requests; the data moves inside Azure. May be repeated:
 * what is there and equal is not copied again.
 *
 * @throws ImportJobError `not-verified` when the report does not prove this seed in this container;
 * `confirmation-required` when `clearSeed.confirm` is not the container's name. Nothing is copied or deleted then.
 */
export async function copySeedToVault(
  seedContainer: ContainerClient,
  vaultContainer: ContainerClient,
  catalog: SeedCatalog,
  report: SeedReport,
  options: CopySeedToVaultOptions = {},
): Promise<VaultCopyReport> {
  assertMayCopy(seedContainer, vaultContainer, catalog, report, options);
  const { abortSignal, concurrency = 16, namePrefix = "" } = options;
  const progress = createProgressReporter(options.onProgress);
  const failures: VaultCopyFailure[] = [];
  const counts = { copied: 0, bytesCopied: 0, alreadyThere: 0, cleared: 0 };
  const abort = abortSignal ? { abortSignal } : {};
  await vaultContainer.createIfNotExists(abort);

  progress.begin("copying to the vault", { items: catalog.blobCount, bytes: catalog.totalBytes });
  await forEachConcurrently(catalog.blobs({ abortSignal }), concurrency, async (blob) => {
    throwIfAborted(abortSignal);
    try {
      const isNew = await copyBlob(seedContainer, vaultContainer, catalog, blob, options);
      counts.copied += isNew ? 1 : 0;
      counts.bytesCopied += isNew ? blob.lengthInBytes : 0;
      counts.alreadyThere += isNew ? 0 : 1;
    } catch (error) {
      if (hasErrorName(error, "AbortError")) throw error;
      const { index, name } = blob;
      failures.push(Object.freeze({ index, name, message: messageOf(error) }));
    }
    progress.advance(blob.lengthInBytes, 1, blob.name);
  });
  progress.flush();

  if (options.clearSeed && failures.length === 0) {
    progress.begin("clearing the seed container", { items: catalog.blobCount });
    await forEachConcurrently(catalog.blobs({ abortSignal }), concurrency, async (blob) => {
      throwIfAborted(abortSignal);
      const seed = seedContainer.getBlobClient(blob.name);
      const facts = await readBlobFacts(seed, abortSignal);
      const arrived = await readBlobFacts(
        vaultContainer.getBlobClient(`${namePrefix}${blob.name}`),
        abortSignal,
      );
      // Gone from the vault since, or replaced in the seed container since: then it stays.
      if (facts && arrived && isSameBlob(facts, arrived)) {
        await seed.delete({ ...abort, conditions: { ifMatch: facts.etag } });
        counts.cleared += 1;
      }
      progress.advance(0, 1, blob.name);
    });
    progress.flush();
  }
  return Object.freeze({
    blobs: catalog.blobCount,
    ...counts,
    failures: Object.freeze(failures.sort((left, right) => left.index - right.index)),
  });
}

function assertMayCopy(
  seedContainer: ContainerClient,
  vaultContainer: ContainerClient,
  catalog: SeedCatalog,
  report: SeedReport,
  { clearSeed, namePrefix = "" }: CopySeedToVaultOptions,
): void {
  const isThisSeed = report.seedId === catalog.seedId && report.containerName === seedContainer.containerName;
  if (!isThisSeed || !report.isProven) {
    throw new ImportJobError(
      "not-verified",
      isThisSeed
        ? `Only ${report.arrivedEqual} of ${report.blobs} blobs of seed ${catalog.seedId} are proven equal; nothing was copied. Repair the seed first.`
        : "The report is about another seed or container; nothing was copied. Compare the seed container with this catalog first.",
      { details: { seedId: catalog.seedId, containerName: seedContainer.containerName } },
    );
  }
  if (vaultContainer.url === seedContainer.url && namePrefix === "") {
    throw new ImportJobError(
      "invalid-source",
      "The seed container and the destination are the same; nothing was copied.",
    );
  }
  if (clearSeed && clearSeed.confirm !== seedContainer.containerName) {
    throw new ImportJobError(
      "confirmation-required",
      `Clearing deletes all seed blobs in container '${seedContainer.containerName}'; confirm it with that name. Nothing was copied or deleted.`,
      { details: { containerName: seedContainer.containerName } },
    );
  }
}

/** Whether a copy was made; false when the blob is there already. */
async function copyBlob(
  seedContainer: ContainerClient,
  vaultContainer: ContainerClient,
  catalog: SeedCatalog,
  blob: SeedBlob,
  options: CopySeedToVaultOptions,
): Promise<boolean> {
  const { abortSignal, namePrefix = "", pollingIntervalInMs = 2000 } = options;
  const abort = abortSignal ? { abortSignal } : {};
  const source = seedContainer.getBlobClient(blob.name);
  const target = vaultContainer.getBlobClient(`${namePrefix}${blob.name}`);
  const facts = await readBlobFacts(source, abortSignal);
  if (!facts || differenceOfProperties(blob, facts)) {
    throw new ImportJobError(
      "not-verified",
      `Blob '${blob.name}' changed in the seed container since it was compared.`,
    );
  }
  const before = await readBlobFacts(target, abortSignal);
  if (
    before &&
    isSameBlob(facts, before) &&
    (await hasRightContent(vaultContainer, catalog, blob, source, facts, target, before, options))
  ) {
    return false;
  }
  const poller = await target.beginCopyFromURL(await sourceUrlOf(source, options), {
    ...abort,
    intervalInMs: pollingIntervalInMs,
    sourceConditions: { ifMatch: facts.etag },
  });
  const { copyStatus } = await poller.pollUntilDone();
  const arrived = await readBlobFacts(target, abortSignal);
  if ((copyStatus ?? "success") !== "success" || !arrived || !isSameBlob(facts, arrived)) {
    throw new ImportJobError(
      "not-verified",
      `Copying blob '${blob.name}' ended as ${copyStatus ?? "unknown"}.`,
    );
  }
  return true;
}

/** Same kind, length and Content-MD5 property; a copy that still runs or was broken off has these, too, and is not. */
function isSameBlob(left: BlobFacts, right: BlobFacts): boolean {
  if (right.copy !== undefined && right.copy.status !== "success") return false;
  const md5Of = (facts: BlobFacts): string => Buffer.from(facts.contentMd5 ?? []).toString("hex");
  return (
    left.kind === right.kind && left.lengthInBytes === right.lengthInBytes && md5Of(left) === md5Of(right)
  );
}

/**
 * Whether a blob that is there already is the seed's, by more than its length and what its writer claimed: it was copied
 * from this very blob since that was written, or its blocks are the seed's.
 */
async function hasRightContent(
  vaultContainer: ContainerClient,
  catalog: SeedCatalog,
  blob: SeedBlob,
  source: BlobClient,
  sourceFacts: BlobFacts,
  target: BlobClient,
  facts: BlobFacts,
  { abortSignal }: CopySeedToVaultOptions,
): Promise<boolean> {
  const { copy } = facts;
  if (blob.lengthInBytes === 0) return true;
  const isCopyOfSeed =
    copy?.sourceUrl?.split("?")[0] === source.url.split("?")[0] &&
    copy?.completedAt !== undefined &&
    sourceFacts.lastModifiedAt !== undefined &&
    copy.completedAt.getTime() >= sourceFacts.lastModifiedAt.getTime();
  if (isCopyOfSeed || (isHashedByService(blob) && hasHash(facts, blob.md5))) return true;
  if (blob.kind === "page") return false;
  const look = { containerClient: vaultContainer, catalog, abortSignal };
  const verdict = await compareBlocks(look, { ...blob, name: target.name }, facts);
  return verdict?.verdict === "equal";
}

async function sourceUrlOf(source: BlobClient, options: CopySeedToVaultOptions): Promise<string> {
  if (options.sourceUrlOf) return options.sourceUrlOf(source);
  // Only a client made with an account key can sign; the class is asked by its shape, as copies of it may differ.
  if (!("accountName" in source.credential)) return source.url;
  const nowInMs = (options.clock ?? systemClock).nowInMs();
  return source.generateSasUrl({
    permissions: BlobSASPermissions.parse("r"),
    // Clocks of this computer and the service may differ.
    startsOn: new Date(nowInMs - 900_000),
    expiresOn: new Date(nowInMs + signatureLifetimeInMs),
  });
}

function messageOf(error: unknown): string {
  const code = systemErrorCode(error);
  const text = errorMessageOf(error).split("\n")[0]!;
  return code === undefined || text.includes(code) ? text : `${code}: ${text}`;
}
