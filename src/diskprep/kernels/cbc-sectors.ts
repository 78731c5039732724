/**
 * AES-CBC over many sectors, each with a vector of its own: its encrypted position in bytes.
 *
 * Encryption: within a sector each block needs the one before it, but sectors do not need each other. So block 0 of all
 * sectors goes through the codebook in one call, then block 1 of all, and so on; the kernel moves four blocks (a line of
 * the processor's cache) of every sector at a time. A few sectors are not worth so many calls: they go one after the
 * other through one endless CBC stream, and what that adds to their first block is taken out before. Decryption needs
 * no order: it is such a stream for all sectors, corrected afterwards.
 */
import type { Arena } from "./arena.js";
import { createChain, createCodebook } from "./codebook.js";
import { type SectorTransform, sectorKernel } from "./sector-transform.js";

const blocksAtOnce = 4;

/** Longer rows make longer, so fewer, codebook calls; with 2,048 sectors a row has the length that suits them best. */
const sectorsInBatch = 2048;

/** Vectors, four rows, and the last blocks of the two streams. */
export const cbcScratchInBytes: number = sectorsInBatch * 16 * (1 + blocksAtOnce) + 2 * 16;

export function createCbcTransform(
  arena: Arena,
  scratchOffset: number,
  key: Uint8Array,
  sectorSizeInBytes: number,
): SectorTransform {
  const kernel = sectorKernel(arena);
  const codebook = createCodebook(arena.bytes, key, "encrypt");
  const encryption = createChain(arena.bytes, key, "encrypt");
  const decryption = createChain(arena.bytes, key, "decrypt");
  const rows = scratchOffset + sectorsInBatch * 16;
  /** Fewer sectors than this are encrypted faster as a stream. */
  const streamedSectors = sectorSizeInBytes === 512 ? 22 : 55;
  /** The last stored block of each stream; it goes into the next one. Both streams begin after a block of zeros. */
  const lastEncrypted = rows + blocksAtOnce * sectorsInBatch * 16;
  const lastDecrypted = lastEncrypted + 16;
  arena.bytes.fill(0, lastEncrypted, lastDecrypted + 16);

  const makeVectors = (sectorCount: number, position: number): void => {
    const [low, high] = [position % 0x1_0000_0000, position / 0x1_0000_0000];
    kernel.writeNumbers(scratchOffset, sectorCount, low, high, sectorSizeInBytes);
    codebook.transform(scratchOffset, sectorCount * 16);
  };

  const encryptInRows = (offset: number, sectorCount: number): void => {
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

  const encryptAsStream = (offset: number, sectorCount: number): void => {
    for (let sector = 0; sector < sectorCount; sector++) {
      const start = offset + sector * sectorSizeInBytes;
      const lastBlock = start + sectorSizeInBytes - 16;
      kernel.xorBlocks(start, 16, lastEncrypted, 16, 1);
      kernel.xorBlocks(start, 16, scratchOffset + sector * 16, 16, 1);
      encryption.transform(start, sectorSizeInBytes);
      arena.bytes.copyWithin(lastEncrypted, lastBlock, lastBlock + 16);
    }
  };

  const decryptAsStream = (offset: number, sectorCount: number): void => {
    const end = offset + sectorCount * sectorSizeInBytes;
    const lastOfFirst = offset + sectorSizeInBytes - 16;
    // What the first blocks come out with too much, and what they lack: the stored block before them, and their vector.
    kernel.xorBlocks(scratchOffset, 16, lastDecrypted, 16, 1);
    kernel.xorBlocks(scratchOffset + 16, 16, lastOfFirst, sectorSizeInBytes, sectorCount - 1);
    arena.bytes.copyWithin(lastDecrypted, end - 16, end);
    decryption.transform(offset, end - offset);
    kernel.xorBlocks(offset, sectorSizeInBytes, scratchOffset, 16, sectorCount);
  };

  return {
    sectorsInBatch,
    preferredSectors: 1024,
    transformBatch(direction, offset, sectorCount, positionInBytes) {
      makeVectors(sectorCount, positionInBytes);
      if (direction === "decrypt") decryptAsStream(offset, sectorCount);
      else if (sectorCount < streamedSectors) encryptAsStream(offset, sectorCount);
      else encryptInRows(offset, sectorCount);
    },
    dispose() {
      codebook.dispose();
      encryption.dispose();
      decryption.dispose();
    },
  };
}
