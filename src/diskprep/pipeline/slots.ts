/** A fixed number of equal places in the arena. They bound the memory, whatever the size of a drive. */
import type { Arena } from "../kernels/index.js";

/** A place that belongs to whoever acquired it until it is released. */
export interface Slot {
  /** Where it begins in the arena. */
  readonly offset: number;
  /** Its bytes; what an earlier owner left is still in it. */
  readonly bytes: Uint8Array;
  /** May be repeated. */
  release(): void;
}

/** Hands places out in the order in which they were asked for. */
export interface Slots {
  acquire(): Promise<Slot>;
}

/** Places from `firstOffset` on. */
export function createSlots(arena: Arena, firstOffset: number, count: number, lengthInBytes: number): Slots {
  const free = Array.from({ length: count }, (_, number) => firstOffset + number * lengthInBytes);
  const waiting: ((slot: Slot) => void)[] = [];

  const slotAt = (offset: number): Slot => {
    let isReleased = false;
    return {
      offset,
      bytes: arena.bytes.subarray(offset, offset + lengthInBytes),
      release: () => {
        if (isReleased) return;
        isReleased = true;
        const next = waiting.shift();
        if (next) next(slotAt(offset));
        else free.push(offset);
      },
    };
  };

  return {
    acquire: () =>
      new Promise((resolve) => {
        const offset = free.shift();
        if (offset === undefined) waiting.push(resolve);
        else resolve(slotAt(offset));
      }),
  };
}
