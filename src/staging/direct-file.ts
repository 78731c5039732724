/**
 * New files that are written past the cache of the system where that is possible: a seed is read again much later, and filling the cache
 * with it costs more processor time than reading, hashing and writing together.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { systemErrorCode } from "../shared/index.js";
import { isMemoryAligned } from "../shared/page-aligned-memory.js";
import { writeFully } from "./file-output.js";
import { directUnitInBytes } from "./seed-layout.js";

/** A file that is written from memory of any kind. */
export interface DirectFile {
  /** May be another one after a write. */
  readonly handle: FileHandle;
  /** Writes at a position; writes may overlap. What is not aligned in memory, position or length ends direct writing. */
  write(bytes: Uint8Array, offsetInBytes: number): Promise<void>;
  /** Closes what is not needed any more; no write may be running. */
  settle(): Promise<void>;
}

/** Makes a file; it must not exist. */
export async function createDirectFile(path: string): Promise<DirectFile> {
  let { handle, isDirect } = await openNew(path);
  let switching: Promise<void> | undefined;
  let retired: FileHandle | undefined;
  const endDirectWriting = (): Promise<void> => {
    switching ??= (async () => {
      const buffered = await open(path, "r+");
      retired = handle;
      handle = buffered;
      isDirect = false;
    })();
    return switching;
  };
  return {
    get handle() {
      return handle;
    },
    async write(bytes, offsetInBytes) {
      const isAligned =
        isMemoryAligned(bytes, directUnitInBytes) &&
        offsetInBytes % directUnitInBytes === 0 &&
        bytes.length % directUnitInBytes === 0;
      if (isDirect && !isAligned) await endDirectWriting();
      const wasDirect = isDirect;
      try {
        await writeFully(handle, bytes, offsetInBytes);
      } catch (error) {
        if (!wasDirect || systemErrorCode(error) !== "EINVAL") throw error;
        // Some file systems take the flag and then refuse to write.
        await endDirectWriting();
        await writeFully(handle, bytes, offsetInBytes);
      }
    },
    async settle() {
      await retired?.close();
      retired = undefined;
    },
  };
}

async function openNew(path: string): Promise<{ handle: FileHandle; isDirect: boolean }> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
  const directFlag = constants.O_DIRECT as number | undefined;
  if (directFlag === undefined) return { handle: await open(path, flags), isDirect: false };
  try {
    return { handle: await open(path, flags | directFlag), isDirect: true };
  } catch (error) {
    if (systemErrorCode(error) !== "EINVAL") throw error;
  }
  // A file system that knows no direct writes may have made the file before it said so.
  return { handle: await open(path, constants.O_RDWR | constants.O_CREAT), isDirect: false };
}
