/**
 * Cuts the volume of a drive into groups, in ascending order, each with the work that fills it.
 *
 * A run that goes on where another one was interrupted cuts at the same place, so no group lies on both sides of it.
 */
import { createHash } from "node:crypto";
import type { AbortSignalLike } from "../../shared/abort.js";
import { throwIfAborted } from "../../shared/abort.js";
import {
  countSeedBlobRanges,
  hashOfWholeIsRangeHash,
  type SeedBlob,
  type SeedCatalog,
} from "../../staging/index.js";
import { type ContentCursor, createContentCursor, type NodeContent } from "./content-cursor.js";
import type { DriveLayout } from "./drive-layout.js";
import type { RangeHashStore } from "./range-hash-store.js";
import { rangeSourceOf } from "./range-source.js";
import { type HashedRange, RangeWalker } from "./range-walker.js";
import { stagedFileChanged } from "./staged-file-error.js";
import { addPiece, createVolumeGroup, type GroupFill, type VolumeGroup } from "./volume-group.js";

/** Longest gap that is written as zeros rather than skipped, because two writes cost more. */
const smallGapInBytes = 1024 * 1024;

/** Each of the first groups is twice as long as the one before it. */
const firstGroupLengthInBytes = 4 * 1024 * 1024;

/** How the volume is cut. */
export interface VolumeGroupOptions {
  /** Length a group has unless one hashed range is longer. The first groups are shorter, so that writing starts early. */
  readonly groupLengthInBytes: number;
  /** Whether free space becomes part of the groups, as zeros. */
  readonly coverFreeSpace: boolean;
  /** Groups that end at or before this offset are left out: they are on the drive already. */
  readonly resumeOffsetInBytes: number;
  /** Takes the hashes of small files that have none in the catalog. */
  readonly hashes: RangeHashStore;
  /** Puts bytes of the manifest into the target; called in ascending order. */
  readonly readManifest: (fileOffsetInBytes: number, target: Uint8Array) => Promise<void>;
  readonly abortSignal?: AbortSignalLike | undefined;
}

/** The groups of a drive in ascending order. Small files kept in file records are read from the staging folder here. */
export async function* volumeGroups(
  layout: DriveLayout,
  catalog: SeedCatalog,
  options: VolumeGroupOptions,
): AsyncGenerator<VolumeGroup> {
  const cutter = new VolumeCutter(layout, catalog, options);
  const { metadataExtents, dataExtents } = layout.ntfs;
  let metadataIndex = 0;
  let dataIndex = 0;
  try {
    while (metadataIndex < metadataExtents.length || dataIndex < dataExtents.count) {
      throwIfAborted(options.abortSignal);
      const metadataOffset = metadataExtents[metadataIndex]?.offsetInBytes ?? Number.POSITIVE_INFINITY;
      const dataOffset =
        dataIndex < dataExtents.count
          ? dataExtents.volumeOffsetInBytes[dataIndex]!
          : Number.POSITIVE_INFINITY;
      if (metadataOffset < dataOffset) yield* cutter.metadata(metadataExtents[metadataIndex++]!);
      else if (await cutter.addSmallFile(dataIndex)) dataIndex += 1;
      else yield* cutter.data(dataIndex++);
    }
    yield* cutter.end();
  } finally {
    await cutter.close();
  }
}

type BlobContent = Extract<NodeContent, { readonly kind: "blob" }>;

class VolumeCutter {
  readonly #layout: DriveLayout;
  readonly #catalog: SeedCatalog;
  readonly #options: VolumeGroupOptions;
  readonly #sectorSize: number;
  readonly #residents: ContentCursor;
  readonly #contents: ContentCursor;
  #group: VolumeGroup = createVolumeGroup(0);
  #groupCount = 0;
  #walker: RangeWalker | undefined;
  #splitHash = createHash("md5");
  #content: NodeContent | undefined;

  constructor(layout: DriveLayout, catalog: SeedCatalog, options: VolumeGroupOptions) {
    this.#layout = layout;
    this.#catalog = catalog;
    this.#options = options;
    this.#sectorSize = layout.parameters.sectorSizeInBytes;
    this.#residents = createContentCursor(layout, catalog, options.abortSignal);
    this.#contents = createContentCursor(layout, catalog, options.abortSignal);
  }

