/** The plain implementation of the key stretch kernel: the platform's SHA-256 once a round. */
import { hash } from "node:crypto";
import type { KeyStretchState } from "./key-stretch.js";

/** One message of a round: last, initial, salt, and the round as 64 bits little-endian. */
export function createKeyStretchReference(initialHash: Uint8Array, salt: Uint8Array): KeyStretchState {
  const message = Buffer.alloc(88);
  message.set(initialHash, 32);
  message.set(salt, 64);
  return {
    advance(firstRound, count) {
      for (let round = firstRound; round < firstRound + count; round++) {
        message.writeUInt32LE(round, 80);
        // A short text is cheaper for Node to make than a buffer: this takes half the time.
        message.write(hash("sha256", message, "hex"), 0, "hex");
      }
    },
    result: () => Uint8Array.from(message.subarray(0, 32)),
    dispose: () => void message.fill(0),
  };
}
