/** The plain implementation of the sector cipher kernel, on words of 32 bits. All addresses are multiples of four. */
import type { SectorCipherKernel } from "./kernel-exports.js";

/** @param bytes The whole arena. */
export function createSectorCipherReference(bytes: Uint8Array): SectorCipherKernel {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);

  const copyBlock = (target: number, source: number): void => {
    words[target] = words[source]!;
    words[target + 1] = words[source + 1]!;
    words[target + 2] = words[source + 2]!;
    words[target + 3] = words[source + 3]!;
  };
  const xorBlock = (target: number, source: number): void => {
    words[target] = words[target]! ^ words[source]!;
    words[target + 1] = words[target + 1]! ^ words[source + 1]!;
    words[target + 2] = words[target + 2]! ^ words[source + 2]!;
    words[target + 3] = words[target + 3]! ^ words[source + 3]!;
  };

  return {
    writeNumbers(target, count, startLow, startHigh, step) {
      let number = (startHigh >>> 0) * 0x1_0000_0000 + (startLow >>> 0);
      for (let index = target / 4, end = index + count * 4; index < end; index += 4) {
        words[index] = number;
        words[index + 1] = Math.floor(number / 0x1_0000_0000);
        words[index + 2] = 0;
        words[index + 3] = 0;
        number += step;
      }
    },

    whiten(data, tweaks, sectorCount, blocksInSector) {
      let index = data / 4;
      for (let sector = 0; sector < sectorCount; sector++) {
        const tweak = tweaks / 4 + sector * 4;
        let word0 = words[tweak]!;
        let word1 = words[tweak + 1]!;
        let word2 = words[tweak + 2]!;
        let word3 = words[tweak + 3]!;
        for (const end = index + blocksInSector * 4; index < end; index += 4) {
          words[index] = words[index]! ^ word0;
          words[index + 1] = words[index + 1]! ^ word1;
          words[index + 2] = words[index + 2]! ^ word2;
          words[index + 3] = words[index + 3]! ^ word3;
          const overflow = word3 >> 31;
          word3 = (word3 << 1) | (word2 >>> 31);
          word2 = (word2 << 1) | (word1 >>> 31);
          word1 = (word1 << 1) | (word0 >>> 31);
          word0 = (word0 << 1) ^ (overflow & 0x87);
        }
      }
    },

    gatherRows(data, rows, previous, sectorCount, sectorSize) {
      for (let sector = 0; sector < sectorCount; sector++) {
        const source = (data + sector * sectorSize) / 4;
        const target = rows / 4 + sector * 4;
        copyBlock(target, source);
        xorBlock(target, previous / 4 + sector * 4);
        for (let row = 1; row < 4; row++) copyBlock(target + row * sectorCount * 4, source + row * 4);
      }
    },

    scatterRows(data, rows, sectorCount, sectorSize) {
      for (let sector = 0; sector < sectorCount; sector++) {
        const target = (data + sector * sectorSize) / 4;
        const source = rows / 4 + sector * 4;
        for (let row = 0; row < 4; row++) copyBlock(target + row * 4, source + row * sectorCount * 4);
      }
    },

    xorBlocks(target, targetStep, source, sourceStep, blockCount) {
      for (let block = 0; block < blockCount; block++) {
        xorBlock((target + block * targetStep) / 4, (source + block * sourceStep) / 4);
      }
    },
  };
}
