/** AES calls of the platform on many independent blocks at once, in place in the arena. */
import { type Cipher, createCipheriv, createDecipheriv, type Decipher } from "node:crypto";
import { createMemoryRelease } from "../../shared/memory-release.js";

/** One key and direction, for any number of calls. */
export interface Codebook {
  /** Transforms the bytes from `offset` in place; the length is a multiple of 16. */
  transform(offset: number, lengthInBytes: number): void;
  /** Frees the key. */
  dispose(): void;
}

/** Data, result and what the platform allocates besides should fit into the processor's second cache. */
const callInBytes = 64 * 1024;

/** AES-ECB. A cipher object without padding holds nothing back, so one serves for ever. */
export function createCodebook(
  arenaBytes: Uint8Array,
  key: Uint8Array,
  direction: "encrypt" | "decrypt",
): Codebook {
  const name = `aes-${key.length * 8}-ecb`;
  return createStream(
    arenaBytes,
    direction === "encrypt" ? createCipheriv(name, key, null) : createDecipheriv(name, key, null),
  );
}

/**
 * AES-CBC of one endless stream that begins after a block of zeros: each block is combined with the stored block before
 * it, in this call or the last.
 */
export function createChain(
  arenaBytes: Uint8Array,
  key: Uint8Array,
  direction: "encrypt" | "decrypt",
): Codebook {
  const name = `aes-${key.length * 8}-cbc`;
  const zeros = new Uint8Array(16);
  return createStream(
    arenaBytes,
    direction === "encrypt" ? createCipheriv(name, key, zeros) : createDecipheriv(name, key, zeros),
  );
}

function createStream(arenaBytes: Uint8Array, cipher: Cipher | Decipher): Codebook {
  cipher.setAutoPadding(false);
  const release = createMemoryRelease();
  const arena = Buffer.from(arenaBytes.buffer, arenaBytes.byteOffset, arenaBytes.length);
  return {
    transform(offset, lengthInBytes) {
      const end = offset + lengthInBytes;
      for (let start = offset; start < end; start += callInBytes) {
        const stop = Math.min(start + callInBytes, end);
        const result = cipher.update(arena.subarray(start, stop));
        // `fill` is the one copy into shared memory that Node hands to the system's memory copy.
        arena.fill(result, start, stop);
        // Never one that holds somebody else's bytes as well.
        if (result.length === result.buffer.byteLength) release(result.buffer as ArrayBuffer);
      }
    },
    dispose: () => void cipher.final(),
  };
}
