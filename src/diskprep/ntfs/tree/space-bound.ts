/**
 * Running totals from which the space a tree needs on a volume follows in constant time.
 *
 * All totals are upper bounds: index blocks are counted from the bytes of their entries without packing them.
 */
import {
  directoryEntryLength,
  fileNameAttributeLength,
  firstAttributeOffset,
  residentLimitInBytes,
} from "../encode/constants.js";
import type { NtfsGeometry } from "../layout/geometry.js";

const clusterSizeCount = 10;
const smallestClusterShift = 12;
/** Bytes of an index block that entries can use: block, minus header and update array, minus the end entry. */
const leafCapacityInBytes = 4096 - 0x40 - 16;
/** The root directory has the system files and, perhaps, System Volume Information in it. */
const rootSystemEntryBytes = 13 * directoryEntryLength(25);
/** Index bitmaps up to this many blocks fit the record beside the longest name. */
const residentBitmapBlocks = 448;

function indexBlocksFor(entryBytes: number): number {
  const leaves = Math.floor(entryBytes / leafCapacityInBytes) + 2;
  // An inner block holds at least six entries, so each level has at most a sixth of the blocks below it.
  return leaves <= 2 ? 3 : Math.ceil(leaves * 1.2) + 8;
}

/** Bytes of entries that an index root can hold in the record of a directory with that name length. */
export function residentRootRoom(recordSizeInBytes: number, nameLengthInUnits: number): number {
  return (
    recordSizeInBytes -
    firstAttributeOffset(recordSizeInBytes) -
    0x60 -
    fileNameAttributeLength(nameLengthInUnits) -
    0x20 -
    0x20 -
    0x10 -
    8
  );
}

/** Totals of a tree. `add…` is called as nodes come, `remove…` for the newest node only. */
export class SpaceTotals {
  /** Files above 4 KiB: clusters for each cluster size. */
  private readonly dataClusters = new Float64Array(clusterSizeCount);
  /** Files of 1 … 4096 bytes, which take one cluster of any size. */
  private smallFiles = 0;
  /** … of which so many fit a record of 1 KiB and 4 KiB. */
  private readonly residentFiles = new Float64Array(2);
  private readonly indexClusters = new Float64Array(2 * clusterSizeCount);
  private entryBytes = new Float64Array(16);
  private nameLengths = new Uint8Array(16);

  constructor() {
    this.entryBytes[0] = rootSystemEntryBytes;
    this.nameLengths[0] = 1;
    this.changeIndex(0, 1);
  }

  addFile(lengthInBytes: number, nameLength: number, forcedNonResident: boolean, sign: 1 | -1 = 1): void {
    if (lengthInBytes === 0) return;
    if (lengthInBytes > 4096) {
      let clusterSize = 1 << smallestClusterShift;
      for (let size = 0; size < clusterSizeCount; size++, clusterSize *= 2) {
        this.dataClusters[size]! += sign * Math.ceil(lengthInBytes / clusterSize);
      }
      return;
    }
    this.smallFiles += sign;
    if (forcedNonResident) return;
    if (lengthInBytes <= residentLimitInBytes(1024, nameLength)) this.residentFiles[0]! += sign;
    if (lengthInBytes <= residentLimitInBytes(4096, nameLength)) this.residentFiles[1]! += sign;
  }

  addDirectory(ordinal: number, nameLength: number): void {
    if (ordinal >= this.entryBytes.length) {
      const bytes = new Float64Array(ordinal * 2);
      bytes.set(this.entryBytes);
      this.entryBytes = bytes;
      const lengths = new Uint8Array(ordinal * 2);
      lengths.set(this.nameLengths);
      this.nameLengths = lengths;
    }
    this.entryBytes[ordinal] = 0;
    this.nameLengths[ordinal] = nameLength;
  }

  /** Counts the entry of a node in the index of its parent. */
  addEntry(parentOrdinal: number, nameLength: number, sign: 1 | -1 = 1): void {
    const before = this.entryBytes[parentOrdinal]!;
    const after = before + sign * directoryEntryLength(nameLength);
    const room = residentRootRoom(1024, this.nameLengths[parentOrdinal]!);
    const largeRoom = room + 3072 - 16;
    const isSame =
      Math.floor(before / leafCapacityInBytes) === Math.floor(after / leafCapacityInBytes) &&
      before > room === after > room &&
      before > largeRoom === after > largeRoom;
    if (!isSame) this.changeIndex(parentOrdinal, -1);
    this.entryBytes[parentOrdinal] = after;
    if (!isSame) this.changeIndex(parentOrdinal, 1);
  }

  private changeIndex(ordinal: number, sign: 1 | -1): void {
    const bytes = this.entryBytes[ordinal]!;
    const room = residentRootRoom(1024, this.nameLengths[ordinal]!);
    const blocks = indexBlocksFor(bytes);
    const bitmapBytes = blocks > residentBitmapBlocks ? Math.ceil(blocks / 64) * 8 : 0;
    for (let record = 0; record < 2; record++) {
      if (bytes <= room + record * (3072 - 16)) continue;
      let clusterSize = 1 << smallestClusterShift;
      for (let size = 0; size < clusterSizeCount; size++, clusterSize *= 2) {
        this.indexClusters[record * clusterSizeCount + size]! +=
          sign * (Math.ceil((blocks * 4096) / clusterSize) + Math.ceil(bitmapBytes / clusterSize));
      }
    }
  }

  /** Clusters of file data. `areSmallFilesResident` is false when small files are kept out of their records. */
  dataClusterCount(geometry: NtfsGeometry, areSmallFilesResident: boolean): number {
    const size = Math.log2(geometry.clusterSizeInBytes) - smallestClusterShift;
    const resident = areSmallFilesResident
      ? this.residentFiles[geometry.recordSizeInBytes === 1024 ? 0 : 1]!
      : 0;
    return this.dataClusters[size]! + this.smallFiles - resident;
  }

  /** Clusters of directory indexes with their bitmaps. */
  indexClusterCount(geometry: NtfsGeometry): number {
    const size = Math.log2(geometry.clusterSizeInBytes) - smallestClusterShift;
    return this.indexClusters[(geometry.recordSizeInBytes === 1024 ? 0 : 1) * clusterSizeCount + size]!;
  }
}