  /** Bytes the file system layout renders. */
  async *metadata(extent: {
    readonly offsetInBytes: number;
    readonly lengthInBytes: number;
  }): AsyncGenerator<VolumeGroup> {
    const end = extent.offsetInBytes + extent.lengthInBytes;
    yield* this.#moveTo(extent.offsetInBytes);
    for (let offset = extent.offsetInBytes; offset < end; ) {
      if (this.#room() <= 0) yield* this.#close(offset);
      const volumeOffset = offset;
      const lengthInBytes = Math.min(end - offset, Math.max(this.#room(), this.#sectorSize));
      const residents = this.#isWanted() ? await this.#readResidents(volumeOffset, lengthInBytes) : undefined;
      this.#addFill(lengthInBytes, (target) =>
        this.#layout.ntfs.render(volumeOffset, target, (node) => residents!.get(node)!),
      );
      this.#group.lengthInBytes += lengthInBytes;
      offset += lengthInBytes;
    }
  }

  /**
   * The short way for the many: a file of one range that has room in the current group. Adds it and says true, or changes
   * nothing.
   */
  async addSmallFile(row: number): Promise<boolean> {
    const rows = this.#layout.ntfs.dataExtents;
    const volumeOffset = rows.volumeOffsetInBytes[row]!;
    const lengthInBytes = rows.lengthInBytes[row]!;
    const gap = volumeOffset - this.#end();
    const hasRoom = gap >= 0 && gap <= smallGapInBytes && gap + lengthInBytes <= this.#room();
    if (!hasRoom || rows.fileOffsetInBytes[row] !== 0) return false;
    const content = await this.#contents.contentOf(rows.node[row]!);
    if (content.kind !== "blob") return false;
    const { blob } = content;
    if (blob.lengthInBytes !== lengthInBytes || !hashOfWholeIsRangeHash(blob)) return false;
    this.#group.lengthInBytes += gap;
    const expectedHash = blob.md5 === undefined ? undefined : Buffer.from(blob.md5, "hex");
    this.#addRange(content, { offsetInBytes: 0, lengthInBytes, index: 0, expectedHash });
    this.#padToCluster(volumeOffset + lengthInBytes);
    return true;
  }

  /** One row of the data extents: a file, or a part of one that steps over a reserved extent. */
  async *data(row: number): AsyncGenerator<VolumeGroup> {
    const rows = this.#layout.ntfs.dataExtents;
    const fileOffset = rows.fileOffsetInBytes[row]!;
    const volumeOffset = rows.volumeOffsetInBytes[row]!;
    const lengthInBytes = rows.lengthInBytes[row]!;
    yield* this.#moveTo(volumeOffset);
    if (fileOffset === 0) {
      this.#content = await this.#contents.contentOf(rows.node[row]!);
      this.#walker = this.#content.kind === "blob" ? this.#walkerOf(this.#content.blob) : undefined;
    }
    const content = this.#content!;
    if (content.kind === "blob") yield* this.#blobPart(content, fileOffset, lengthInBytes);
    else yield* this.#generatedPart(content, fileOffset, lengthInBytes);
    this.#padToCluster(volumeOffset + lengthInBytes);
  }

  #padToCluster(endInBytes: number): void {
    const clusterSize = this.#layout.parameters.clusterSizeInBytes;
    const endOnVolume = Math.ceil(endInBytes / clusterSize) * clusterSize;
    this.#group.lengthInBytes = endOnVolume - this.#group.volumeOffsetInBytes;
  }

  /** The last group, and the free space behind it. */
  async *end(): AsyncGenerator<VolumeGroup> {
    if (this.#options.coverFreeSpace) yield* this.#moveTo(this.#layout.parameters.partitionLengthInBytes);
    yield* this.#close(0);
  }

  async close(): Promise<void> {
    await this.#residents.close();
    await this.#contents.close();
  }

  async *#blobPart(
    content: BlobContent,
    fileOffset: number,
    lengthInBytes: number,
  ): AsyncGenerator<VolumeGroup> {
    const walker = this.#walker!;
    const end = fileOffset + lengthInBytes;
    for (let offset = fileOffset; offset < end; ) {
      const range = await walker.rangeAt(offset);
      if (range === undefined || offset < range.offsetInBytes) {
        // A hole of a page blob: zeros that no hash covers.
        if (this.#room() <= 0) yield* this.#close(this.#end());
        const hole = Math.min(end, range?.offsetInBytes ?? end) - offset;
        const part = Math.min(hole, Math.max(this.#room(), this.#sectorSize));
        this.#group.lengthInBytes += part;
        offset += part;
        continue;
      }
      const rangeEnd = range.offsetInBytes + range.lengthInBytes;
      const part = Math.min(end, rangeEnd) - offset;
      if (offset === range.offsetInBytes && rangeEnd <= end) {
        if (part > this.#room()) yield* this.#close(this.#end());
        this.#addRange(content, range);
      } else {
        if (part > this.#room()) yield* this.#close(this.#end());
        await this.#addSplitPiece(content, range, offset, part);
      }
      offset += part;
    }
  }

  /** A range that lies in one piece, which is the rule. */
  #addRange({ blob, firstRangeNumber }: BlobContent, range: HashedRange): void {
    const group = this.#group;
    const { ranges } = group;
    ranges.offsets.push(group.lengthInBytes);
    ranges.lengths.push(range.lengthInBytes);
    ranges.blobOffsets.push(range.offsetInBytes);
    ranges.blobNames.push(blob.name);
    ranges.blobLengths.push(blob.lengthInBytes);
    ranges.numbers.push(firstRangeNumber + range.index);
    ranges.expectedHashes.push(range.expectedHash);
    const source = rangeSourceOf(this.#catalog, blob);
    if (source) addPiece(group, source, range.offsetInBytes);
    else {
      this.#addFill(range.lengthInBytes, (target) =>
        this.#contents.readBlob(blob, range.offsetInBytes, target),
      );
    }
    group.lengthInBytes += range.lengthInBytes;
  }

  /**
   * A piece of a range that steps over a reserved extent. There may be metadata of any length between the pieces, so
   * the hash is carried from group to group.
   */
  async #addSplitPiece(
    { blob, firstRangeNumber }: BlobContent,
    range: HashedRange,
    offset: number,
    length: number,
  ): Promise<void> {
    if (offset === range.offsetInBytes) this.#splitHash = createHash("md5");
    const hash = this.#splitHash;
    const isLast = offset + length === range.offsetInBytes + range.lengthInBytes;
    const readAndHash = async (target: Uint8Array): Promise<void> => {
      await this.#contents.readBlob(blob, offset, target);
      hash.update(target);
      if (!isLast) return;
      const digest = hash.digest();
      if (range.expectedHash === undefined) this.#options.hashes.keep(firstRangeNumber + range.index, digest);
      else if (digest.compare(range.expectedHash) !== 0) {
        throw stagedFileChanged(blob.name, range.offsetInBytes, range.lengthInBytes);
      }
    };
    // The group may be on the drive already, and the hash needs its bytes all the same.
    if (this.#isWanted()) this.#addFill(length, readAndHash);
    else await readAndHash(new Uint8Array(length));
    this.#group.lengthInBytes += length;
  }

  #addFill(lengthInBytes: number, fill: GroupFill["fill"]): void {
    this.#group.fills.push({ bufferOffset: this.#group.lengthInBytes, lengthInBytes, fill });
  }

  async *#generatedPart(
    content: Exclude<NodeContent, BlobContent>,
    fileOffset: number,
    lengthInBytes: number,
  ): AsyncGenerator<VolumeGroup> {
    // The manifest needs the hashes of everything before it, so it does not share a group with file data.
    const isManifestStart = content.kind === "manifest" && fileOffset === 0;
    if (isManifestStart) yield* this.#close(this.#end());
    for (let done = 0; done < lengthInBytes; ) {
      if (this.#room() <= 0) yield* this.#close(this.#end());
      if (content.kind === "manifest") this.#group.needsEarlierHashes = true;
      const part = Math.min(lengthInBytes - done, Math.max(this.#room(), this.#sectorSize));
      const partOffset = fileOffset + done;
      this.#addFill(part, (target) =>
        content.kind === "manifest"
          ? this.#options.readManifest(partOffset, target)
          : target.set(content.bytes.subarray(partOffset, partOffset + part)),
      );
      this.#group.lengthInBytes += part;
      done += part;
    }
  }

  /** Brings the end of the current group to an offset, closing it when the gap is free space that is not written. */
  async *#moveTo(volumeOffset: number): AsyncGenerator<VolumeGroup> {
    let end = this.#end();
    if (volumeOffset - end > smallGapInBytes && !this.#options.coverFreeSpace) {
      yield* this.#close(volumeOffset);
      return;
    }
    while (end < volumeOffset) {
      if (this.#room() <= 0) yield* this.#close(end);
      const part = Math.min(volumeOffset - end, Math.max(this.#room(), this.#sectorSize));
      this.#group.lengthInBytes += part;
      end += part;
    }
  }

  /** Ends the current group, when it may end here, and begins the next one. */
  *#close(nextVolumeOffset: number): Generator<VolumeGroup> {
    const group = this.#group;
    if (group.lengthInBytes % this.#sectorSize !== 0) return;
    if (group.lengthInBytes > 0 && this.#isWanted()) {
      this.#groupCount += 1;
      yield group;
    }
    this.#group = createVolumeGroup(nextVolumeOffset);
  }

  /** Where the current group ends on the volume so far. */
  #end(): number {
    return this.#group.volumeOffsetInBytes + this.#group.lengthInBytes;
  }

  #room(): number {
    const { groupLengthInBytes, resumeOffsetInBytes } = this.#options;
    const start = this.#group.volumeOffsetInBytes;
    const longest = Math.min(groupLengthInBytes, firstGroupLengthInBytes * 2 ** this.#groupCount);
    // An earlier run ended a group at the offset where this one goes on, however long its groups were.
    const limit = start < resumeOffsetInBytes ? Math.min(longest, resumeOffsetInBytes - start) : longest;
    return limit - this.#group.lengthInBytes;
  }

  /** Whether the current group is still to be written. */
  #isWanted(): boolean {
    return this.#group.volumeOffsetInBytes >= this.#options.resumeOffsetInBytes;
  }

  #walkerOf(blob: SeedBlob): RangeWalker {
    return new RangeWalker(blob, countSeedBlobRanges(blob), this.#catalog);
  }

  async #readResidents(volumeOffset: number, lengthInBytes: number): Promise<Map<number, Uint8Array>> {
    const contents = new Map<number, Uint8Array>();
    for (const node of this.#layout.ntfs.residentNodesIn(volumeOffset, lengthInBytes)) {
      contents.set(node, await this.#residents.residentBytes(node, this.#options.hashes));
    }
    return contents;
  }
}
