/** The cipher that turns sectors of a volume into what is stored: AES-CBC or XTS-AES, many sectors at a time. */
import type { SectorSizeInBytes } from "../device/index.js";
import { createArena, createBulkSectorCipher, sectorCipherScratchInBytes } from "../kernels/index.js";
import { BitLockerError } from "./bitlocker-error.js";
import { type BitLockerMethod, factsOfMethod } from "./encryption-method.js";

/** The kernels work in memory of their own. Sectors pass through a window of it; a longer one is not faster. */
const windowInBytes = 2 * 1024 * 1024;

/** Encrypts and decrypts whole sectors in place. Not thread-safe beyond one JavaScript thread; calls are synchronous. */
export interface SectorCipher extends Disposable {
  readonly method: BitLockerMethod;
  readonly sectorSizeInBytes: SectorSizeInBytes;
  /**
   * Encrypts `buffer` in place.
   *
   * @param positionInBytes Where on the volume the first byte of the result is stored (not where the plain volume
   * shows it); below 2^53.
   * @throws BitLockerError `invalid-argument` unless length and position are whole sectors.
   */
  encrypt(buffer: Uint8Array, positionInBytes: number): void;
  /** Undoes {@link SectorCipher.encrypt}. */
  decrypt(buffer: Uint8Array, positionInBytes: number): void;
  /** Zeroes the keys; the cipher cannot be used any more. May be repeated. */
  dispose(): void;
}

/**
 * A cipher for the sectors of one volume.
 *
 * XTS: the data unit number is position ÷ sector size. CBC: the initialisation vector is the encrypted byte position.
 *
 * @param key The volume key (FVEK): 16, 32, 32 or 64 bytes by method; copied.
 * @throws BitLockerError `invalid-argument` for an unknown method, a key of another length or another sector size.
 */
export function createSectorCipher(
  method: BitLockerMethod,
  key: Uint8Array,
  sectorSizeInBytes: SectorSizeInBytes,
): SectorCipher {
  const facts = factsOfMethod(method) as ReturnType<typeof factsOfMethod> | undefined;
  if (facts?.keyLengthInBytes !== key.length || (sectorSizeInBytes !== 512 && sectorSizeInBytes !== 4096)) {
    throw new BitLockerError(
      "invalid-argument",
      `No cipher '${method}' with a key of ${key.length} bytes for sectors of ${sectorSizeInBytes} bytes.`,
      { details: { method, keyLengthInBytes: key.length, sectorSizeInBytes } },
    );
  }
  const arena = createArena(sectorCipherScratchInBytes + windowInBytes, { isShared: false });
  const window = arena.bytes.subarray(sectorCipherScratchInBytes, sectorCipherScratchInBytes + windowInBytes);
  const cipher = createBulkSectorCipher(method, key, sectorSizeInBytes, arena, 0);
  let isDisposed = false;

  const assertUsable = (buffer: Uint8Array, positionInBytes: number): void => {
    if (
      buffer.length % sectorSizeInBytes !== 0 ||
      positionInBytes % sectorSizeInBytes !== 0 ||
      positionInBytes < 0 ||
      !Number.isSafeInteger(positionInBytes + buffer.length)
    ) {
      throw new BitLockerError(
        "invalid-argument",
        `${buffer.length} bytes at position ${positionInBytes} are not whole sectors of ${sectorSizeInBytes} bytes.`,
        { details: { lengthInBytes: buffer.length, positionInBytes, sectorSizeInBytes } },
      );
    }
    if (isDisposed) throw new BitLockerError("invalid-argument", "The sector cipher was already disposed.");
  };
  const transform = (direction: "encrypt" | "decrypt", buffer: Uint8Array, positionInBytes: number): void => {
    assertUsable(buffer, positionInBytes);
    for (let start = 0; start < buffer.length; start += windowInBytes) {
      const part = buffer.subarray(start, start + windowInBytes);
      window.set(part);
      cipher[direction](window.byteOffset, part.length, positionInBytes + start);
      part.set(window.subarray(0, part.length));
    }
  };
  const dispose = (): void => {
    cipher.dispose();
    window.fill(0);
    isDisposed = true;
  };
  return Object.freeze({
    method,
    sectorSizeInBytes,
    encrypt: (buffer: Uint8Array, positionInBytes: number) => transform("encrypt", buffer, positionInBytes),
    decrypt: (buffer: Uint8Array, positionInBytes: number) => transform("decrypt", buffer, positionInBytes),
    dispose,
    [Symbol.dispose]: dispose,
  });
}
