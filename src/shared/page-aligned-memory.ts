/**
 * Buffers that begin on a page boundary. Direct I/O needs them and Node's own buffers never are: only WebAssembly
 * memory is mapped in whole pages by every engine.
 */

interface WebAssemblyMemory {
  readonly buffer: ArrayBufferLike;
}

interface WebAssemblyNamespace {
  readonly Memory: new (descriptor: {
    initial: number;
    maximum: number;
    shared?: boolean;
  }) => WebAssemblyMemory;
}

const webAssemblyPageInBytes = 65_536;

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
  const pages = Math.max(1, Math.ceil(lengthInBytes / webAssemblyPageInBytes));
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyNamespace };
  const memory = new WebAssembly.Memory({
    initial: pages,
    maximum: pages,
    shared: options.isShared ?? false,
  });
  return new Uint8Array(memory.buffer);
}
