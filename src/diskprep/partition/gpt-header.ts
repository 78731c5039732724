/** The GPT header, one sector at LBA 1 and one at the end of the disk (UEFI Specification §5.3.2). */
import { crc32 } from "node:zlib";
import { guidFromBytes, guidToBytes } from "../../shared/guid.js";

/** "EFI PART". */
const signature = 0x5452_4150_2049_4645n;
const revision = 0x0001_0000;
const headerSizeInBytes = 92;

/** A GPT header. Sectors are `number`: no disk comes near 2^53 of them. */
export interface GptHeader {
  readonly ownSector: number;
  readonly otherHeaderSector: number;
  readonly firstUsableSector: number;
  readonly lastUsableSector: number;
  readonly diskGuid: string;
  readonly entriesSector: number;
  readonly entryCount: number;
  readonly entrySizeInBytes: number;
  readonly entriesCrc32: number;
}

/** The sector of a header, rest zero. */
export function encodeGptHeader(header: GptHeader, sectorSizeInBytes: number): Uint8Array {
  const sector = new Uint8Array(sectorSizeInBytes);
  const view = new DataView(sector.buffer);
  view.setBigUint64(0x00, signature, true);
  view.setUint32(0x08, revision, true);
  view.setUint32(0x0c, headerSizeInBytes, true);
  view.setBigUint64(0x18, BigInt(header.ownSector), true);
  view.setBigUint64(0x20, BigInt(header.otherHeaderSector), true);
  view.setBigUint64(0x28, BigInt(header.firstUsableSector), true);
  view.setBigUint64(0x30, BigInt(header.lastUsableSector), true);
  sector.set(guidToBytes(header.diskGuid), 0x38);
  view.setBigUint64(0x48, BigInt(header.entriesSector), true);
  view.setUint32(0x50, header.entryCount, true);
  view.setUint32(0x54, header.entrySizeInBytes, true);
  view.setUint32(0x58, header.entriesCrc32, true);
  view.setUint32(0x10, crc32(sector.subarray(0, headerSizeInBytes)), true);
  return sector;
}

/** Whether a sector begins like a GPT header, intact or not. */
export function hasGptSignature(sector: Uint8Array): boolean {
  return sector.length >= 8 && viewOf(sector).getBigUint64(0, true) === signature;
}

/** The header in a sector, or undefined when it is not an intact one: signature, revision, length, CRC-32, numbers. */
export function decodeGptHeader(sector: Uint8Array): GptHeader | undefined {
  if (sector.length < headerSizeInBytes || !hasGptSignature(sector)) return undefined;
  const view = viewOf(sector);
  const length = view.getUint32(0x0c, true);
  if (view.getUint32(0x08, true) !== revision || length < headerSizeInBytes || length > sector.length) {
    return undefined;
  }
  const copy = Uint8Array.from(sector.subarray(0, length));
  copy.fill(0, 0x10, 0x14);
  if (crc32(copy) !== view.getUint32(0x10, true)) return undefined;
  const sectors = [0x18, 0x20, 0x28, 0x30, 0x48].map((offset) => Number(view.getBigUint64(offset, true)));
  if (!sectors.every(Number.isSafeInteger)) return undefined;
  const [ownSector, otherHeaderSector, firstUsableSector, lastUsableSector, entriesSector] = sectors;
  return {
    ownSector: ownSector!,
    otherHeaderSector: otherHeaderSector!,
    firstUsableSector: firstUsableSector!,
    lastUsableSector: lastUsableSector!,
    diskGuid: guidFromBytes(sector, 0x38),
    entriesSector: entriesSector!,
    entryCount: view.getUint32(0x50, true),
    entrySizeInBytes: view.getUint32(0x54, true),
    entriesCrc32: view.getUint32(0x58, true),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
