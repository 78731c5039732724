/** Reading partition tables of unknown origin: GPT with its backup, MBR with logical partitions, or none. */
import { crc32 } from "node:zlib";
import type { AbortOptions } from "../../shared/abort.js";
import type { BlockDevice } from "../device/index.js";
import { decodeGptEntry, type GptEntry } from "./gpt-entry.js";
import { decodeGptHeader, type GptHeader, hasGptSignature } from "./gpt-header.js";
import {
  decodeMbr,
  isExtendedEntry,
  isFileSystemBootSector,
  isProtectiveMbr,
  type MbrEntry,
} from "./master-boot-record.js";
import { PartitionError } from "./partition-error.js";

/** One partition. Lies inside the disk and overlaps no other. */
export interface Partition {
  readonly offsetInBytes: number;
  readonly lengthInBytes: number;
  /** GPT: the type GUID in lower case. MBR: the type byte as two hexadecimal digits. */
  readonly type: string;
  /** GPT only. */
  readonly partitionGuid: string | undefined;
  /** GPT only; may be empty. */
  readonly name: string | undefined;
}

/** What a disk says about its partitions. */
export interface PartitionTable {
  /** `none`: no table; the disk is empty or holds a file system without one. */
  readonly kind: "gpt" | "mbr" | "none";
  /** GPT only. */
  readonly diskGuid: string | undefined;
  /** GPT: which of the two copies was used. */
  readonly copy: "primary" | "backup" | undefined;
  /** GPT: whether the two copies are intact and agree. True for the other kinds. */
  readonly isIntact: boolean;
  /** In the order of the table. */
  readonly partitions: readonly Partition[];
}

const largestEntryArrayInBytes = 1024 * 1024;
const mostLogicalPartitions = 128;
/** Sector 0 holds the protective MBR and sector 1 the header; no partition may begin there. */
const firstSectorAfterHeader = 2;

/**
 * Reads the partition table. Changes nothing.
 *
 * A GPT is believed only when header and entries match their CRC-32 and every partition lies in the usable area; when
 * the primary copy does not, the backup at the end of the disk is used and `isIntact` is false.
 *
 * @throws PartitionError `damaged`, `sector-size-mismatch`; DeviceError.
 */
export async function readPartitionTable(
  device: BlockDevice,
  options: AbortOptions = {},
): Promise<PartitionTable> {
  const { sectorSizeInBytes } = device;
  const start = new Uint8Array(Math.min(device.sizeInBytes, 8192));
  await device.read(0, start, options);
  const entries = decodeMbr(start);
  const isMbr = entries !== undefined && !isFileSystemBootSector(start);
  if (isMbr && !isProtectiveMbr(entries)) return await readMbr(device, entries, options);

  const primary = await readGptCopy(device, 1, options);
  const backup = await readGptCopy(device, device.sizeInBytes / sectorSizeInBytes - 1, options);
  // A backup table alone on a disk that does not claim to have one is the remains of an earlier life.
  const copy = primary ?? (isMbr ? backup : undefined);
  if (copy) {
    return Object.freeze({
      kind: "gpt",
      diskGuid: copy.header.diskGuid,
      copy: copy === primary ? "primary" : "backup",
      isIntact: isMbr && primary !== undefined && backup !== undefined && isSameTable(primary, backup),
      partitions: Object.freeze(copy.partitions),
    });
  }
  const otherSectorSizeInBytes = sectorSizeInBytes === 512 ? 4096 : 512;
  if (hasGptSignature(start.subarray(otherSectorSizeInBytes))) {
    throw new PartitionError(
      "sector-size-mismatch",
      `The partition table of '${device.name}' was made with sectors of ${otherSectorSizeInBytes} bytes, but the disk shows ${sectorSizeInBytes} now. Attach it directly, or through the enclosure it was prepared with.`,
      { details: { deviceName: device.name, sectorSizeInBytes, otherSectorSizeInBytes } },
    );
  }
  if (isMbr) throw damaged(device, "neither the GUID partition table nor its backup is intact");
  return Object.freeze({
    kind: "none",
    diskGuid: undefined,
    copy: undefined,
    isIntact: true,
    partitions: Object.freeze([]),
  });
}

interface GptCopy {
  readonly header: GptHeader;
  readonly partitions: readonly Partition[];
}

