/**
 * Encrypts or decrypts the sectors of a slot while its ranges are hashed, part by part: what the hash has just read, or is
 * about to read, comes from the processor's own cache then and not from memory a second time.
 */
import type { BulkSectorCipher, HashedPartWork } from "../kernels/index.js";
import type { SectorStretches, SlotStretches } from "./volume-task.js";

/** Encrypts or decrypts whole sectors in place. Offsets count from the start of the slot. */
export type TransformSectors = (offset: number, lengthInBytes: number, positionInBytes: number) => void;

/** Sectors on the way to be encrypted or decrypted. */
export interface SectorsBesideHashing {
  /** Encryption: does the sectors that end in the part or before. Decryption: also those that end behind it. */
  readonly work: HashedPartWork;
  /** Does what `work` does not: after hashing for encryption, before it for decryption. */
  rest(): void;
}

/**
 * Plans the work on one slot.
 *
 * @param stretches to be encrypted or decrypted
 * @param ranges that are hashed, ascending and not overlapping
 * @param slotOffset what the hasher's offsets count more than those of the slot
 */
export function sectorsBesideHashing(
  direction: "encrypt" | "decrypt",
  stretches: SectorStretches,
  ranges: SlotStretches,
  slotOffset: number,
  {
    sectorSizeInBytes,
    preferredLengthInBytes,
  }: Pick<BulkSectorCipher, "sectorSizeInBytes" | "preferredLengthInBytes">,
  transform: TransformSectors,
): SectorsBesideHashing {
  const floor = (offset: number): number => offset - (offset % sectorSizeInBytes);
  const ceil = (offset: number): number => floor(offset + sectorSizeInBytes - 1);
  const round = direction === "encrypt" ? floor : ceil;
  const count = ranges.offsets.length;
  /** The sectors of each long range that lie in one stretch, and how far they are done. */
  const starts = new Float64Array(count);
  const ends = new Float64Array(count);
  const done = new Float64Array(count);
  const stretchOfRange = new Int32Array(count);

  let stretch = 0;
  for (let range = 0; range < count; range++) {
    const start = ceil(ranges.offsets[range]!);
    while (stretch < stretches.offsets.length && endOf(stretches, stretch) <= start) stretch++;
    if (stretch === stretches.offsets.length) break;
    const end = Math.min(floor(endOf(ranges, range)), endOf(stretches, stretch));
    if (start < stretches.offsets[stretch]! || end - start < preferredLengthInBytes) continue;
    starts[range] = start;
    ends[range] = end;
    done[range] = start;
    stretchOfRange[range] = stretch;
  }

  const transformIn = (inStretch: number, start: number, end: number): void => {
    const position = stretches.positionsInBytes[inStretch]! + start - stretches.offsets[inStretch]!;
    if (end > start) transform(start, end - start, position);
  };

  return {
    work(range, offset, lengthInBytes) {
      const start = done[range]!;
      const reached = round(offset - slotOffset + lengthInBytes);
      if (reached <= start || start === ends[range]) return;
      // Decryption may run ahead of the hash and encryption may stay behind it.
      const isEnough = reached - start >= preferredLengthInBytes;
      if (direction === "encrypt" && !isEnough) return;
      const end = Math.min(isEnough ? reached : start + preferredLengthInBytes, ends[range]!);
      transformIn(stretchOfRange[range]!, start, end);
      done[range] = end;
    },
    rest() {
      const reached = direction === "encrypt" ? done : ends;
      let range = 0;
      for (let inStretch = 0; inStretch < stretches.offsets.length; inStretch++) {
        let from = stretches.offsets[inStretch]!;
        for (; range < count; range++) {
          if (ends[range] === 0) continue;
          if (stretchOfRange[range]! > inStretch) break;
          transformIn(inStretch, from, starts[range]!);
          from = reached[range]!;
        }
        transformIn(inStretch, from, endOf(stretches, inStretch));
      }
    },
  };
}

function endOf({ offsets, lengths }: SlotStretches, index: number): number {
  return offsets[index]! + lengths[index]!;
}
