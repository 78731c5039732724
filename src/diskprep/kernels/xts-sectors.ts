/**
 * XTS-AES (IEEE 1619) over many sectors: whole data units of a multiple of 64 bytes, so without ciphertext stealing.
 * XTS is the codebook between two XORs with the same tweaks. The first tweak of each sector is its encrypted number;
 * multiplying by x makes the others.
 */
import type { Arena } from "./arena.js";
import { createCodebook } from "./codebook.js";
import { type SectorTransform, sectorKernel } from "./sector-transform.js";

/** Sectors whose tweaks are made by one call. */
const sectorsInBatch = 2048;
/** Between the XORs the data should stay in the processor's nearer caches: one call of the codebook. */
const chunkInBytes = 64 * 1024;

export const xtsScratchInBytes: number = sectorsInBatch * 16;

/** @param key Data key, then tweak key. */
export function createXtsTransform(
  arena: Arena,
  scratchOffset: number,
  key: Uint8Array,
  sectorSizeInBytes: number,
): SectorTransform {
  const kernel = sectorKernel(arena);
  const dataKey = key.subarray(0, key.length / 2);
  const tweakBook = createCodebook(arena.bytes, key.subarray(key.length / 2), "encrypt");
  const dataBooks = {
    encrypt: createCodebook(arena.bytes, dataKey, "encrypt"),
    decrypt: createCodebook(arena.bytes, dataKey, "decrypt"),
  };
  const blocksInSector = sectorSizeInBytes / 16;
  const sectorsInChunk = chunkInBytes / sectorSizeInBytes;

  const transformBatch = (
    direction: "encrypt" | "decrypt",
    offset: number,
    sectorCount: number,
    firstNumber: number,
  ): void => {
    kernel.writeNumbers(
      scratchOffset,
      sectorCount,
      firstNumber % 0x1_0000_0000,
      firstNumber / 0x1_0000_0000,
      1,
    );
    tweakBook.transform(scratchOffset, sectorCount * 16);
    for (let sector = 0; sector < sectorCount; sector += sectorsInChunk) {
      const count = Math.min(sectorsInChunk, sectorCount - sector);
      const data = offset + sector * sectorSizeInBytes;
      const tweaks = scratchOffset + sector * 16;
      kernel.whiten(data, tweaks, count, blocksInSector);
      dataBooks[direction].transform(data, count * sectorSizeInBytes);
      kernel.whiten(data, tweaks, count, blocksInSector);
    }
  };

  return {
    sectorsInBatch,
    preferredSectors: sectorsInChunk,
    transformBatch: (direction, offset, sectorCount, positionInBytes) =>
      transformBatch(direction, offset, sectorCount, positionInBytes / sectorSizeInBytes),
    dispose() {
      tweakBook.dispose();
      dataBooks.encrypt.dispose();
      dataBooks.decrypt.dispose();
    },
  };
}
