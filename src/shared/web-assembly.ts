/**
 * The part of the global `WebAssembly` that is used here. Node's type definitions leave it to the browser's, which
 * would bring the whole browser with them.
 */

/** Memory that modules and JavaScript share; a multiple of 64 KiB. */
export interface WebAssemblyMemory {
  readonly buffer: ArrayBufferLike;
}

/** A compiled module; opaque. */
export type WebAssemblyModule = object;

export interface WebAssemblyNamespace {
  readonly Memory: new (descriptor: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared?: boolean;
  }) => WebAssemblyMemory;
  readonly Module: new (bytes: Uint8Array) => WebAssemblyModule;
  readonly Instance: new (
    module: WebAssemblyModule,
    imports: Readonly<Record<string, Readonly<Record<string, WebAssemblyMemory>>>>,
  ) => { readonly exports: unknown };
  validate(bytes: Uint8Array): boolean;
}

/** Size of WebAssembly's unit of memory. */
export const webAssemblyPageInBytes = 65_536;

/** The engine's WebAssembly; undefined where it is switched off, for example by `--jitless`. */
export function webAssembly(): WebAssemblyNamespace | undefined {
  return (globalThis as { readonly WebAssembly?: WebAssemblyNamespace }).WebAssembly;
}

/**
 * Memory of fixed size, zeroed, at least `lengthInBytes` long. It begins on a page boundary and is returned when nothing
 * refers to it any more.
 *
 * @throws RangeError when the system cannot give that much, or the engine has no WebAssembly.
 */
export function createWebAssemblyMemory(lengthInBytes: number, isShared: boolean): WebAssemblyMemory {
  const engine = webAssembly();
  if (!engine)
    throw new RangeError(
      "This JavaScript engine runs without WebAssembly, so it has no page-aligned memory.",
    );
  const pages = Math.max(1, Math.ceil(lengthInBytes / webAssemblyPageInBytes));
  return new engine.Memory({ initial: pages, maximum: pages, shared: isShared });
}
