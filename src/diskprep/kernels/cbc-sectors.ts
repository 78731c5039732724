/**
 * AES-CBC over many sectors, each with a vector of its own: its encrypted position in bytes.
 *
 * Encryption: within a sector each block needs the one before it, but sectors do not need each other. So block 0 of all
 * sectors goes through the codebook in one call, then block 1 of all, and so on; the kernel moves four blocks (a line of
 * the processor's cache) of every sector at a time. Decryption needs no such order: the platform decrypts the sectors
 * as one stream, and only the first block of each then has to be corrected.
 */
import type { Arena } from "./arena.js";
import { createChainedDecryption, createCodebook } from "./codebook.js";
import { type SectorTransform, sectorKernel } from "./sector-transform.js";

const blocksAtOnce = 4;

/** Longer rows make longer, so fewer, codebook calls; with 2,048 sectors a row has the length that suits them best. */
const sectorsInBatch = 2048;

export const cbcScratchInBytes: number = sectorsInBatch * 16 * (1 + blocksAtOnce);

export function createCbcTransform(
  arena: Arena,
  scratchOffset: number,
  key: Uint8Array,
  sectorSizeInBytes: number,
): SectorTransform {
  const kernel = sectorKernel(arena);
  const codebook = createCodebook(arena.bytes, key, "encrypt");
  const decryption = createChainedDecryption(arena.bytes, key);
  const rows = scratchOffset + sectorsInBatch * 16;
  /** The last stored block that the decryption stream was given; it goes into the next one. */
  const lastStored = new Uint8Array(16);

  const makeVectors = (sectorCount: number, position: number): void => {
    const [low, high] = [position % 0x1_0000_0000, position / 0x1_0000_0000];
    kernel.writeNumbers(scratchOffset, sectorCount, low, high, sectorSizeInBytes);
    codebook.transform(scratchOffset, sectorCount * 16);
  };

  const encryptBatch = (offset: number, sectorCount: number): void => {
    const rowInBytes = sectorCount * 16;
    const lastRow = rows + (blocksAtOnce - 1) * rowInBytes;
    let previous = scratchOffset;
    for (let inSector = 0; inSector < sectorSizeInBytes; inSector += blocksAtOnce * 16) {
      kernel.gatherRows(offset + inSector, rows, previous, sectorCount, sectorSizeInBytes);
      codebook.transform(rows, rowInBytes);
      for (let row = rows; row < lastRow; row += rowInBytes) {
        kernel.xorBlocks(row + rowInBytes, 16, row, 16, sectorCount);
        codebook.transform(row + rowInBytes, rowInBytes);
      }
      kernel.scatterRows(offset + inSector, rows, sectorCount, sectorSizeInBytes);
      previous = lastRow;
    }
  };

  const decryptBatch = (offset: number, sectorCount: number): void => {
    const end = offset + sectorCount * sectorSizeInBytes;
    // What the first blocks come out with too much, and what they lack: the stored block before them, and their vector.
    for (let index = 0; index < 16; index++) {
      const address = scratchOffset + index;
      arena.bytes[address] = arena.bytes[address]! ^ lastStored[index]!;
    }
    kernel.xorBlocks(
      scratchOffset + 16,
      16,
      offset + sectorSizeInBytes - 16,
      sectorSizeInBytes,
      sectorCount - 1,
    );
    lastStored.set(arena.bytes.subarray(end - 16, end));
    decryption.transform(offset, end - offset);
    kernel.xorBlocks(offset, sectorSizeInBytes, scratchOffset, 16, sectorCount);
  };

  return {
    sectorsInBatch,
    transformBatch(direction, offset, sectorCount, positionInBytes) {
      makeVectors(sectorCount, positionInBytes);
      if (direction === "encrypt") encryptBatch(offset, sectorCount);
      else decryptBatch(offset, sectorCount);
    },
    dispose() {
      codebook.dispose();
      decryption.dispose();
    },
  };
}
