/**
 * The memory that the kernels work on. Everything lies in it: the data, read from files and written to disks in place,
 * and the scratch areas of the kernels. It begins on a page boundary, as direct I/O demands, and is shared between
 * threads, so that a worker needs to be told no more than an offset.
 */
import { createWebAssemblyMemory, type WebAssemblyMemory, webAssembly } from "../../shared/web-assembly.js";
import { type KernelBinary, kernelBinaries } from "./kernel-binaries.js";
import type { KernelExports } from "./kernel-exports.js";

/**
 * Which implementation does the work. `automatic`: WebAssembly where the engine has its vector instructions, else plain
 * TypeScript; `none`: plain TypeScript, with the same results. Default: `automatic`.
 */
export type Acceleration = "automatic" | "none";

/** Memory and the kernels that belong to it in this thread. */
export interface Arena {
  /** Hand this to a worker with `postMessage` or `workerData`, and call {@link openArena} there. */
  readonly memory: WebAssemblyMemory;
  /** The whole memory; its size never changes, so views on it stay valid. */
  readonly bytes: Uint8Array;
  /**
   * The kernel, compiled on its first use in this thread; undefined when the plain TypeScript implementation is to be
   * used.
   */
  kernel<Name extends keyof KernelExports>(name: Name): KernelExports[Name] | undefined;
}

/** Options of {@link createArena} and {@link openArena}. */
export interface ArenaOptions {
  readonly acceleration?: Acceleration;
}

/** Options of {@link createArena}. */
export interface CreateArenaOptions extends ArenaOptions {
  /** Whether worker threads may use the memory. Default: true. */
  readonly isShared?: boolean;
}

/**
 * Creates zeroed memory of at least `sizeInBytes` (rounded up to 64 KiB, at most 4 GiB). It is returned to the system
 * when nothing refers to it any more; each arena also occupies some gigabytes of address space, so make few.
 *
 * @throws RangeError when the system cannot give that much, or the engine has no WebAssembly.
 */
export function createArena(sizeInBytes: number, options: CreateArenaOptions = {}): Arena {
  return openArena(createWebAssemblyMemory(sizeInBytes, options.isShared ?? true), options);
}

/** Uses memory that exists already, for example one that came from another thread. */
export function openArena(memory: WebAssemblyMemory, options: ArenaOptions = {}): Arena {
  const isAccelerated = (options.acceleration ?? "automatic") === "automatic" && hasVectorInstructions();
  const loaded: Partial<Record<keyof KernelExports, unknown>> = {};
  return Object.freeze({
    memory,
    bytes: new Uint8Array(memory.buffer),
    kernel<Name extends keyof KernelExports>(name: Name): KernelExports[Name] | undefined {
      if (!isAccelerated) return undefined;
      return (loaded[name] ??= instantiate(kernelBinaries[name], memory)) as KernelExports[Name];
    },
  });
}

/** The smallest module with a vector instruction: a function that returns `i8x16.popcnt` of a splatted zero. */
const vectorProbe = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x0a, 0x01, 0x08, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x62, 0x0b],
);

/** Whether the engine and the processor have WebAssembly's 128-bit vector instructions. */
export function hasVectorInstructions(): boolean {
  return webAssembly()?.validate(vectorProbe) ?? false;
}

function instantiate(binary: KernelBinary, memory: WebAssemblyMemory): unknown {
  const engine = webAssembly()!;
  const bytes = Uint8Array.from(Buffer.from(binary.base64, "base64"));
  if (isSharedBuffer(memory.buffer)) bytes[binary.memoryKindOffset] = 3;
  return new engine.Instance(new engine.Module(bytes), { arena: { memory } }).exports;
}

/** By name, not by class: buffers come from other realms, too. */
function isSharedBuffer(buffer: ArrayBufferLike): boolean {
  return Object.prototype.toString.call(buffer) === "[object SharedArrayBuffer]";
}
