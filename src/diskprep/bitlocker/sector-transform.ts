/** The bulk form of a sector cipher, and the electronic-codebook calls that it is built from. */
import { type Cipher, createCipheriv, createDecipheriv, type Decipher } from "node:crypto";

/** Transforms whole sectors in place; arguments are already checked. */
export interface SectorTransform {
  encrypt(buffer: Uint8Array, positionInBytes: number): void;
  decrypt(buffer: Uint8Array, positionInBytes: number): void;
  dispose(): void;
}

/** AES on independent blocks of 16 bytes. */
export interface BlockCipher {
  /** The transformed blocks in a buffer of their own. The length is a multiple of 16. */
  encrypt(blocks: Uint8Array): Uint32Array;
  decrypt(blocks: Uint8Array): Uint32Array;
  dispose(): void;
}

/**
 * One key for many calls: a cipher object without padding holds nothing back and can be used for ever, and making one
 * costs more than encrypting a sector.
 */
export function createBlockCipher(key: Uint8Array): BlockCipher {
  const algorithm = `aes-${key.length * 8}-ecb`;
  let encryptor: Cipher | undefined;
  let decryptor: Decipher | undefined;
  return {
    encrypt(blocks) {
      encryptor ??= createCipheriv(algorithm, key, null).setAutoPadding(false);
      return wordsOf(encryptor.update(blocks));
    },
    decrypt(blocks) {
      decryptor ??= createDecipheriv(algorithm, key, null).setAutoPadding(false);
      return wordsOf(decryptor.update(blocks));
    },
    dispose() {
      // Ending a cipher object frees and cleanses the key schedule that the cryptographic library holds.
      encryptor?.final();
      decryptor?.final();
      encryptor = undefined;
      decryptor = undefined;
      key.fill(0);
    },
  };
}

/** The bytes as 32-bit words; copied only when they do not begin on a word boundary. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  return bytes.byteOffset % 4 === 0
    ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
    : new Uint32Array(Uint8Array.from(bytes).buffer);
}

/** The bytes behind words. */
export function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** Stores a number below 2^53 as a 128-bit little-endian value in four words. */
export function storeWide(words: Uint32Array, wordIndex: number, value: number): void {
  words[wordIndex] = value >>> 0;
  words[wordIndex + 1] = Math.floor(value / 0x1_0000_0000);
  words[wordIndex + 2] = 0;
  words[wordIndex + 3] = 0;
}
