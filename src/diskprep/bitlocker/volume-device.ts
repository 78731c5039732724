/** The plain view of a BitLocker volume: a block device that encrypts what it hands to the device below. */
import type { AbortOptions } from "../../shared/abort.js";
import { createRangeLock } from "../../shared/range-lock.js";
import { type BlockDevice, checkDeviceAccess, checkDeviceOpen } from "../device/index.js";
import { type BitLockerAreas, type BitLockerPiece, mapBitLockerRange } from "./areas.js";
import { BitLockerError } from "./bitlocker-error.js";
import type { SectorCipher } from "./sector-cipher.js";

/** Bounds the memory of one write and the time between two turns of the event loop. */
const longestTransferInBytes = 1024 * 1024;

/**
 * A device that shows the decrypted volume. It owns the cipher and disposes it on `close`; the device below stays
 * open.
 */
export function volumeDeviceOf(
  device: BlockDevice,
  areas: BitLockerAreas,
  cipher: SectorCipher,
  canWrite: boolean,
): BlockDevice {
  const { sectorSizeInBytes, volumeSizeInBytes: sizeInBytes } = areas;
  const target = { name: `BitLocker volume on ${device.name}`, sizeInBytes, canWrite };
  const lock = createRangeLock();
  let isClosed = false;

  const readStored = async (
    positionInBytes: number,
    target: Uint8Array,
    options: AbortOptions | undefined,
  ): Promise<void> => {
    const { start, length } = widen(positionInBytes, target.length, sectorSizeInBytes);
    const isWhole = start === positionInBytes && length === target.length;
    const sectors = isWhole ? target : new Uint8Array(length);
    await device.read(start, sectors, options);
    cipher.decrypt(sectors, start);
    if (!isWhole) {
      const skip = positionInBytes - start;
      target.set(sectors.subarray(skip, skip + target.length));
    }
  };

  const writeStored = async (
    positionInBytes: number,
    data: Uint8Array,
    options: AbortOptions | undefined,
  ): Promise<void> => {
    const { start, length } = widen(positionInBytes, data.length, sectorSizeInBytes);
    await lock.run(start, start + length, async () => {
      const sectors = new Uint8Array(length);
      const skip = positionInBytes - start;
      const lastSector = length - sectorSizeInBytes;
      const isHeadPartial = skip > 0;
      const isTailPartial = skip + data.length < length;
      if (isHeadPartial || (isTailPartial && lastSector === 0)) {
        await readStored(start, sectors.subarray(0, sectorSizeInBytes), options);
      }
      if (isTailPartial && lastSector > 0) {
        await readStored(start + lastSector, sectors.subarray(lastSector), options);
      }
      sectors.set(data, skip);
      cipher.encrypt(sectors, start);
      await device.write(start, sectors, options);
    });
  };

  return Object.freeze({
    ...target,
    sectorSizeInBytes,
    preferredAlignmentInBytes: Math.max(sectorSizeInBytes, device.preferredAlignmentInBytes),
    bypassesCache: device.bypassesCache,
    async read(offsetInBytes, buffer, options) {
      checkDeviceAccess(target, isClosed, "read", offsetInBytes, buffer.length, options);
      for (const piece of transfersOf(areas, offsetInBytes, buffer.length)) {
        const from = piece.offsetInBytes - offsetInBytes;
        const part = buffer.subarray(from, from + piece.lengthInBytes);
        if (piece.kind === "reserved") part.fill(0);
        else await readStored(piece.positionInBytes, part, options);
      }
    },
    async write(offsetInBytes, data, options) {
      checkDeviceAccess(target, isClosed, "write", offsetInBytes, data.length, options);
      const pieces = transfersOf(areas, offsetInBytes, data.length);
      const partOf = (piece: BitLockerPiece): Uint8Array => {
        const from = piece.offsetInBytes - offsetInBytes;
        return data.subarray(from, from + piece.lengthInBytes);
      };
      for (const piece of pieces) {
        if (piece.kind === "reserved" && partOf(piece).some((byte) => byte !== 0)) {
          throw new BitLockerError(
            "reserved-area",
            `The bytes at ${piece.offsetInBytes} of '${target.name}' belong to BitLocker; a file system must keep away from them.`,
            { details: { deviceName: target.name, offsetInBytes: piece.offsetInBytes } },
          );
        }
      }
      for (const piece of pieces) {
        if (piece.kind === "stored") await writeStored(piece.positionInBytes, partOf(piece), options);
      }
    },
    async flush(options) {
      checkDeviceOpen(target, isClosed, "flush");
      await device.flush(options);
    },
    async close() {
      if (!isClosed) cipher.dispose();
      isClosed = true;
    },
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  } satisfies BlockDevice);
}

/** Pieces of a range, none longer than one transfer and cut on sector boundaries. */
function transfersOf(areas: BitLockerAreas, offsetInBytes: number, lengthInBytes: number): BitLockerPiece[] {
  const transfers: BitLockerPiece[] = [];
  for (const piece of mapBitLockerRange(areas, offsetInBytes, lengthInBytes)) {
    let done = 0;
    while (done < piece.lengthInBytes) {
      const at = piece.positionInBytes + done;
      const length = Math.min(
        piece.lengthInBytes - done,
        longestTransferInBytes - (at % longestTransferInBytes),
      );
      transfers.push({
        kind: piece.kind,
        offsetInBytes: piece.offsetInBytes + done,
        lengthInBytes: length,
        positionInBytes: at,
      });
      done += length;
    }
  }
  return transfers;
}

function widen(
  positionInBytes: number,
  lengthInBytes: number,
  blockInBytes: number,
): { start: number; length: number } {
  const start = Math.floor(positionInBytes / blockInBytes) * blockInBytes;
  const end = Math.ceil((positionInBytes + lengthInBytes) / blockInBytes) * blockInBytes;
  return { start, length: end - start };
}