async function readGptCopy(
  device: BlockDevice,
  sector: number,
  options: AbortOptions,
): Promise<GptCopy | undefined> {
  const { sectorSizeInBytes, sizeInBytes } = device;
  const sectorCount = sizeInBytes / sectorSizeInBytes;
  if (sector < 1 || sector >= sectorCount) return undefined;
  const bytes = new Uint8Array(sectorSizeInBytes);
  await device.read(sector * sectorSizeInBytes, bytes, options);
  const header = decodeGptHeader(bytes);
  if (!header || header.ownSector !== sector) return undefined;
  const { entryCount, entrySizeInBytes } = header;
  const arrayInBytes = entryCount * entrySizeInBytes;
  if (
    entrySizeInBytes < 128 ||
    entrySizeInBytes % 128 !== 0 ||
    arrayInBytes > largestEntryArrayInBytes ||
    header.entriesSector >= sectorCount ||
    header.entriesSector * sectorSizeInBytes + arrayInBytes > sizeInBytes ||
    header.firstUsableSector < firstSectorAfterHeader ||
    header.lastUsableSector >= sectorCount
  ) {
    return undefined;
  }
  const array = new Uint8Array(arrayInBytes);
  await device.read(header.entriesSector * sectorSizeInBytes, array, options);
  if (crc32(array) !== header.entriesCrc32) return undefined;

  const entries: GptEntry[] = [];
  for (let index = 0; index < entryCount; index++) {
    const entry = decodeGptEntry(array.subarray(index * entrySizeInBytes, (index + 1) * entrySizeInBytes));
    if (!entry) continue;
    const isInside =
      entry.firstSector >= header.firstUsableSector &&
      entry.firstSector <= entry.lastSector &&
      entry.lastSector <= header.lastUsableSector;
    if (!isInside) return undefined;
    entries.push(entry);
  }
  const partitions = entries.map((entry) =>
    Object.freeze({
      offsetInBytes: entry.firstSector * sectorSizeInBytes,
      lengthInBytes: (entry.lastSector - entry.firstSector + 1) * sectorSizeInBytes,
      type: entry.typeGuid,
      partitionGuid: entry.partitionGuid,
      name: entry.name,
    }),
  );
  return hasOverlap(partitions) ? undefined : { header, partitions };
}

function isSameTable(primary: GptCopy, backup: GptCopy): boolean {
  return (
    primary.header.otherHeaderSector === backup.header.ownSector &&
    backup.header.otherHeaderSector === primary.header.ownSector &&
    primary.header.diskGuid === backup.header.diskGuid &&
    primary.header.entriesCrc32 === backup.header.entriesCrc32
  );
}

async function readMbr(
  device: BlockDevice,
  entries: readonly MbrEntry[],
  options: AbortOptions,
): Promise<PartitionTable> {
  const partitions: Partition[] = [];
  const add = (entry: MbrEntry, baseSector: number): void => {
    const offsetInBytes = (baseSector + entry.firstSector) * device.sectorSizeInBytes;
    const lengthInBytes = entry.sectorCount * device.sectorSizeInBytes;
    const isInside =
      offsetInBytes > 0 && lengthInBytes > 0 && offsetInBytes + lengthInBytes <= device.sizeInBytes;
    if (!isInside || (entry.status !== 0 && entry.status !== 0x80)) {
      throw damaged(device, "an entry of its MBR does not describe a partition inside the disk");
    }
    const type = entry.type.toString(16).padStart(2, "0");
    partitions.push(
      Object.freeze({ offsetInBytes, lengthInBytes, type, partitionGuid: undefined, name: undefined }),
    );
  };
  for (const entry of entries) {
    if (!isExtendedEntry(entry)) add(entry, 0);
    else await readLogicalPartitions(device, entry.firstSector, add, options);
  }
  if (hasOverlap(partitions)) throw damaged(device, "partitions of its MBR overlap");
  return Object.freeze({
    kind: "mbr",
    diskGuid: undefined,
    copy: undefined,
    isIntact: true,
    partitions: Object.freeze(partitions),
  });
}

/** Logical partitions form a chain of tables, each with one partition and a link to the next table. */
async function readLogicalPartitions(
  device: BlockDevice,
  extendedSector: number,
  add: (entry: MbrEntry, baseSector: number) => void,
  options: AbortOptions,
): Promise<void> {
  const table = new Uint8Array(device.sectorSizeInBytes);
  let tableSector = extendedSector;
  for (let count = 0; count < mostLogicalPartitions; count++) {
    const offsetInBytes = tableSector * device.sectorSizeInBytes;
    if (offsetInBytes === 0 || offsetInBytes + table.length > device.sizeInBytes) {
      throw damaged(device, "its chain of logical partitions leaves the disk");
    }
    await device.read(offsetInBytes, table, options);
    const entries = decodeMbr(table);
    if (!entries) throw damaged(device, "its chain of logical partitions is broken");
    const partition = entries.find((entry) => !isExtendedEntry(entry));
    if (partition) add(partition, tableSector);
    const link = entries.find(isExtendedEntry);
    if (!link) return;
    tableSector = extendedSector + link.firstSector;
  }
  throw damaged(device, "its chain of logical partitions does not end");
}

function hasOverlap(partitions: readonly Partition[]): boolean {
  const sorted = partitions.toSorted((left, right) => left.offsetInBytes - right.offsetInBytes);
  return sorted.some((partition, index) => {
    const before = sorted[index - 1];
    return before !== undefined && before.offsetInBytes + before.lengthInBytes > partition.offsetInBytes;
  });
}

function damaged(device: BlockDevice, reason: string): PartitionError {
  return new PartitionError("damaged", `The partition table of '${device.name}' is damaged: ${reason}.`, {
    details: { deviceName: device.name, reason },
  });
}
