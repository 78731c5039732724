/**
 * Where the parts of one blob go: the requests for block blobs of one part, block blobs of several blocks and page
 * blobs, each obeying the import disposition.
 */
import type { BlobHTTPHeaders, ContainerClient } from "@azure/storage-blob";
import type { AnnouncedBlob, AnnouncedRange } from "./announced-blob.js";
import { type BlobRefusal, isBlobThere, refusalOf } from "./blob-account.js";
import type { BlobStatus, DispositionStatus, RangeOutcome, RangeStatus } from "./import-outcome.js";

/** How the blob as a whole ended. */
export interface TargetOutcome {
  /** Set when the blob could not be made at all. */
  readonly failure: BlobStatus | undefined;
  readonly blobName: string;
  readonly dispositionStatus: DispositionStatus;
  readonly ranges: readonly RangeOutcome[];
  readonly httpStatus: number | undefined;
}

/** One blob being made. */
export interface BlobTarget {
  /** Whether reading on is useless: the blob was refused, or is skipped. */
  isLost(): boolean;
  /** Takes a part and its MD5. The bytes are free again when this resolves. Never rejects. */
  put(range: AnnouncedRange, bytes: Uint8Array, md5: Uint8Array): Promise<RangeStatus>;
  /** Completes the blob when every part has been put or given up. Never rejects. */
  finish(ranges: readonly RangeOutcome[]): Promise<TargetOutcome>;
}

/** What a blob is made with. */
export interface BlobTargetOptions {
  readonly blob: AnnouncedBlob;
  readonly container: Promise<ContainerClient>;
  readonly headers: BlobHTTPHeaders;
  readonly metadata: Record<string, string>;
  readonly supportsPageBlobs: boolean;
}

interface Placement {
  readonly blobName: string;
  readonly dispositionStatus: DispositionStatus;
}

const mostRenames = 1000;

/** Opens the blob. Requests begin with the first part. */
export function openBlobTarget(options: BlobTargetOptions): BlobTarget {
  if (options.blob.kind === "page") return openPageBlobTarget(options);
  return options.blob.ranges.length > 1 ? openBlockListTarget(options) : openSingleBlockTarget(options);
}

/** A block blob of one part: one request does everything. */
function openSingleBlockTarget({ blob, container, headers, metadata }: BlobTargetOptions): BlobTarget {
  let refusal: BlobRefusal | undefined;
  let placement: Placement | undefined;
  const upload = async (bytes: Uint8Array | undefined, md5?: Uint8Array): Promise<void> => {
    try {
      const client = await container;
      const send = async (blobName: string, onlyIfAbsent: boolean): Promise<void> => {
        const conditions = onlyIfAbsent ? { ifNoneMatch: "*" } : {};
        const blobClient = client.getBlockBlobClient(blobName);
        if (bytes === undefined) {
          await blobClient.commitBlockList([], { blobHTTPHeaders: headers, metadata, conditions });
        } else {
          await blobClient.upload(bytes, bytes.byteLength, {
            blobHTTPHeaders: { ...(md5 && { blobContentMD5: md5 }), ...headers },
            metadata,
            conditions,
          });
        }
      };
      placement = await applyDisposition(blob, whetherCreated(send), () => send(blob.blobName, false));
    } catch (error) {
      refusal = refusalOf(error);
    }
  };
  return {
    isLost: () => false,
    async put(_range, bytes, md5) {
      await upload(bytes, md5);
      return refusal?.rangeStatus ?? "Completed";
    },
    async finish(ranges) {
      // Not put yet: the blob is empty, or is made of its good parts, which are none.
      if (placement === undefined && refusal === undefined) {
        await upload(ranges.length === 0 ? new Uint8Array(0) : undefined);
      }
      return outcome(blob, { placement, refusal }, ranges);
    },
  };
}

/** The place of a blob that is found or made before its first part comes, and what stood in the way. */
interface PlacedBlob {
  readonly refusal: BlobRefusal | undefined;
  readonly placement: Placement | undefined;
  /** Whether its parts need not be sent. */
  isLost(): boolean;
  /** Sends a part once the place is known; a refusal that holds for the rest, too, loses the blob. */
  send(succeeded: RangeStatus, request: (blobName: string) => Promise<unknown>): Promise<RangeStatus>;
  refuse(error: unknown): void;
  settled(): Promise<void>;
}

function placeBlob(findPlace: () => Promise<Placement>): PlacedBlob {
  let refusal: BlobRefusal | undefined;
  let placement: Placement | undefined;
  const isLost = (): boolean => refusal !== undefined || placement?.dispositionStatus === "Skipped";
  const settled = findPlace().then(
    (found) => {
      placement = found;
    },
    (error: unknown) => {
      refusal = refusalOf(error);
    },
  );
  return {
    get refusal() {
      return refusal;
    },
    get placement() {
      return placement;
    },
    isLost,
    async send(succeeded, request) {
      await settled;
      if (isLost() || placement === undefined) return "Cancelled";
      try {
        await request(placement.blobName);
        return succeeded;
      } catch (error) {
        const failed = refusalOf(error);
        if (isFinal(failed)) refusal ??= failed;
        return failed.rangeStatus;
      }
    },
    refuse(error) {
      refusal = refusalOf(error);
    },
    settled: () => settled,
  };
}

