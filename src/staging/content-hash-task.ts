/** What threads that hash long contents are told, and what they do. */
import {
  type ContentHasher,
  type ContentHashes,
  createContentHasher,
  type HashedParts,
} from "./content-hasher.js";

/** A step of the hashing of one content. Sessions tell contents apart. */
export type ContentHashTask = { readonly session: number } & (
  | { readonly kind: "open"; readonly rangeSize: number; readonly parts: HashedParts }
  /** Runs are triples: offset, length, 1 for a hole of zeros. */
  | { readonly kind: "append"; readonly buffer: SharedArrayBuffer; readonly runs: readonly number[] }
  | { readonly kind: "finish" }
  | { readonly kind: "abandon" }
);

/** Answers to `finish`; other steps have no answer. */
export type ContentHashReply = ContentHashes | undefined;

/** Creates what one thread does. */
export function createContentHashHandler(): (task: ContentHashTask) => ContentHashReply {
  const sessions = new Map<number, ContentHasher>();
  return (task) => {
    const hasher = sessions.get(task.session);
    switch (task.kind) {
      case "open":
        sessions.set(task.session, createContentHasher(task.rangeSize, task.parts));
        return undefined;
      case "append":
        for (let at = 0; at < task.runs.length; at += 3) {
          const bytes = Buffer.from(task.buffer, task.runs[at]!, task.runs[at + 1]!);
          if (task.runs[at + 2] === 1) hasher!.skip(bytes);
          else hasher!.append(bytes);
        }
        return undefined;
      case "finish": {
        sessions.delete(task.session);
        const hashes = hasher!.finish();
        // Small Buffers share memory with others, all of which would be copied to the other thread.
        return { ...hashes, rangeHashes: Uint8Array.from(hashes.rangeHashes) };
      }
      case "abandon":
        sessions.delete(task.session);
        return undefined;
    }
  };
}
