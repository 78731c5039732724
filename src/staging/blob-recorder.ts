/** Records blobs that are hashed already; keeps names unique, also while they are on their way. */
import { checkBlobProperties, defaultRangeSizeInBytes } from "./blob-limits.js";
import { checkBlobName } from "./blob-name.js";
import type { StagedPlace } from "./catalog-entry.js";
import { StagingError } from "./errors.js";
import type { PackedBlobs, PendingBlob } from "./pending-blob.js";
import { hashOfWholeIsRangeHash, type SeedBlob, type SeedBlobHeaders } from "./seed-catalog.js";
import type { SeedLog } from "./seed-log.js";
import type { PreparedBlob, SeedWriterInternals } from "./seed-writer-internals.js";

/** Records blobs. */
export interface BlobRecorder
  extends Pick<SeedWriterInternals, "recordPacked" | "recordPrepared" | "recordAdopted"> {
  /** Of the whole seed. */
  readonly blobCount: number;
  readonly totalBytes: number;
  /** Keeps a name until it is freed. @throws StagingError `blob-exists` */
  keepName(name: string): void;
  freeName(name: string): void;
  /** @throws StagingError `blob-exists` when a blob of the name is recorded */
  checkNew(name: string): Promise<void>;
  record(pending: PendingBlob): Promise<SeedBlob>;
}

/** Creates a recorder that goes on from the blobs recorded so far. */
export function createBlobRecorder(
  log: SeedLog,
  start: { readonly blobCount: number; readonly totalBytes: number },
): BlobRecorder {
  const namesInFlight = new Set<string>();
  let { blobCount, totalBytes } = start;

  const recordAll = async (pendings: readonly PendingBlob[]): Promise<readonly SeedBlob[]> => {
    const blobs = (await log.append(pendings)).map((entry) => entry.blob);
    blobCount += blobs.length;
    for (const blob of blobs) totalBytes += blob.lengthInBytes;
    return blobs;
  };
  const record = async (pending: PendingBlob): Promise<SeedBlob> => {
    return (await recordAll([pending]))[0]!;
  };
  const isRecorded = async (name: string): Promise<boolean> =>
    log.mayHave(name) && (await log.find(name)) !== undefined;
  const reserve = async (
    name: string,
    headers: SeedBlobHeaders,
    metadata: Readonly<Record<string, string>>,
  ): Promise<void> => {
    checkBlobName(name);
    checkBlobProperties(name, headers, metadata);
    const recorded = await isRecorded(name);
    if (recorded || namesInFlight.has(name)) throw blobExists(name);
    namesInFlight.add(name);
  };
  const recordAllPrepared = async (
    blobs: readonly PreparedBlob[],
  ): Promise<readonly PromiseSettledResult<SeedBlob>[]> => {
    const results: PromiseSettledResult<SeedBlob>[] = [];
    const ready: PendingBlob[] = [];
    const positions: number[] = [];
    for (const [position, prepared] of blobs.entries()) {
      try {
        const { rangeHashes, lengthInBytes, content } = prepared;
        await reserve(prepared.name, prepared.headers, prepared.metadata);
        const blob: Omit<SeedBlob, "index"> = {
          name: prepared.name,
          kind: "block",
          lengthInBytes,
          md5: prepared.md5,
          modifiedAtInMs: Math.floor(prepared.modifiedAtInMs),
          headers: prepared.headers,
          metadata: prepared.metadata,
          rangeSizeInBytes: defaultRangeSizeInBytes,
          dataStretches: undefined,
        };
        ready.push({
          blob,
          rangeHashes: hashOfWholeIsRangeHash(blob) ? undefined : rangeHashes,
          content,
        });
        positions.push(position);
      } catch (reason) {
        results[position] = { status: "rejected", reason };
      }
    }
    try {
      const recorded = ready.length === 0 ? [] : await recordAll(ready);
      recorded.forEach((value, at) => {
        results[positions[at]!] = { status: "fulfilled", value };
      });
    } catch (reason) {
      for (const position of positions) results[position] = { status: "rejected", reason };
    } finally {
      for (const { blob } of ready) namesInFlight.delete(blob.name);
    }
    return results;
  };
  const recordAllPacked = async (blobs: PackedBlobs): Promise<ReadonlyMap<number, unknown>> => {
    const problems = new Map<number, unknown>();
    const reserved: number[] = [];
    let bytes = 0;
    for (let at = 0; at < blobs.names.length; at += 1) {
      const name = blobs.names[at]!;
      // Most names need no waiting.
      const recorded = log.mayHave(name) && (await isRecorded(name));
      if (recorded || namesInFlight.has(name)) {
        problems.set(at, blobExists(name));
        continue;
      }
      namesInFlight.add(name);
      reserved.push(at);
      bytes += blobs.lengths[at]!;
    }
    const ready = problems.size === 0 ? blobs : selected(blobs, reserved);
    try {
      if (reserved.length > 0) await log.appendPacked(ready);
      blobCount += reserved.length;
      totalBytes += bytes;
    } catch (reason) {
      for (const at of reserved) problems.set(at, reason);
    } finally {
      for (const at of reserved) namesInFlight.delete(blobs.names[at]!);
    }
    return problems;
  };

  return {
    get blobCount() {
      return blobCount;
    },
    get totalBytes() {
      return totalBytes;
    },
    keepName(name) {
      if (namesInFlight.has(name)) throw blobExists(name);
      namesInFlight.add(name);
    },
    freeName: (name) => namesInFlight.delete(name),
    async checkNew(name) {
      if (await isRecorded(name)) throw blobExists(name);
    },
    record,
    recordPrepared: recordAllPrepared,
    recordPacked: recordAllPacked,
    async recordAdopted(blob, rangeHashes, root, path) {
      const hashes = hashOfWholeIsRangeHash(blob) || rangeHashes?.length === 0 ? undefined : rangeHashes;
      const place: StagedPlace =
        blob.lengthInBytes === 0 ? { type: "empty" } : { type: "adopted", root, path };
      await reserve(blob.name, blob.headers, blob.metadata);
      try {
        return await record({ blob, rangeHashes: hashes, content: { type: "place", place } });
      } finally {
        namesInFlight.delete(blob.name);
      }
    },
  };
}

/** The columns of some of the blobs. */
function selected(blobs: PackedBlobs, positions: readonly number[]): PackedBlobs {
  return {
    names: positions.map((at) => blobs.names[at]!),
    heads: positions.map((at) => blobs.heads[at]!),
    tails: positions.map((at) => blobs.tails[at]!),
    offsets: positions.map((at) => blobs.offsets[at]!),
    lengths: positions.map((at) => blobs.lengths[at]!),
    bytes: blobs.bytes,
  };
}

function blobExists(name: string): StagingError {
  return new StagingError(
    "blob-exists",
    `The seed already has a blob '${name}'. Names are unique in a seed; findBlob() tells what is there.`,
    { details: { name } },
  );
}
