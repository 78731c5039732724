/** Reads staged bytes again and compares them with the catalog. */
import {
  type AbortOptions,
  createProgressReporter,
  hasErrorName,
  type ProgressOptions,
  throwIfAborted,
} from "../shared/index.js";
import { createContentHasher, rangeHashSizeInBytes } from "./content-hasher.js";
import { isStagingError, StagingError } from "./errors.js";
import { countSeedBlobRanges, type SeedBlob, type SeedCatalog, seedBlobRanges } from "./seed-catalog.js";
import { createTaskLimit } from "./task-limit.js";

/** What was found of one blob. */
export type VerifiedBlobStatus = "equal" | "present" | "missing" | "different" | "unreadable";

/** One blob that was checked. Plain frozen data. */
export interface VerifiedBlob {
  readonly index: number;
  readonly name: string;
  /** `present`: the length is right, but the catalog has no hash to compare with. */
  readonly status: VerifiedBlobStatus;
  /** First range whose bytes are others than recorded. */
  readonly firstDifferentRange: number | undefined;
  /** Undefined when all is well. */
  readonly message: string | undefined;
}

/** Options of {@link verifySeed}. */
export interface VerifySeedOptions extends AbortOptions, ProgressOptions {
  /**
   * Part of the blobs to check, from 0 to 1, chosen by hashing their index with `randomSeed`: the same seed chooses the same blobs,
   * another seed others. Default: 1.
   */
  readonly sampleFraction?: number;
  /** Default: 1. */
  readonly randomSeed?: number;
  /** Called for every blob that was checked, in no fixed order. */
  readonly onBlob?: (blob: VerifiedBlob) => void;
  /** Blobs read at the same time. Default: 4. */
  readonly concurrency?: number;
}

/** What {@link verifySeed} found. Plain frozen data. */
export interface VerifySeedReport {
  readonly blobsChecked: number;
  readonly bytesChecked: number;
  readonly blobsEqual: number;
  /** Blobs of the right length without recorded hash. */
  readonly blobsWithoutHash: number;
  readonly problemCount: number;
  /** The first 1,000. */
  readonly problems: readonly VerifiedBlob[];
  readonly sampleFraction: number;
  readonly randomSeed: number;
}

const readSizeInBytes = 1024 * 1024;
const listedProblems = 1000;

/**
 * Checks that the staged bytes are those the catalog describes: presence, length, the hash of every range and of the whole. Reads the
 * staging folder; changes nothing; may be repeated. Damage is reported, not thrown.
 *
 * @throws StagingError `catalog-damaged` when the catalog itself cannot be read to its end; `option-invalid`; AbortError
 */
export async function verifySeed(
  catalog: SeedCatalog,
  options: VerifySeedOptions = {},
): Promise<VerifySeedReport> {
  const sampleFraction = options.sampleFraction ?? 1;
  const randomSeed = options.randomSeed ?? 1;
  if (!(sampleFraction > 0 && sampleFraction <= 1) || !Number.isSafeInteger(randomSeed)) {
    throw new StagingError(
      "option-invalid",
      `sampleFraction (${sampleFraction}) must be more than 0 and at most 1, and randomSeed (${randomSeed}) a whole number.`,
    );
  }
  const progress = createProgressReporter(options.onProgress);
  const counts = { blobsChecked: 0, bytesChecked: 0, blobsEqual: 0, blobsWithoutHash: 0, problemCount: 0 };
  const problems: VerifiedBlob[] = [];
  const tasks = createTaskLimit(options.concurrency ?? 4);
  progress.begin(
    "verifying",
    sampleFraction === 1 ? { bytes: catalog.totalBytes, items: catalog.blobCount } : {},
  );

  const check = async (blob: SeedBlob): Promise<void> => {
    const result = await verifyBlob(catalog, blob, options, (bytes) => progress.advance(bytes, 0, blob.name));
    counts.blobsChecked += 1;
    counts.bytesChecked += blob.lengthInBytes;
    progress.advance(0, 1);
    if (result.status === "equal") counts.blobsEqual += 1;
    else if (result.status === "present") counts.blobsWithoutHash += 1;
    else {
      counts.problemCount += 1;
      if (problems.length < listedProblems) problems.push(result);
    }
    options.onBlob?.(result);
  };

  try {
    for await (const blob of catalog.blobs({ abortSignal: options.abortSignal })) {
      if (sampleFraction < 1 && unitHash(blob.index, randomSeed) >= sampleFraction) continue;
      await tasks.start(() => check(blob));
    }
  } finally {
    await Promise.allSettled([tasks.drain()]);
  }
  await tasks.drain();
  progress.flush();
  return Object.freeze({ ...counts, problems: Object.freeze(problems), sampleFraction, randomSeed });
}

