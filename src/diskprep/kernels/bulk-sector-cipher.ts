/**
 * Encrypts and decrypts the sectors of a volume, many at a time and in place: AES itself is the platform's, the mode
 * around it is made here, because a cipher object for each sector costs ten to twenty times more.
 */
import type { Arena } from "./arena.js";
import { assertRange } from "./assert-range.js";
import { cbcScratchInBytes, createCbcTransform } from "./cbc-sectors.js";
import type { SectorTransform } from "./sector-transform.js";
import { createXtsTransform, xtsScratchInBytes } from "./xts-sectors.js";

/** The mode and the length of the AES key. */
export type SectorCipherMethod = "aes-cbc-128" | "aes-cbc-256" | "xts-aes-128" | "xts-aes-256";

/** Not thread-safe beyond one JavaScript thread; calls are synchronous. */
export interface BulkSectorCipher extends Disposable {
  readonly sectorSizeInBytes: 512 | 4096;
  /** So much at once is done as fast as more, and while it is in the processor's cache faster. */
  readonly preferredLengthInBytes: number;
  /**
   * Encrypts `lengthInBytes` of the arena from `offset` in place.
   *
   * @param offset A multiple of 4.
   * @param positionInBytes Where on the volume the first byte of the result is stored. XTS numbers its data units by
   * position ÷ sector size, CBC encrypts the position as the initialisation vector.
   * @throws RangeError unless length and position are whole sectors, the range lies in the arena and beside the scratch
   * area, and the end of the position is below 2^53. Nothing was changed then.
   */
  encrypt(offset: number, lengthInBytes: number, positionInBytes: number): void;
  /** Undoes {@link BulkSectorCipher.encrypt}. */
  decrypt(offset: number, lengthInBytes: number, positionInBytes: number): void;
  /** Frees the keys and clears the scratch area; the cipher cannot be used any more. May be repeated. */
  dispose(): void;
}

/** Size of the scratch area that a cipher needs to itself for as long as it lives. */
export const sectorCipherScratchInBytes: number = Math.max(xtsScratchInBytes, cbcScratchInBytes);

const keyLengthsInBytes: Readonly<Record<SectorCipherMethod, number>> = {
  "aes-cbc-128": 16,
  "aes-cbc-256": 32,
  "xts-aes-128": 32,
  "xts-aes-256": 64,
};

/**
 * A cipher for the sectors of one volume.
 *
 * @param key 16, 32, 32 or 64 bytes by method (XTS: data key, then tweak key). Not kept: may be zeroed after the call.
 * @param sectorSizeInBytes 512 or 4096.
 * @param arena Holds the data and the scratch area.
 * @param scratchOffset Start of {@link sectorCipherScratchInBytes} bytes of the arena; a multiple of 16.
 * @throws RangeError for an unknown method or sector size, a key of another length, or a scratch area that does not fit.
 */
export function createBulkSectorCipher(
  method: SectorCipherMethod,
  key: Uint8Array,
  sectorSizeInBytes: number,
  arena: Arena,
  scratchOffset: number,
): BulkSectorCipher {
  if (
    keyLengthsInBytes[method] !== key.length ||
    (sectorSizeInBytes !== 512 && sectorSizeInBytes !== 4096) ||
    scratchOffset % 16 !== 0
  ) {
    throw new RangeError(
      `No cipher '${method}' with a key of ${key.length} bytes, sectors of ${sectorSizeInBytes} bytes and scratch at ${scratchOffset}.`,
    );
  }
  assertRange(arena, scratchOffset, sectorCipherScratchInBytes);
  const create = method.startsWith("xts") ? createXtsTransform : createCbcTransform;
  let transform: SectorTransform | undefined = create(arena, scratchOffset, key, sectorSizeInBytes);

  const transformSectors = (
    direction: "encrypt" | "decrypt",
    offset: number,
    lengthInBytes: number,
    positionInBytes: number,
  ): void => {
    if (!transform) throw new RangeError("The sector cipher was already disposed.");
    assertRange(arena, offset, lengthInBytes);
    if (
      offset % 4 !== 0 ||
      lengthInBytes % sectorSizeInBytes !== 0 ||
      positionInBytes % sectorSizeInBytes !== 0 ||
      positionInBytes < 0 ||
      !Number.isSafeInteger(positionInBytes + lengthInBytes) ||
      (offset < scratchOffset + sectorCipherScratchInBytes && offset + lengthInBytes > scratchOffset)
    ) {
      throw new RangeError(
        `Cannot ${direction} ${lengthInBytes} bytes at ${offset}, position ${positionInBytes}: whole sectors of ${sectorSizeInBytes} bytes outside the scratch area are needed.`,
      );
    }
    const batchInBytes = transform.sectorsInBatch * sectorSizeInBytes;
    for (let done = 0; done < lengthInBytes; done += batchInBytes) {
      const sectorCount = Math.min(batchInBytes, lengthInBytes - done) / sectorSizeInBytes;
      transform.transformBatch(direction, offset + done, sectorCount, positionInBytes + done);
    }
  };
  const dispose = (): void => {
    if (!transform) return;
    transform.dispose();
    transform = undefined;
    arena.bytes.fill(0, scratchOffset, scratchOffset + sectorCipherScratchInBytes);
  };
  return Object.freeze({
    sectorSizeInBytes,
    preferredLengthInBytes: transform.preferredSectors * sectorSizeInBytes,
    encrypt: transformSectors.bind(undefined, "encrypt"),
    decrypt: transformSectors.bind(undefined, "decrypt"),
    dispose,
    [Symbol.dispose]: dispose,
  });
}
