/** Building and writing a GUID partition table with one partition. */
import { crc32 } from "node:zlib";
import { type AbortOptions, throwIfAborted } from "../../shared/abort.js";
import type { BlockDevice } from "../device/index.js";
import { basicDataPartitionType, encodeGptEntry, longestPartitionName } from "./gpt-entry.js";
import { encodeGptHeader } from "./gpt-header.js";
import {
  type GptDiskPlan,
  gptEntryArraySizeInBytes,
  gptEntryCount,
  gptEntrySizeInBytes,
  planGptDisk,
} from "./gpt-plan.js";
import { encodeProtectiveMbr } from "./master-boot-record.js";
import { PartitionError } from "./partition-error.js";

/** What makes one disk's table differ from another's. */
export interface GptIdentity {
  /** Random version-4 GUIDs; the same ones again give the same bytes. */
  readonly diskGuid: string;
  readonly partitionGuid: string;
  /** At most 36 UTF-16 code units. Default: `"Basic data partition"`, as Windows calls it. */
  readonly partitionName?: string;
}

/** Options of {@link writeGpt}. */
export interface WriteGptOptions extends GptIdentity, AbortOptions {}

/** A piece of the table and where it goes. */
export interface GptPiece {
  readonly offsetInBytes: number;
  readonly data: Uint8Array;
}

const wipedInBytes = 1024 * 1024;
const guidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The pieces of the table in the order in which they must be written: backup entries, backup header, primary
 * entries, primary header, protective MBR. Pure; the same input gives the same bytes.
 *
 * @throws PartitionError `invalid-argument` for a malformed GUID or a name that is too long.
 */
export function buildGpt(plan: GptDiskPlan, identity: GptIdentity): readonly GptPiece[] {
  const { sectorSizeInBytes } = plan;
  const name = identity.partitionName ?? "Basic data partition";
  for (const guid of [identity.diskGuid, identity.partitionGuid]) {
    if (!guidPattern.test(guid)) {
      throw new PartitionError("invalid-argument", `'${guid}' is not a GUID.`, { details: { guid } });
    }
  }
  if (name.length > longestPartitionName || name.includes("\0")) {
    throw new PartitionError(
      "invalid-argument",
      `The partition name '${name}' is not usable: at most ${longestPartitionName} UTF-16 units and no NUL.`,
      { details: { name } },
    );
  }
  const firstSector = plan.partitionOffsetInBytes / sectorSizeInBytes;
  const entries = new Uint8Array(gptEntryArraySizeInBytes);
  entries.set(
    encodeGptEntry({
      typeGuid: basicDataPartitionType,
      partitionGuid: identity.partitionGuid,
      firstSector,
      lastSector: firstSector + plan.partitionLengthInBytes / sectorSizeInBytes - 1,
      attributes: 0n,
      name,
    }),
  );
  const header = (ownSector: number, otherHeaderSector: number, entriesSector: number): Uint8Array =>
    encodeGptHeader(
      {
        ownSector,
        otherHeaderSector,
        firstUsableSector: plan.firstUsableSector,
        lastUsableSector: plan.lastUsableSector,
        diskGuid: identity.diskGuid,
        entriesSector,
        entryCount: gptEntryCount,
        entrySizeInBytes: gptEntrySizeInBytes,
        entriesCrc32: crc32(entries),
      },
      sectorSizeInBytes,
    );
  const at = (sector: number, data: Uint8Array): GptPiece => ({
    offsetInBytes: sector * sectorSizeInBytes,
    data,
  });
  const { primaryHeaderSector, backupHeaderSector, primaryEntriesSector, backupEntriesSector } = plan;
  return [
    at(backupEntriesSector, entries),
    at(backupHeaderSector, header(backupHeaderSector, primaryHeaderSector, backupEntriesSector)),
    at(primaryEntriesSector, entries),
    at(primaryHeaderSector, header(primaryHeaderSector, backupHeaderSector, primaryEntriesSector)),
    at(0, encodeProtectiveMbr(plan.diskSizeInBytes / sectorSizeInBytes, sectorSizeInBytes)),
  ];
}

/**
 * Replaces whatever partition table a disk has by a GPT with one Microsoft basic data partition.
 *
 * DESTRUCTIVE: overwrites the first and last 1 MiB of the disk with zeros first, so that no remains of an older table
 * or file system are found there. Sector 0 is written last, after a flush: interrupted, the disk has no table rather
 * than a wrong one. May be repeated; the same options give the same bytes.
 *
 * @throws PartitionError `too-small`, `invalid-argument`; DeviceError; AbortError between the steps.
 */
export async function writeGpt(device: BlockDevice, options: WriteGptOptions): Promise<GptDiskPlan> {
  const plan = planGptDisk({
    diskSizeInBytes: device.sizeInBytes,
    sectorSizeInBytes: device.sectorSizeInBytes,
  });
  const pieces = buildGpt(plan, options);
  const { abortSignal } = options;
  throwIfAborted(abortSignal);
  const zeros = new Uint8Array(wipedInBytes);
  await device.write(0, zeros, { abortSignal });
  await device.write(device.sizeInBytes - wipedInBytes, zeros, { abortSignal });
  await device.flush({ abortSignal });
  for (const piece of pieces.slice(0, -1)) {
    await device.write(piece.offsetInBytes, piece.data, { abortSignal });
  }
  await device.flush({ abortSignal });
  const protectiveMbr = pieces.at(-1)!;
  await device.write(protectiveMbr.offsetInBytes, protectiveMbr.data, { abortSignal });
  await device.flush({ abortSignal });
  return plan;
}
