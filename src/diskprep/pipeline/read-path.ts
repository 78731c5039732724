/**
 * Which way the bytes of a large file are read: through the system's page cache, or past it into the slot.
 *
 * A file that was just staged lies in the cache, and nothing is faster. One that does not costs twice the processor time
 * through the cache (Linux copies and keeps every page), so it is read directly. The system does not say beforehand which
 * it is, but counts what it has fetched from disks.
 */
import { closeSync, constants, openSync, readSync } from "node:fs";
import { isMemoryAligned } from "../../shared/page-aligned-memory.js";

/** What direct reads move at least, and where they begin: the block of every file system in use. */
const directUnitInBytes = 4096;
/** Shorter reads are not worth a choice, and reads of this length tell which way the next ones go. */
const probeLengthInBytes = 1024 * 1024;
/** Longest read through the cache, after which the way is chosen anew. */
const cachedLengthInBytes = 4 * 1024 * 1024;
/** Bytes that go past the cache before it is tried again; twice as many each time it was in vain. */
const firstDirectRunInBytes = 64 * 1024 * 1024;
const longestDirectRunInBytes = 2048 * 1024 * 1024;

/** The ways to one open file. */
export interface ReadPath {
  /**
   * Fills as much of `target` as it can at once; 0 at the end of the file. When `target` ends where the file ends, the bytes
   * behind it up to the next multiple of 4096 may become zeros.
   */
  read(target: Uint8Array, fileOffset: number): number;
  close(): void;
}

/** Options of {@link createReadPath}. */
export interface ReadPathOptions {
  /** Length of the whole file, where it is known. Default: unknown. */
  readonly fileLengthInBytes?: number | undefined;
  /** How many bytes this process has had fetched from disks so far. Default: what the system counts. */
  readonly countFetchedBytes?: () => number;
}

/** Zero for ever on systems that do not count. */
function countFetchedBytesOfProcess(): number {
  return process.resourceUsage().fsRead * 512;
}

/** Chooses the way for a file that is open already. Where direct reads do not work, the cache is the only one. */
export function createReadPath(path: string, descriptor: number, options: ReadPathOptions = {}): ReadPath {
  const { countFetchedBytes = countFetchedBytesOfProcess } = options;
  let directDescriptor = -1;
  let isDirectPossible = constants.O_DIRECT !== undefined;
  let directRunInBytes = firstDirectRunInBytes;
  let directBytesLeft = 0;
  let isCached = false;

  const readCached = (target: Uint8Array, fileOffset: number): number => {
    const length = Math.min(target.length, isCached ? cachedLengthInBytes : probeLengthInBytes);
    const before = countFetchedBytes();
    const count = readSync(descriptor, target, 0, length, fileOffset);
    isCached = countFetchedBytes() - before < count / 2;
    if (isCached) directRunInBytes = firstDirectRunInBytes;
    else {
      directBytesLeft = directRunInBytes;
      directRunInBytes = Math.min(directRunInBytes * 2, longestDirectRunInBytes);
    }
    return count;
  };

  /** Undefined when it cannot be done directly. */
  const readDirectly = (target: Uint8Array, fileOffset: number): number | undefined => {
    const length = Math.ceil(target.length / directUnitInBytes) * directUnitInBytes;
    const isAligned = fileOffset % directUnitInBytes === 0 && isMemoryAligned(target, directUnitInBytes);
    // Only at the end of the file is there nothing of somebody else's in the rest of the last block.
    const isWhole = length === target.length || fileOffset + target.length === options.fileLengthInBytes;
    if (!isAligned || !isWhole || target.byteOffset + length > target.buffer.byteLength) return undefined;
    try {
      if (directDescriptor < 0) directDescriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECT);
      const whole = new Uint8Array(target.buffer, target.byteOffset, length);
      const count = readSync(directDescriptor, whole, 0, length, fileOffset);
      whole.fill(0, target.length);
      return Math.min(count, target.length);
    } catch {
      // Not on this file system. A file that is broken fails through the cache as well, and is reported there.
      isDirectPossible = false;
      return undefined;
    }
  };

  return {
    read(target, fileOffset) {
      if (target.length < probeLengthInBytes || !isDirectPossible)
        return readSync(descriptor, target, 0, target.length, fileOffset);
      if (directBytesLeft > 0) {
        directBytesLeft -= target.length;
        const count = readDirectly(target, fileOffset);
        if (count !== undefined) return count;
      }
      return readCached(target, fileOffset);
    },
    close() {
      if (directDescriptor >= 0) closeSync(directDescriptor);
      directDescriptor = -1;
      closeSync(descriptor);
    },
  };
}
