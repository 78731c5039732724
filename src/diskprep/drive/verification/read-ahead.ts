/**
 * Reads the beginning of a volume while its key is still being stretched: the disk would have nothing to do. The bytes
 * stay encrypted, in slots that would be idle too, and are later decrypted and hashed where they lie.
 */
import type { AbortOptions } from "../../../shared/abort.js";
import type { BlockDevice } from "../../device/index.js";
import type { Slot, VolumeWorkers } from "../../pipeline/index.js";

const requestLengthInBytes = 8 * 1024 * 1024;

/** Slots left for what follows, so that reading goes on while the first bytes are hashed. */
const slotsLeftFree = 2;

/** Bytes of the volume, at `offset` of the arena, that belong to whoever took them until they are released. */
export type TakenBytes = Pick<Slot, "offset" | "release">;

/** The beginning of a volume in memory. Disposing stops reading and gives all slots back. */
export interface ReadAhead extends AsyncDisposable {
  /**
   * Begins to read; to be called while no slot is in use. May be repeated, for the same device. A failure only ends it: what
   * is not in memory will be read again by whoever needs it.
   */
  start(device: BlockDevice): void;
  /** Where on the volume the bytes in memory end. */
  readonly endInBytes: number;
  /** Asks for no more; resolves when nothing is under way. May be repeated. */
  stop(): Promise<void>;
  /**
   * Hands bytes out after `stop`: each byte once and in ascending order, because it is decrypted in place. To be asked
   * before anything is read, so that slots that nobody will ask for any more become free.
   *
   * @returns undefined when they are not in memory
   */
  take(startInBytes: number, endInBytes: number): TakenBytes | undefined;
}

interface FilledSlot {
  readonly slot: Slot;
  readonly startInBytes: number;
  readonly endInBytes: number;
}

/** Reads nothing yet. */
export function createReadAhead(workers: VolumeWorkers, { abortSignal }: AbortOptions = {}): ReadAhead {
  const { slotLengthInBytes, slotCount } = workers;
  const held = new Set<FilledSlot>();
  const inUse = new Set<Omit<FilledSlot, "slot">>();
  let arenaOffset = 0;
  let readEndInBytes = 0;
  let takenEndInBytes = 0;
  let isStopped = false;
  let reading: Promise<unknown> | undefined;

  const fill = async (device: BlockDevice, { slot, startInBytes, endInBytes }: FilledSlot): Promise<void> => {
    while (readEndInBytes < endInBytes && !isStopped) {
      const done = readEndInBytes - startInBytes;
      const lengthInBytes = Math.min(requestLengthInBytes, endInBytes - readEndInBytes);
      await device.read(readEndInBytes, slot.bytes.subarray(done, done + lengthInBytes), { abortSignal });
      readEndInBytes += lengthInBytes;
    }
  };
  const read = async (device: BlockDevice): Promise<void> => {
    while (held.size < slotCount - slotsLeftFree && readEndInBytes < device.sizeInBytes && !isStopped) {
      const slot = await workers.acquireSlot();
      const startInBytes = readEndInBytes;
      const endInBytes = Math.min(startInBytes + slotLengthInBytes, device.sizeInBytes);
      const filled = { slot, startInBytes, endInBytes };
      held.add(filled);
      if (startInBytes === 0) arenaOffset = slot.offset;
      // What is taken may lie in two slots, so they must follow each other in memory as on the volume.
      if (slot.offset !== arenaOffset + startInBytes) return;
      await fill(device, filled);
    }
  };

  const free = (isWanted: (filled: FilledSlot) => boolean): void => {
    for (const filled of held) {
      if (isWanted(filled)) continue;
      held.delete(filled);
      filled.slot.release();
    }
  };
  const freePassed = (): void =>
    free(
      ({ startInBytes, endInBytes }) =>
        takenEndInBytes < Math.min(endInBytes, readEndInBytes) ||
        [...inUse].some((bytes) => bytes.startInBytes < endInBytes && bytes.endInBytes > startInBytes),
    );

  return {
    start(device) {
      reading ??= read(device).catch(() => undefined);
    },
    get endInBytes() {
      return readEndInBytes;
    },
    async stop() {
      isStopped = true;
      await reading;
      free(({ startInBytes }) => startInBytes < readEndInBytes);
    },
    take(startInBytes, endInBytes) {
      const isInMemory = startInBytes >= takenEndInBytes && endInBytes <= readEndInBytes;
      const bytes = { startInBytes, endInBytes };
      if (isInMemory) inUse.add(bytes);
      takenEndInBytes = Math.max(takenEndInBytes, endInBytes);
      freePassed();
      if (!isInMemory) return undefined;
      return {
        offset: arenaOffset + startInBytes,
        release() {
          inUse.delete(bytes);
          freePassed();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await this.stop();
      free(() => false);
    },
  };
}
