/** The cipher that turns sectors of a volume into what is stored: AES-CBC or XTS-AES, many sectors at a time. */
import type { SectorSizeInBytes } from "../device/index.js";
import { BitLockerError } from "./bitlocker-error.js";
import { createCbcTransform } from "./cbc-transform.js";
import { type BitLockerMethod, factsOfMethod } from "./encryption-method.js";
import type { SectorTransform } from "./sector-transform.js";
import { createXtsTransform } from "./xts-transform.js";

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
  let transform: SectorTransform | undefined = method.startsWith("xts")
    ? createXtsTransform(key, sectorSizeInBytes)
    : createCbcTransform(key, sectorSizeInBytes);

  const usable = (buffer: Uint8Array, positionInBytes: number): SectorTransform => {
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
    if (!transform) throw new BitLockerError("invalid-argument", "The sector cipher was already disposed.");
    return transform;
  };
  const dispose = (): void => {
    transform?.dispose();
    transform = undefined;
  };
  return Object.freeze({
    method,
    sectorSizeInBytes,
    encrypt: (buffer: Uint8Array, positionInBytes: number) =>
      usable(buffer, positionInBytes).encrypt(buffer, positionInBytes),
    decrypt: (buffer: Uint8Array, positionInBytes: number) =>
      usable(buffer, positionInBytes).decrypt(buffer, positionInBytes),
    dispose,
    [Symbol.dispose]: dispose,
  });
}
