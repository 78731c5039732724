/**
 * Packs: files that hold many contents one after the other. Contents that come one by one share a pack; what a batch of files filled a
 * stretch of memory with goes to a second one, past the cache of the system where that is possible: a seed is read again much later,
 * and filling the cache with it costs more processor time than reading, hashing and writing together.
 */
import { constants } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { systemErrorCode } from "../shared/index.js";
import { isMemoryAligned } from "../shared/page-aligned-memory.js";
import { writeFully } from "./file-output.js";
import { directUnitInBytes, packPath, type SeedLayout } from "./seed-layout.js";

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
  handle: FileHandle;
  readonly number: number;
  length: number;
  isDirect: boolean;
}

/** Creates a writer whose first pack gets a number. */
export function createPackWriter(layout: SeedLayout, firstPack: number): PackWriter {
  let nextPack = firstPack;
  let shared: OpenPack | undefined;
  let units: OpenPack | undefined;
  let changed = new Set<OpenPack>();
  let full: OpenPack[] = [];
  let begun = false;

  const begin = async (direct: boolean): Promise<OpenPack> => {
    await mkdir(layout.packsFolder, { recursive: true });
    const number = nextPack;
    const { handle, isDirect } = await openPack(packPath(layout, number), direct);
    nextPack += 1;
    begun = true;
    return { handle, number, length: 0, isDirect };
  };
  const usable = (pack: OpenPack | undefined): OpenPack | undefined => {
    if (pack === undefined || pack.length < packSizeInBytes) return pack;
    full.push(pack);
    return undefined;
  };

  return {
    async append(parts) {
      shared = usable(shared) ?? (await begin(false));
      const place = { pack: shared.number, offsetInBytes: shared.length };
      let end = shared.length;
      changed.add(shared);
      for (const run of contiguous(parts)) {
        await writeFully(shared.handle, run, end);
        end += run.length;
      }
      shared.length = end;
      return place;
    },
    async appendUnits(bytes) {
      units = usable(units) ?? (await begin(isMemoryAligned(bytes, directUnitInBytes)));
      const place = { pack: units.number, offsetInBytes: units.length };
      changed.add(units);
      try {
        await writeFully(units.handle, bytes, units.length);
      } catch (error) {
        if (!units.isDirect || systemErrorCode(error) !== "EINVAL") throw error;
        // Some file systems take the flag and then refuse to write.
        await units.handle.close();
        units.handle = await open(packPath(layout, units.number), "r+");
        units.isDirect = false;
        await writeFully(units.handle, bytes, units.length);
      }
      units.length += bytes.length;
      return place;
    },
    async sync() {
      const toSync = changed;
      const toClose = full;
      changed = new Set();
      full = [];
      await Promise.all([...toSync].map(({ handle }) => handle.datasync()));
      await Promise.all(toClose.map(({ handle }) => handle.close()));
      const result = begun;
      begun = false;
      return result;
    },
    async close() {
      const open = [...full, shared, units].filter((pack) => pack !== undefined);
      await Promise.all(open.map(async ({ handle }) => handle.close().catch(() => undefined)));
    },
  };
}

async function openPack(
  path: string,
  direct: boolean,
): Promise<{ readonly handle: FileHandle; readonly isDirect: boolean }> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
  const directFlag = constants.O_DIRECT as number | undefined;
  if (direct && directFlag !== undefined) {
    try {
      return { handle: await open(path, flags | directFlag), isDirect: true };
    } catch (error) {
      if (systemErrorCode(error) !== "EINVAL") throw error;
    }
    // A file system that knows no direct writes may have made the file before it said so.
    return { handle: await open(path, constants.O_RDWR | constants.O_CREAT), isDirect: false };
  }
  return { handle: await open(path, flags), isDirect: false };
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
