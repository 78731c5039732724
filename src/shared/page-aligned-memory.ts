/**
 * Buffers that begin on a page boundary. Direct I/O needs them and Node's own buffers never are: only WebAssembly
 * memory is mapped in whole pages by every engine.
 */

import { createWebAssemblyMemory } from "./web-assembly.js";

const pageAlignedBuffers = new WeakSet<ArrayBufferLike>();

/** Options of {@link allocatePageAligned}. */
export interface PageAlignedOptions {
  /** Whether worker threads may use the same memory. Default: false. */
  readonly isShared?: boolean;
}

/**
 * A zeroed buffer whose first byte lies on a page boundary; at least `lengthInBytes` long, rounded up to 64 KiB.
 * Its memory is returned when nothing refers to it any more.
 *
 * @throws RangeError when the system cannot give that much.
 */
export function allocatePageAligned(lengthInBytes: number, options: PageAlignedOptions = {}): Uint8Array {
  const memory = createWebAssemblyMemory(lengthInBytes, options.isShared ?? false);
  markPageAligned(memory.buffer);
  return new Uint8Array(memory.buffer);
}

/**
 * Declares that a buffer begins on a page boundary, as the memory of a WebAssembly instance does, so that direct I/O
 * can use it without copying. A thread that received the buffer declares it again for itself.
 */
export function markPageAligned(buffer: ArrayBufferLike): void {
  pageAlignedBuffers.add(buffer);
}

/** Whether a view is known to begin at a multiple of `alignmentInBytes` (at most 4096) in memory. */
export function isMemoryAligned(view: Uint8Array, alignmentInBytes: number): boolean {
  return view.byteOffset % alignmentInBytes === 0 && pageAlignedBuffers.has(view.buffer);
}
