/** What the two modes of the bulk sector cipher have in common. */
import type { Arena } from "./arena.js";
import type { SectorCipherKernel } from "./kernel-exports.js";
import { createSectorCipherReference } from "./sector-cipher-reference.js";

/** A mode with its keys. Arguments are already checked. */
export interface SectorTransform {
  /** Most sectors that one call of `transformBatch` may be given. */
  readonly sectorsInBatch: number;
  /** See {@link BulkSectorCipher.preferredLengthInBytes}. */
  readonly preferredSectors: number;
  transformBatch(
    direction: "encrypt" | "decrypt",
    offset: number,
    sectorCount: number,
    positionInBytes: number,
  ): void;
  dispose(): void;
}

/** The kernel, or its plain implementation. */
export function sectorKernel(arena: Arena): SectorCipherKernel {
  return arena.kernel("sector-cipher") ?? createSectorCipherReference(arena.bytes);
}