async function verifyBlob(
  catalog: SeedCatalog,
  blob: SeedBlob,
  options: AbortOptions,
  onBytes: (bytes: number) => void,
): Promise<VerifiedBlob> {
  const result = (status: VerifiedBlobStatus, message?: string, firstDifferentRange?: number): VerifiedBlob =>
    Object.freeze({ index: blob.index, name: blob.name, status, firstDifferentRange, message });
  try {
    const reader = await catalog.openStagedBlob(blob);
    try {
      if (blob.md5 === undefined) return result("present");
      const hasher = createContentHasher(blob.rangeSizeInBytes);
      const buffer = Buffer.allocUnsafe(Math.min(readSizeInBytes, blob.lengthInBytes));
      const pass = async (from: number, to: number, isHole: boolean): Promise<void> => {
        for (let offset = from; offset < to; offset += buffer.length) {
          throwIfAborted(options.abortSignal);
          const target = buffer.subarray(0, Math.min(buffer.length, to - offset));
          await reader.read(offset, target);
          if (isHole) hasher.skip(target);
          else hasher.append(target);
          onBytes(target.length);
        }
      };
      let position = 0;
      for (const stretch of blob.dataStretches ?? [{ offsetInBytes: 0, lengthInBytes: blob.lengthInBytes }]) {
        await pass(position, stretch.offsetInBytes, true);
        position = stretch.offsetInBytes + stretch.lengthInBytes;
        await pass(stretch.offsetInBytes, position, false);
      }
      await pass(position, blob.lengthInBytes, true);
      const found = hasher.finish();
      const recorded = await catalog.readRangeHashes(blob, 0, countSeedBlobRanges(blob));
      const range = firstDifference(found.rangeHashes, recorded);
      if (found.md5 === blob.md5 && range === undefined) return result("equal");
      const where = range === undefined ? undefined : [...seedBlobRanges(blob)][range];
      return result(
        "different",
        found.md5 === blob.md5
          ? `The bytes of '${blob.name}' are right, but the recorded hash of range ${range} is damaged. Stage the seed again.`
          : `The staged bytes of '${blob.name}' are others than recorded${where === undefined ? "" : `, first from byte ${where.offsetInBytes} on`}. Stage the seed again or restore the file.`,
        range,
      );
    } finally {
      await reader.close();
    }
  } catch (error) {
    if (hasErrorName(error, "AbortError") || !isStagingError(error)) throw error;
    if (error.code === "staged-file-missing") return result("missing", error.message);
    return result(error.code === "staged-file-changed" ? "different" : "unreadable", error.message);
  }
}

function firstDifference(found: Uint8Array, recorded: Uint8Array | undefined): number | undefined {
  if (recorded === undefined) return undefined;
  for (let range = 0; range * rangeHashSizeInBytes < recorded.length; range += 1) {
    const [start, end] = [range * rangeHashSizeInBytes, (range + 1) * rangeHashSizeInBytes];
    if (Buffer.compare(found.subarray(start, end), recorded.subarray(start, end)) !== 0) return range;
  }
  return undefined;
}

/** A number from 0 to 1 that only index and seed decide. */
function unitHash(index: number, randomSeed: number): number {
  let hash = Math.imul(index ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(randomSeed | 0, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
