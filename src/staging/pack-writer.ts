/**
 * Packs: files that hold many contents one after the other. Contents that come one by one share a pack; whole units of memory, filled by
 * a batch of files, go to a second one.
 */
import { mkdir } from "node:fs/promises";
import { createDirectFile, type DirectFile } from "./direct-file.js";
import { packPath, type SeedLayout } from "./seed-layout.js";

/** A pack is not continued when it has this length. */
export const packSizeInBytes: number = 256 * 1024 * 1024;

/** Where contents were put. */
export interface PackPlace {
  readonly pack: number;
  readonly offsetInBytes: number;
}

/** Appends to packs; one call at a time. */
export interface PackWriter {
  /** Appends contents one after the other; returns the place of the first. On failure their place is used again. */
  append(parts: readonly Uint8Array[]): Promise<PackPlace>;
  /** Appends whole units of memory. */
  appendUnits(bytes: Uint8Array): Promise<PackPlace>;
  /** Makes everything appended durable, except names of packs. Tells whether packs were begun since the last call. */
  sync(): Promise<boolean>;
  close(): Promise<void>;
}

interface OpenPack {
  readonly file: DirectFile;
  readonly number: number;
  length: number;
}

/** Creates a writer whose first pack gets a number. */
export function createPackWriter(layout: SeedLayout, firstPack: number): PackWriter {
  let nextPack = firstPack;
  let shared: OpenPack | undefined;
  let units: OpenPack | undefined;
  let changed = new Set<OpenPack>();
  let full: OpenPack[] = [];
  let begun = false;

  const begin = async (): Promise<OpenPack> => {
    await mkdir(layout.packsFolder, { recursive: true });
    const number = nextPack;
    const file = await createDirectFile(packPath(layout, number));
    nextPack += 1;
    begun = true;
    return { file, number, length: 0 };
  };
  const usable = (pack: OpenPack | undefined): OpenPack | undefined => {
    if (pack === undefined || pack.length < packSizeInBytes) return pack;
    full.push(pack);
    return undefined;
  };

  return {
    async append(parts) {
      shared = usable(shared) ?? (await begin());
      const place = { pack: shared.number, offsetInBytes: shared.length };
      let end = shared.length;
      changed.add(shared);
      for (const run of contiguous(parts)) {
        await shared.file.write(run, end);
        end += run.length;
      }
      await shared.file.settle();
      shared.length = end;
      return place;
    },
    async appendUnits(bytes) {
      units = usable(units) ?? (await begin());
      const place = { pack: units.number, offsetInBytes: units.length };
      changed.add(units);
      await units.file.write(bytes, units.length);
      await units.file.settle();
      units.length += bytes.length;
      return place;
    },
    async sync() {
      const toSync = changed;
      const toClose = full;
      changed = new Set();
      full = [];
      await Promise.all([...toSync].map(({ file }) => file.handle.datasync()));
      await Promise.all(toClose.map(({ file }) => file.handle.close()));
      const result = begun;
      begun = false;
      return result;
    },
    async close() {
      const open = [...full, shared, units].filter((pack) => pack !== undefined);
      await Promise.all(open.map(async ({ file }) => file.handle.close().catch(() => undefined)));
    },
  };
}

/** The same bytes in as few pieces as possible: neighbours in memory stay where they are, small pieces are put together. */
function contiguous(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const runs: Uint8Array[] = [];
  for (const part of parts) {
    const last = runs.at(-1);
    if (
      last !== undefined &&
      last.buffer === part.buffer &&
      last.byteOffset + last.length === part.byteOffset
    ) {
      runs[runs.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + part.length);
    } else {
      runs.push(part);
    }
  }
  return runs.length <= 8 ? runs : [Buffer.concat(runs)];
}
