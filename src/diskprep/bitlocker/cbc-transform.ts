/**
 * AES-CBC over many sectors. Within a sector each block depends on the one before it, but sectors do not depend on
 * each other: encryption takes block 0 of all sectors in one codebook call, then block 1 of all, and so on.
 */
import { bytesOf, createBlockCipher, type SectorTransform, storeWide, wordsOf } from "./sector-transform.js";

/** More sectors in a chunk make longer codebook calls; beyond this the cache is the limit. */
const encryptChunkInBytes = 512 * 1024;
const decryptChunkInBytes = 32 * 1024;

/** @param key Copied. */
export function createCbcTransform(key: Uint8Array, sectorSizeInBytes: number): SectorTransform {
  const cipher = createBlockCipher(Uint8Array.from(key));
  const wordsInSector = sectorSizeInBytes / 4;
  const column = new Uint32Array((encryptChunkInBytes / sectorSizeInBytes) * 4);

  /** The encrypted byte positions of consecutive sectors: their initialisation vectors. */
  const makeVectors = (positionInBytes: number, sectorCount: number): Uint32Array => {
    for (let sector = 0; sector < sectorCount; sector++) {
      storeWide(column, sector * 4, positionInBytes + sector * sectorSizeInBytes);
    }
    return cipher.encrypt(bytesOf(column.subarray(0, sectorCount * 4)));
  };

  const encryptChunk = (chunk: Uint8Array, positionInBytes: number): void => {
    const sectorCount = chunk.length / sectorSizeInBytes;
    const words = wordsOf(chunk);
    const columnBytes = bytesOf(column.subarray(0, sectorCount * 4));
    let previous = makeVectors(positionInBytes, sectorCount);
    for (let block = 0; block < wordsInSector; block += 4) {
      for (
        let sector = 0, from = block, to = 0;
        sector < sectorCount;
        sector++, from += wordsInSector, to += 4
      ) {
        column[to] = words[from]! ^ previous[to]!;
        column[to + 1] = words[from + 1]! ^ previous[to + 1]!;
        column[to + 2] = words[from + 2]! ^ previous[to + 2]!;
        column[to + 3] = words[from + 3]! ^ previous[to + 3]!;
      }
      previous = cipher.encrypt(columnBytes);
      for (
        let sector = 0, to = block, from = 0;
        sector < sectorCount;
        sector++, to += wordsInSector, from += 4
      ) {
        words[to] = previous[from]!;
        words[to + 1] = previous[from + 1]!;
        words[to + 2] = previous[from + 2]!;
        words[to + 3] = previous[from + 3]!;
      }
    }
    if (words.buffer !== chunk.buffer) chunk.set(bytesOf(words));
  };

  const decryptChunk = (chunk: Uint8Array, positionInBytes: number): void => {
    const sectorCount = chunk.length / sectorSizeInBytes;
    const vectors = makeVectors(positionInBytes, sectorCount);
    const stored = wordsOf(chunk);
    const result = cipher.decrypt(chunk);
    for (let sector = 0; sector < sectorCount; sector++) {
      const start = sector * wordsInSector;
      for (let word = 0; word < 4; word++)
        result[start + word] = result[start + word]! ^ vectors[sector * 4 + word]!;
      const end = start + wordsInSector;
      for (let index = start + 4; index < end; index++) result[index] = result[index]! ^ stored[index - 4]!;
    }
    chunk.set(bytesOf(result));
  };

  const forEachChunk = (
    buffer: Uint8Array,
    positionInBytes: number,
    chunkInBytes: number,
    transform: (chunk: Uint8Array, positionInBytes: number) => void,
  ): void => {
    for (let start = 0; start < buffer.length; start += chunkInBytes) {
      transform(buffer.subarray(start, start + chunkInBytes), positionInBytes + start);
    }
  };

  return {
    encrypt: (buffer, positionInBytes) =>
      forEachChunk(buffer, positionInBytes, encryptChunkInBytes, encryptChunk),
    decrypt: (buffer, positionInBytes) =>
      forEachChunk(buffer, positionInBytes, decryptChunkInBytes, decryptChunk),
    dispose() {
      cipher.dispose();
      column.fill(0);
    },
  };
}
