/**
 * Threads that hash long contents: one the whole, another the ranges of the same content, so that one stream is hashed as fast as MD5
 * can be computed and the calling thread stays free.
 */
import { availableParallelism } from "node:os";
import { type ContentHashes, createContentHasherWith } from "./content-hasher.js";
import { type ProgramThread, startProgramThread } from "./program-thread.js";

const program = `
const { createHash } = require("node:crypto");
const createContentHasherWith = ${createContentHasherWith.toString()};
const sessions = new Map();
const operations = {
  open({ session, rangeSize, parts }) {
    sessions.set(session, createContentHasherWith(createHash, rangeSize, parts));
    return [undefined, []];
  },
  // Runs are triples: offset, length, 1 for a hole.
  append({ session, buffer, runs }) {
    const hasher = sessions.get(session);
    for (let at = 0; at < runs.length; at += 3) {
      const bytes = Buffer.from(buffer, runs[at], runs[at + 1]);
      if (runs[at + 2] === 1) hasher.skip(bytes);
      else hasher.append(bytes);
    }
    return [undefined, []];
  },
  finish({ session }) {
    const hashes = sessions.get(session).finish();
    sessions.delete(session);
    return [{ ...hashes, rangeHashes: Uint8Array.from(hashes.rangeHashes) }, []];
  },
  abandon({ session }) {
    sessions.delete(session);
    return [undefined, []];
  },
};
`;

/** The hashing of one content. */
export interface HashSession {
  /** Resolves when the buffer may be used again. Runs are triples: offset, length, 1 for a hole of zeros. */
  append(buffer: SharedArrayBuffer, runs: readonly number[]): Promise<void>;
  finish(): Promise<ContentHashes>;
  /** Forgets the content; nothing else may be called afterwards. */
  abandon(): void;
}

/** Threads that are started when first needed. */
export interface HashThreads {
  open(rangeSizeInBytes: number): HashSession;
  /** May be repeated. */
  close(): Promise<void>;
}

/** Creates threads. Default: one for each processor, at most 4. */
export function createHashThreads(count: number = Math.min(4, availableParallelism())): HashThreads {
  let threads: readonly ProgramThread[] | undefined;
  let nextSession = 0;
  return {
    open(rangeSizeInBytes) {
      threads ??= Array.from({ length: count }, () => startProgramThread(program));
      const session = nextSession;
      nextSession += 1;
      const forWhole = threads[(2 * session) % threads.length]!;
      const forRanges = threads[(2 * session + 1) % threads.length]!;
      const both = async (operation: string, input: object): Promise<void> => {
        await Promise.all(
          [forWhole, forRanges].map((thread, at) =>
            thread.call(operation, { session: 2 * session + at, ...input }),
          ),
        );
      };
      const opened = Promise.all([
        forWhole.call("open", { session: 2 * session, rangeSize: rangeSizeInBytes, parts: "whole" }),
        forRanges.call("open", { session: 2 * session + 1, rangeSize: rangeSizeInBytes, parts: "ranges" }),
      ]);
      // Its failure shows in the calls that follow.
      opened.catch(() => undefined);
      return {
        append: (buffer, runs) => both("append", { buffer, runs }),
        async finish() {
          const [whole, ranges] = await Promise.all([
            forWhole.call<ContentHashes>("finish", { session: 2 * session }),
            forRanges.call<ContentHashes>("finish", { session: 2 * session + 1 }),
          ]);
          return { ...ranges, md5: whole.md5 };
        },
        abandon() {
          both("abandon", {}).catch(() => undefined);
        },
      };
    },
    async close() {
      const running = threads ?? [];
      threads = [];
      await Promise.all(running.map((thread) => thread.close()));
    },
  };
}
