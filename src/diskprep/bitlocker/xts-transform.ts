/**
 * XTS-AES (IEEE 1619) over many sectors: one codebook call makes the first tweak of every sector, doubling in
 * GF(2^128) makes the rest, and one codebook call per chunk does the data between two exclusive-ors.
 */
import { bytesOf, createBlockCipher, type SectorTransform, storeWide, wordsOf } from "./sector-transform.js";

/** Small enough for the processor's cache and for the allocator to reuse the results of the codebook calls. */
const chunkInBytes = 32 * 1024;

/** @param key Data key, then tweak key, of equal length. Copied. */
export function createXtsTransform(key: Uint8Array, sectorSizeInBytes: number): SectorTransform {
  const half = key.length / 2;
  const dataCipher = createBlockCipher(Uint8Array.from(key.subarray(0, half)));
  const tweakCipher = createBlockCipher(Uint8Array.from(key.subarray(half)));
  const wordsInSector = sectorSizeInBytes / 4;
  const sectorsInChunk = chunkInBytes / sectorSizeInBytes;
  const unitNumbers = new Uint32Array(sectorsInChunk * 4);
  const tweaks = new Uint32Array(chunkInBytes / 4);
  const whitened = new Uint32Array(chunkInBytes / 4);

  /** Fills `tweaks` for consecutive sectors. */
  const makeTweaks = (firstUnit: number, sectorCount: number): void => {
    for (let sector = 0; sector < sectorCount; sector++)
      storeWide(unitNumbers, sector * 4, firstUnit + sector);
    const first = tweakCipher.encrypt(bytesOf(unitNumbers.subarray(0, sectorCount * 4)));
    for (let sector = 0; sector < sectorCount; sector++) {
      let word0 = first[sector * 4]!;
      let word1 = first[sector * 4 + 1]!;
      let word2 = first[sector * 4 + 2]!;
      let word3 = first[sector * 4 + 3]!;
      const end = (sector + 1) * wordsInSector;
      for (let index = sector * wordsInSector; index < end; index += 4) {
        tweaks[index] = word0;
        tweaks[index + 1] = word1;
        tweaks[index + 2] = word2;
        tweaks[index + 3] = word3;
        const overflow = word3 >> 31;
        word3 = (word3 << 1) | (word2 >>> 31);
        word2 = (word2 << 1) | (word1 >>> 31);
        word1 = (word1 << 1) | (word0 >>> 31);
        word0 = (word0 << 1) ^ (overflow & 0x87);
      }
    }
  };

  const transform = (buffer: Uint8Array, positionInBytes: number, direction: "encrypt" | "decrypt"): void => {
    for (let start = 0; start < buffer.length; start += chunkInBytes) {
      const chunk = buffer.subarray(start, start + chunkInBytes);
      const wordCount = chunk.length / 4;
      makeTweaks((positionInBytes + start) / sectorSizeInBytes, chunk.length / sectorSizeInBytes);
      const source = wordsOf(chunk);
      for (let index = 0; index < wordCount; index++) whitened[index] = source[index]! ^ tweaks[index]!;
      const result = dataCipher[direction](bytesOf(whitened.subarray(0, wordCount)));
      for (let index = 0; index < wordCount; index++) result[index] = result[index]! ^ tweaks[index]!;
      chunk.set(bytesOf(result));
    }
  };

  return {
    encrypt: (buffer, positionInBytes) => transform(buffer, positionInBytes, "encrypt"),
    decrypt: (buffer, positionInBytes) => transform(buffer, positionInBytes, "decrypt"),
    dispose() {
      dataCipher.dispose();
      tweakCipher.dispose();
      tweaks.fill(0);
      whitened.fill(0);
    },
  };
}
