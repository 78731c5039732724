/** Whatever parts the hasher tells of: every sector is done once, encryption after the hash has read it, decryption before. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { sectorsBesideHashing } from "../../../src/diskprep/pipeline/sectors-beside-hashing.js";

const slotOffset = 1_000_000;
const slotLength = 64 * 1024;

/** Ascending, with gaps; lengths and places are multiples of the unit. */
const stretches = (unitInBytes: number) =>
  fc.array(fc.tuple(fc.nat(12), fc.integer({ min: 1, max: 40 })), { maxLength: 12 }).map((steps) => {
    const offsets: number[] = [];
    const lengths: number[] = [];
    let end = 0;
    for (const [gap, length] of steps) {
      const offset = end + gap * unitInBytes;
      if (offset + length * unitInBytes > slotLength) break;
      offsets.push(offset);
      lengths.push(length * unitInBytes);
      end = offset + length * unitInBytes;
    }
    return { offsets, lengths };
  });

describe.each(["encrypt", "decrypt"] as const)("%s", (direction) => {
  test.each([512, 4096] as const)("every sector of %d bytes once, at its position, in time", (sectorSize) => {
    const input = fc.record({
      sectors: stretches(sectorSize),
      ranges: fc.constantFrom(1, 7, 64, 512, 4096).chain(stretches),
      preferredSectors: fc.constantFrom(1, 3, 8),
      blocksInPart: fc.constantFrom(1, 9, 64),
    });
    fc.assert(
      fc.property(input, ({ sectors, ranges, preferredSectors, blocksInPart }) => {
        const positionsInBytes = sectors.offsets.map((offset, index) => offset * 2 + index * 4096);
        const timesDone = new Uint8Array(slotLength);
        const timesRead = new Uint8Array(slotLength);
        const isHashed = new Uint8Array(slotLength);
        for (const [range, offset] of ranges.offsets.entries())
          isHashed.fill(1, offset, offset + ranges.lengths[range]!);
        const isMeant = new Uint8Array(slotLength);
        let tooEarlyOrLate = 0;
        for (const [stretch, offset] of sectors.offsets.entries())
          isMeant.fill(1, offset, offset + sectors.lengths[stretch]!);

        const beside = sectorsBesideHashing(
          direction,
          { ...sectors, positionsInBytes },
          ranges,
          slotOffset,
          { sectorSizeInBytes: sectorSize, preferredLengthInBytes: preferredSectors * sectorSize },
          (offset, lengthInBytes, position) => {
            expect([offset % sectorSize, lengthInBytes % sectorSize]).toEqual([0, 0]);
            expect(lengthInBytes).toBeGreaterThan(0);
            const stretch = sectors.offsets.findLastIndex((start) => start <= offset);
            expect(position).toBe(positionsInBytes[stretch]! + offset - sectors.offsets[stretch]!);
            for (let at = offset; at < offset + lengthInBytes; at += 1) {
              timesDone[at]! += 1;
              if (direction === "encrypt" && isHashed[at] && timesRead[at] === 0) tooEarlyOrLate += 1;
            }
          },
        );
        const read = (from: number, to: number): void => {
          for (let at = from; at < to; at += 1) {
            if (timesDone[at] !== (direction === "decrypt" ? isMeant[at] : 0)) tooEarlyOrLate += 1;
            timesRead[at]! += 1;
          }
        };
        if (direction === "decrypt") beside.rest();
        for (const [range, start] of ranges.offsets.entries()) {
          const end = start + ranges.lengths[range]!;
          let at = start;
          while (end - at >= 64) {
            const length = Math.min(blocksInPart, Math.floor((end - at) / 64)) * 64;
            if (direction === "decrypt") beside.work(range, slotOffset + at, length);
            read(at, at + length);
            if (direction === "encrypt") beside.work(range, slotOffset + at, length);
            at += length;
          }
          read(at, end);
        }
        if (direction === "encrypt") beside.rest();
        expect(tooEarlyOrLate).toBe(0);
        expect(Buffer.compare(timesDone, isMeant)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
