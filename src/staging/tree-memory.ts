/** Memory that the threads reading a tree share: scratch areas, then slots that hold one batch each. */
import { type Arena, createArena, openArena } from "../diskprep/kernels/index.js";
import { markPageAligned } from "../shared/page-aligned-memory.js";
import { scratchSizeInBytes } from "./tree-reader.js";

/** Slots of shared memory. */
export interface TreeMemory {
  readonly memory: Arena["memory"];
  readonly slotCount: number;
  readonly slotSizeInBytes: number;
  /** Offset of a slot that nobody uses. There is one as long as no more than `slotCount` are taken. */
  take(): number;
  give(slotOffset: number): void;
  /** The beginning of a slot. */
  view(slotOffset: number, lengthInBytes: number): Uint8Array;
}

const largestMemoryInBytes = 1024 ** 3;
const alignment = 65_536;

/** Creates slots that take contents of some length, compressed or not; fewer than wanted when they would be too large. */
export function createTreeMemory(contentSizeInBytes: number, wantedSlots: number): TreeMemory {
  // Compression can lengthen what it cannot shrink a little.
  const room = contentSizeInBytes + Math.ceil(contentSizeInBytes / 1024) + alignment;
  const slotSizeInBytes = Math.ceil(room / alignment) * alignment;
  const slotCount = Math.max(1, Math.min(wantedSlots, Math.floor(largestMemoryInBytes / slotSizeInBytes)));
  const memory = allocate(scratchSizeInBytes + slotCount * slotSizeInBytes);
  const free = Array.from({ length: slotCount }, (_, at) => scratchSizeInBytes + at * slotSizeInBytes);
  return {
    memory,
    slotCount,
    slotSizeInBytes,
    take: () => free.pop()!,
    give: (slotOffset) => free.push(slotOffset),
    view: (slotOffset, lengthInBytes) => new Uint8Array(memory.buffer, slotOffset, lengthInBytes),
  };
}

function allocate(lengthInBytes: number): Arena["memory"] {
  try {
    const { memory } = createArena(lengthInBytes);
    markPageAligned(memory.buffer);
    return memory;
  } catch {
    // An engine without WebAssembly: the same work, but with the system's cache and without vector instructions.
    return openArena({ buffer: new SharedArrayBuffer(lengthInBytes) }).memory;
  }
}
