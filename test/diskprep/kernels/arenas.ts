/** The arenas that every kernel is tested on: both kinds of memory, and the plain implementation. */
import { createCipheriv } from "node:crypto";
import { type Arena, createArena } from "../../../src/diskprep/kernels/index.js";

export interface NamedArena {
  readonly name: string;
  readonly create: (sizeInBytes: number) => Arena;
}

export const namedArenas: readonly NamedArena[] = [
  { name: "WebAssembly, shared memory", create: (size) => createArena(size) },
  { name: "WebAssembly, plain memory", create: (size) => createArena(size, { isShared: false }) },
  { name: "plain TypeScript", create: (size) => createArena(size, { acceleration: "none" }) },
];

/** Bytes that look random and are the same for the same seed: a key stream of AES. */
export function fillFromSeed(bytes: Uint8Array, seed: number): void {
  const key = Buffer.alloc(16);
  key.writeUInt32LE(seed >>> 0);
  bytes.set(createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(new Uint8Array(bytes.length)));
}