/** A block blob of several blocks: Put Block for each, then one Put Block List. */
function openBlockListTarget({ blob, container, headers, metadata }: BlobTargetOptions): BlobTarget {
  const idOf = (range: AnnouncedRange): string => range.id ?? blockIdOfIndex(blob.ranges.indexOf(range));
  const place = placeBlob(async () => {
    const client = await container;
    const isAbsent = async (blobName: string): Promise<boolean> =>
      !(await client.getBlockBlobClient(blobName).exists());
    return applyDisposition(blob, isAbsent, async () => undefined);
  });
  return {
    isLost: place.isLost,
    put: (range, bytes, md5) =>
      place.send("Uncommitted", async (blobName) =>
        (await container).getBlockBlobClient(blobName).stageBlock(idOf(range), bytes, bytes.byteLength, {
          transactionalContentMD5: md5,
        }),
      ),
    async finish(ranges) {
      await place.settled();
      const { placement } = place;
      if (place.isLost() || placement === undefined) return outcome(blob, place, ranges);
      const staged = ranges.flatMap((range, index) =>
        range.status === "Uncommitted" ? [idOf(blob.ranges[index]!)] : [],
      );
      try {
        await (await container).getBlockBlobClient(placement.blobName).commitBlockList(staged, {
          blobHTTPHeaders: headers,
          metadata,
          conditions: placement.dispositionStatus === "Overwritten" ? {} : { ifNoneMatch: "*" },
        });
      } catch (error) {
        place.refuse(error);
        return outcome(blob, place, ranges);
      }
      const committed = staged.length === ranges.length ? "Completed" : "Committed";
      return outcome(
        blob,
        place,
        ranges.map((range) => (range.status === "Uncommitted" ? { ...range, status: committed } : range)),
      );
    },
  };
}

/** A page blob: made with its full length, then written range by range. */
function openPageBlobTarget(options: BlobTargetOptions): BlobTarget {
  const { blob, container, headers, metadata } = options;
  const place = placeBlob(async () => {
    if (!options.supportsPageBlobs) throw { statusCode: 400, code: "FeatureNotSupportedForAccount" };
    const client = await container;
    const create = async (blobName: string, onlyIfAbsent: boolean): Promise<void> => {
      await client.getPageBlobClient(blobName).create(blob.lengthInBytes, {
        blobHTTPHeaders: headers,
        metadata,
        conditions: onlyIfAbsent ? { ifNoneMatch: "*" } : {},
      });
    };
    return applyDisposition(blob, whetherCreated(create), () => create(blob.blobName, false));
  });
  return {
    isLost: place.isLost,
    put: (range, bytes, md5) =>
      place.send("Completed", async (blobName) =>
        (await container)
          .getPageBlobClient(blobName)
          .uploadPages(bytes, range.offsetInBytes, bytes.byteLength, {
            transactionalContentMD5: md5,
          }),
      ),
    async finish(ranges) {
      await place.settled();
      return outcome(blob, place, ranges);
    },
  };
}

/**
 * Applies the import disposition. `tryCreate` makes the blob if there is none of that name, and tells whether it did.
 */
async function applyDisposition(
  blob: AnnouncedBlob,
  tryCreate: (blobName: string) => Promise<boolean>,
  overwrite: () => Promise<void>,
): Promise<Placement> {
  if (await tryCreate(blob.blobName)) return { blobName: blob.blobName, dispositionStatus: "Created" };
  switch (blob.disposition) {
    case "no-overwrite":
      return { blobName: blob.blobName, dispositionStatus: "Skipped" };
    case "overwrite":
      await overwrite();
      return { blobName: blob.blobName, dispositionStatus: "Overwritten" };
    case "rename":
      for (let number = 2; number <= mostRenames; number++) {
        const blobName = renamedBlob(blob.blobName, number);
        if (await tryCreate(blobName)) return { blobName, dispositionStatus: "Renamed" };
      }
      throw { statusCode: 409, code: "RenameFailed" };
  }
}

/** The documented rule: ` (2)` at the end of the name, or before its last dot when it has one. */
export function renamedBlob(blobName: string, number: number): string {
  const dot = blobName.lastIndexOf(".");
  const end = dot > blobName.lastIndexOf("/") ? dot : blobName.length;
  return `${blobName.slice(0, end)} (${number})${blobName.slice(end)}`;
}

function whetherCreated(
  send: (blobName: string, onlyIfAbsent: boolean) => Promise<void>,
): (blobName: string) => Promise<boolean> {
  return async (blobName) => {
    try {
      await send(blobName, true);
      return true;
    } catch (error) {
      if (isBlobThere(error)) return false;
      throw error;
    }
  };
}

/** Whether every further request for the blob would be refused too. */
function isFinal(refusal: BlobRefusal): boolean {
  return refusal.blobStatus === "LeasePresent" || refusal.blobStatus === "BlobRequestForbidden";
}

function outcome(
  blob: AnnouncedBlob,
  { placement, refusal }: Pick<PlacedBlob, "placement" | "refusal">,
  ranges: readonly RangeOutcome[],
): TargetOutcome {
  if (refusal !== undefined || placement === undefined) {
    return {
      failure: refusal?.blobStatus ?? "Failed",
      blobName: blob.blobName,
      dispositionStatus: "Cancelled",
      ranges,
      httpStatus: refusal?.httpStatus,
    };
  }
  return {
    failure: undefined,
    ...placement,
    ranges: placement.dispositionStatus === "Skipped" ? [] : ranges,
    httpStatus: undefined,
  };
}

/** Ids for blocks whose manifest names none: their position, as four bytes little-endian. */
function blockIdOfIndex(index: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(index);
  return bytes.toString("base64");
}
